/**
 * A web page that runs a generator in the reader's browser.
 *
 *     index.html, assets/    the page, and onnxruntime-web's engine as WebAssembly
 *     model.onnx             the generator
 *     generator.json         what the page says and offers
 *     licenses.txt           the licence of onnxruntime-web
 *
 * The page asks only for these files, so the folder works on any static server, and without a network. It is built by vite from
 * `page/` when Gantry is built; an export copies it.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PlainDescriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { gantryVersion } from "../../base/version.ts";
import { makeFolder, writeFileAtomic } from "../../formats/index.ts";
import { sampleShape } from "../../models/index.ts";
import { Module } from "../../nn/index.ts";
import { Generator, scope } from "../../tensor/index.ts";
import {
  conditionsFor,
  drawSamples,
  inputsOfSeeds,
  mixtureOf,
  openCheckpoint,
  RunDirectory,
  type Trainer,
} from "../../training/index.ts";
import { refuseForeign } from "../foreign.ts";
import { networkOnnx } from "../onnx/index.ts";
import type { PageSettings } from "./settings.ts";

/** What {@link exportWeb} takes. */
export interface ExportWebOptions {
  /** "last" (default), "best" by the chosen score, or a step. */
  readonly checkpoint?: string | undefined;
  /** Averaged weights and standing statistics where the run keeps them; default true. */
  readonly averaged?: boolean | undefined;
  /** Weights of half precision: half the download, and samples that differ a little. Default false. */
  readonly half?: boolean | undefined;
  /** The trainer of the run, where it was defined in code and not in a file. */
  readonly trainer?: Trainer | undefined;
}

const MODEL = "model.onnx";
const SETTINGS = "generator.json";
const INDEX = "index.html";

/** The page as it was built, next to this file in dist/. */
const builtPage = (): string => fileURLToPath(new URL("./page", import.meta.url));

type Trained = Awaited<ReturnType<typeof openCheckpoint>>["trained"];

/**
 * Writes the page of a run, and returns the paths of its files. Other files in the folder stay.
 *
 * @param path - the run folder
 * @throws UserError when there is no such checkpoint, the generator has an operator that ONNX has not, the folder has
 * an index.html of something else, or the disk refuses.
 *
 * @example
 * await exportWeb("runs/digits", "digits-page");
 */
export async function exportWeb(path: string, folder: string, options: ExportWebOptions = {}): Promise<string[]> {
  const { averaged = true, half = false } = options;
  const run = new RunDirectory(path);
  const page = pageFiles(builtPage());
  const description = run.description();
  const mixture =
    description.data && "features" in description.data.sample
      ? await mixtureOf(description.recipe.data as PlainDescriptor)
      : undefined;
  const opened = await openCheckpoint(path, options.checkpoint, options.trainer);
  const { trained, step } = opened;
  try {
    const labels = labelsOf(trained);
    const onnx = networkOnnx(opened, run, { averaged, half, labels: labels === "shares" ? "shares" : "classes" });
    const { recipe, generator, shape } = trained;
    const settings: PageSettings = {
      format: 1,
      name: recipe.name ?? "generator",
      data: description.data!.name,
      architecture: recipe.generator?.kind ?? "a network of its own",
      step,
      parameters: generator instanceof Module ? generator.parameterCount() : undefined,
      gantry: gantryVersion(),
      sample: sampleShape({ image: shape.sample }),
      latent: generator.latent,
      latentDistribution: recipe.latentDistribution,
      labels,
      classes: shape.classes,
      conditions: shape.conditions?.columns ?? [],
      mixture,
      check: checkOf(trained, averaged, onnx.difference),
      model: MODEL,
    };
    const files: [name: string, bytes: Uint8Array | string][] = [
      [MODEL, onnx.bytes],
      [SETTINGS, JSON.stringify(settings)],
      ...page,
    ];
    refuseForeign(join(folder, INDEX), join(folder, SETTINGS));
    // The page comes last: a reader never gets one whose model is not there.
    for (const [name, bytes] of files) {
      const file = join(folder, name);
      makeFolder(dirname(file));
      writeFileAtomic(file, [bytes]);
    }
    return files.map(([name]) => join(folder, name));
  } finally {
    trained.dispose();
  }
}

/** The files of the built page, `index.html` last. @throws UserError when it is not built. */
function pageFiles(folder: string): [name: string, bytes: Uint8Array][] {
  if (!existsSync(join(folder, "assets"))) {
    throw new UserError(`the page of exports is not built: ${folder} has no assets; run \`npm run build\``);
  }
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort((a, b) => Number(a === INDEX) - Number(b === INDEX) || (a < b ? -1 : 1))
    .map((name) => [name, readFileSync(join(folder, name))]);
}

/** Which labels the page gives the model. */
function labelsOf({ generator, shape }: Trained): PageSettings["labels"] {
  if (generator.takesLabels === "none") return "none";
  if (shape.conditions !== undefined) return "conditions";
  if (shape.classes.length === 0) return "none";
  return generator.takesLabels;
}

const CHECK_SEED = 0;
/** Half a level of 8 bits. */
const LEAST_TOLERANCE = 0.004;

/** The sample by which the page knows that its engine computes what Gantry's does. */
function checkOf(trained: Trained, averaged: boolean, difference: number): PageSettings["check"] {
  return scope(() => {
    const { conditions, classes } = trained.shape;
    const classIndex = classes.length === 0 ? undefined : 0;
    const { latents, labels } = inputsOfSeeds(trained, [CHECK_SEED], { classIndex });
    const random = new Generator(CHECK_SEED);
    const means = conditions && Object.fromEntries(conditions.columns.map(({ name, mean }) => [name, mean]));
    const given = conditions === undefined ? labels : conditionsFor(conditions, 1, random, means);
    const inputs = { latents, labels: given?.to({ device: trained.recipe.device }) };
    const sample = drawSamples(trained, { count: 1, random, averaged, inputs });
    const values = Array.from(sample.contiguous().toArray(), Number).map((value) => Number(value.toFixed(4)));
    return { seed: CHECK_SEED, values, tolerance: Math.max(LEAST_TOLERANCE, 4 * difference) };
  });
}
