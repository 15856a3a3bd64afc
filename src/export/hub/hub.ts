/**
 * A hub folder: a generator as the Hugging Face hub keeps models.
 *
 *     model.safetensors         the generator's tensors under PyTorch's names, as samples are drawn with them
 *     config.json               architecture, options, classes, training settings
 *     model.onnx                the same generator for other tools
 *     README.md, samples.png    the model card
 *     conditions.safetensors    of data with conditions: those of the real samples
 *
 * {@link importHub} makes a run of it.
 */
import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import { gantryVersion } from "../../base/version.ts";
import { crcOfFile, hexOf, makeFolder, writeFileAtomic, writeSafetensors } from "../../formats/index.ts";
import { toPlainRecipe } from "../../recipe/index.ts";
import { Generator } from "../../tensor/index.ts";
import {
  BuiltGan,
  drawSamples,
  openCheckpoint,
  type RunDescription,
  RunDirectory,
  sampledWeights,
  writeRunImage,
} from "../../training/index.ts";
import { refuseForeign } from "../foreign.ts";
import { networkOnnx } from "../onnx/index.ts";
import { modelCard } from "./card.ts";
import { HUB_FILES, type HubConfig } from "./config.ts";
import { type NeededParts, neededParts, ownFiles } from "./parts.ts";

/** What {@link exportHub} takes. */
export interface ExportHubOptions {
  /** "last" (default), "best" by the chosen score, or a step. */
  readonly checkpoint?: string | undefined;
  /** Averaged weights and standing statistics where the run keeps them; default true. */
  readonly averaged?: boolean | undefined;
  /** The licence of the model as the hub calls it, such as `mit`; default `unknown`. */
  readonly license?: string | undefined;
}

/** Images of the card. */
const SAMPLES = 64;
/** Points of the card of a generator of vectors. */
const POINTS = 2000;

/**
 * Writes a hub folder of a recipe's run, and returns the paths of its files. Other files in the folder stay.
 *
 * @param path - the run folder
 * @throws UserError when there is no such checkpoint, the run is not of a recipe, a file of the user's own cannot go along,
 * the folder has a README.md of something else, or the disk refuses.
 *
 * @example
 * await exportHub("runs/digits", "digits-hub", { license: "mit" });
 */
export async function exportHub(path: string, folder: string, options: ExportHubOptions = {}): Promise<string[]> {
  const { averaged = true, license = "unknown" } = options;
  const run = new RunDirectory(path);
  const description = run.description();
  const opened = await openCheckpoint(path, options.checkpoint);
  const { trained: gan, step } = opened;
  try {
    if (!(gan instanceof BuiltGan)) {
      throw new UserError(`${path} was trained by a trainer of its own; a hub folder is of the run of a recipe`);
    }
    const parts = neededParts(gan);
    const files = ownFiles(parts, description.modules);
    const onnx = networkOnnx(opened, run, { averaged });
    const at = (name: string): string => join(folder, name);
    refuseForeign(at(HUB_FILES.card), at(HUB_FILES.config));
    makeFolder(folder);
    const checksums: Record<string, string> = {};
    const weights = sampledWeights(gan, averaged);
    try {
      checksums[HUB_FILES.weights] = hexOf(writeSafetensors(at(HUB_FILES.weights), weights));
    } finally {
      for (const tensor of weights.values()) tensor.dispose();
    }
    const copies = [...files, ...(gan.shape.conditions === undefined ? [] : [run.conditions])];
    for (const file of copies) copy(file, at(basename(file)));
    if (gan.shape.conditions !== undefined) {
      checksums[HUB_FILES.conditions] = hexOf(crcOfFile(at(HUB_FILES.conditions)));
    }
    const config = configOf(gan, description, {
      parts,
      step,
      checksums,
      modules: files.map((file) => basename(file)),
    });
    writeFileAtomic(at(HUB_FILES.onnx), [onnx.bytes]);
    const samples = drawSamples(gan, {
      count: "features" in gan.shape.sample ? POINTS : SAMPLES,
      random: new Generator(0),
      averaged,
    });
    try {
      await writeRunImage(description, at(HUB_FILES.samples), samples);
    } finally {
      samples.dispose();
    }
    writeFileAtomic(at(HUB_FILES.config), [`${JSON.stringify(config, null, 2)}\n`]);
    const evaluation = run.evaluations().findLast((one) => one.step === step);
    const card = modelCard({
      config,
      scores: evaluation?.scores ?? [],
      parameters: gan.generator.parameterCount(),
      labelled: gan.generator.takesLabels !== "none",
      averaged,
      license,
      seconds: run.ticks().findLast((tick) => tick.step <= step)?.seconds,
    });
    writeFileAtomic(at(HUB_FILES.card), [card]);
    const { conditions: _, ...always } = HUB_FILES;
    return [...Object.values(always), ...copies.map((file) => basename(file))].map(at);
  } finally {
    gan.dispose();
  }
}

function configOf(
  { recipe }: BuiltGan,
  { data, engine }: RunDescription,
  {
    parts,
    step,
    checksums,
    modules,
  }: Pick<HubConfig, "step" | "checksums" | "modules"> & { readonly parts: NeededParts },
): HubConfig {
  const { name, batchSize, latentDistribution, memoryFormat } = recipe;
  const { fingerprint: _, contents: __, ...described } = data!;
  return {
    format: 1,
    library: "gantry",
    version: gantryVersion(),
    architecture: recipe.generator.kind,
    step,
    recipe: { name: name ?? "generator", ...parts, batchSize, latentDistribution, memoryFormat } as HubConfig["recipe"],
    data: described,
    modules,
    checksums,
    training: { ...toPlainRecipe(recipe), data: parts.data },
    engine,
  };
}

function copy(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    throw fileError(error, "write", to);
  }
}
