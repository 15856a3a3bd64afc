/**
 * A run's folder: its settings, log, samples and checkpoints.
 *
 *     recipe.json  metrics.jsonl  samples/000500.png  batches/000500.png  checkpoints/
 *     report.md  scores.svg  losses.svg  numbers.svg
 *     conditions.safetensors (of data with conditions)
 *     averages/step-000500.safetensors (of a technique that keeps them)
 *
 * docs/reference/run-format.md describes it for readers.
 */

import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import { storedSize } from "../../base/image-size.ts";
import { refuseWindowsPath } from "../../base/windows-path.ts";
import {
  checkedJson,
  hexOf,
  makeFolder,
  namesIn,
  readJsonFile,
  readSafetensors,
  requireIntact,
  writeFileAtomic,
  writeSafetensors,
} from "../../formats/index.ts";

import type { PlainRecipe } from "../../recipe/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { DataShape } from "../step/gan.ts";
import { lockRun } from "./lock.ts";
import { OverwrittenRun } from "./overwritten.ts";
import { RunLog } from "./run-log.ts";

const FORMAT = 1;

/** The tensor in conditions.safetensors. */
const CONDITIONS = "conditions";

/** What 0.1 called numbers.svg. */
const FORMER_NUMBERS = "judgements.svg";

/** Files and folders of a run, as docs/reference/run-format.md has them. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  ...[
    "recipe.json",
    "metrics.jsonl",
    "metrics.crc",
    "samples",
    "batches",
    "checkpoints",
    "averages",
    "convolutions.json",
    "conditions.safetensors",
  ],
  ...[
    "report.md",
    "scores.svg",
    "losses.svg",
    "numbers.svg",
    FORMER_NUMBERS,
    "tensorboard",
    "csv",
    "onnx",
    "pytorch",
    "web",
    "hub",
    "stop",
    "ratings.jsonl",
    "diagnosis",
  ],
]);

const sampleShape = z.union([z.object({ channels: z.int(), size: storedSize }), z.object({ features: z.int() })]);

/** The schema of a stored condition. */
export const conditionSchema = z.object({
  name: z.string(),
  kind: z.enum(["flag", "number"]),
  mean: z.number(),
  deviation: z.number(),
  least: z.number(),
  most: z.number(),
});

/** Tensors of which the weights of some classes or conditions were taken, by the names of these. */
const takenByName = z.object({
  kind: z.enum(["classes", "conditions"]),
  tensors: z.array(z.string()),
  found: z.int(),
  of: z.int(),
});

const descriptionSchema = z.object({
  format: z.literal(FORMAT),
  /** Shipped name or file of the recipe. */
  source: z.string(),
  /** What the command line changed. */
  overrides: z.array(z.string()),
  /** Files of the user's own parts, to import before the recipe can be rebuilt. */
  modules: z.array(z.string()),
  /** The file that defines the trainer, where a recipe alone does not say everything. */
  trainer: z.string().optional(),
  /** The recipe, or the trainer's settings. */
  recipe: z.record(z.string(), z.unknown()),
  hash: z.string(),
  /** The checkpoint of another run, or the file, whose networks this one began with. */
  from: z.string().optional(),
  /** What was taken of each network, where it was not all: the tensors taken, of how many, and the new ones' names. */
  transfer: z
    .record(
      z.string(),
      z.object({ taken: z.int(), of: z.int(), initialised: z.array(z.string()), byName: takenByName.optional() }),
    )
    .optional(),
  /** Versions and settings that the bits depend on. */
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
  /** The shape and classes that the networks were built for. Written once the data is known. */
  data: z
    .object({
      name: z.string(),
      count: z.int(),
      sample: sampleShape,
      classes: z.array(z.string()),
      classCounts: z.array(z.int().min(0)).optional(),
      /** What each condition is, and how it is scaled. Those of the real samples are in a file of their own. */
      conditions: z.array(conditionSchema).optional(),
      note: z.string().optional(),
      fingerprint: z.string().optional(),
      contents: z.string().optional(),
    })
    .optional(),
});

/** The contents of recipe.json. */
export type RunDescription = z.output<typeof descriptionSchema> & { recipe: PlainRecipe };

/** The CRC-32 of a tensor's values, in hexadecimal. */
function sumOf(tensor: Tensor): string {
  const { buffer, byteOffset, byteLength } = tensor.toArray();
  return hexOf(crc32(new Uint8Array(buffer, byteOffset, byteLength)));
}

/** Paths and files of one run. */
export class RunDirectory extends RunLog {
  readonly path: string;
  readonly samples: string;
  /** Pictures of training's generated batches. Made when there is one. */
  readonly batches: string;
  readonly checkpoints: string;
  /** Averages of weights that a technique keeps over the run. Made when there is one. */
  readonly averages: string;
  readonly report: string;
  /** The answers of blind tests, which the studio writes. */
  readonly ratings: string;
  /** The conditions of the real samples, of data with conditions. */
  readonly conditions: string;
  /** The algorithms of its convolutions. */
  readonly convolutions: string;
  /** The charts that the report shows: of the scores, of the losses, and of the other numbers, as D(real) and D(fake). */
  readonly scoresChart: string;
  readonly lossesChart: string;
  readonly numbersChart: string;
  /** The same chart of 0.1, which would stay as it was when such a run is resumed. */
  readonly formerNumbersChart: string;
  readonly #description: string;
  readonly #given: string;
  readonly #overwritten: OverwrittenRun;

  constructor(path: string) {
    const within = (name: string): string => join(resolve(path), name);
    super(within("metrics.jsonl"));
    this.#given = path;
    this.path = resolve(path);
    this.samples = within("samples");
    this.batches = within("batches");
    this.checkpoints = within("checkpoints");
    this.averages = within("averages");
    this.report = within("report.md");
    this.ratings = within("ratings.jsonl");
    this.scoresChart = within("scores.svg");
    this.lossesChart = within("losses.svg");
    this.numbersChart = within("numbers.svg");
    this.formerNumbersChart = within(FORMER_NUMBERS);
    this.#description = within("recipe.json");
    this.conditions = within("conditions.safetensors");
    this.convolutions = within("convolutions.json");
    this.#overwritten = new OverwrittenRun(this.path, () => this.ownNames());
  }

  /**
   * Makes the folder.
   * @param kept - names that may be there already
   * @throws UserError when anything else is there.
   */
  create(description: RunDescription, kept: readonly string[] = []): void {
    const existed = existsSync(this.path);
    try {
      if (existed && !statSync(this.path).isDirectory()) throw this.#taken();
      makeFolder(this.path);
      if (this.isUnbegun(kept)) this.#removeUnbegun();
      if (readdirSync(this.path).some((name) => !kept.includes(name))) throw this.#taken();
      // Fails if it exists: when two processes find the folder empty, one continues.
      mkdirSync(this.samples);
      mkdirSync(this.checkpoints);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw this.#taken();
      throw fileError(error, "write", this.path);
    }
    try {
      this.describe(description);
    } catch (error) {
      // What is empty could neither be resumed nor used again.
      for (const folder of [this.samples, this.checkpoints, ...(existed ? [] : [this.path])]) removeEmpty(folder);
      throw error;
    }
  }

  /**
   * Whether the folder holds only what a process left that was killed before it had written recipe.json: empty folders.
   * @param kept - other names that may be there
   */
  isUnbegun(kept: readonly string[] = []): boolean {
    const names = namesIn(this.path).filter((name) => !kept.includes(name));
    const own = ["samples", "checkpoints", "running.json"];
    if (names.length === 0 || !names.every((name) => own.includes(name) || isTemporaryName(name))) return false;
    // A younger one may be another process's, which is about to write.
    return [this.samples, this.checkpoints]
      .filter((folder) => existsSync(folder))
      .every((folder) => namesIn(folder).length === 0 && Date.now() - statSync(folder).mtimeMs > UNBEGUN_AFTER_MS);
  }

  #removeUnbegun(): void {
    const release = this.lock();
    for (const folder of [this.samples, this.checkpoints]) removeEmpty(folder);
    release();
  }

  /** The names in the folder that belong to the run. Anything else is the user's. */
  ownNames(): string[] {
    const isOwn = (name: string) =>
      OWN_NAMES.has(name) || isTemporaryName(name) || /^sample-seed\d+.*\.png$/.test(name);
    return namesIn(this.path).filter(isOwn);
  }

  /** Whether the folder holds a run, if only one that is being replaced. */
  holdsRun(): boolean {
    return this.#overwritten.holdsRun();
  }

  /**
   * Moves the run in this folder aside, to be replaced: {@link putBack} restores it, {@link forgetOverwritten} removes it.
   * Returns the names that stay, those of files that are not the run's among them. An absent or empty folder needs nothing.
   *
   * @throws UserError when the folder holds something else than a run, or the run is being trained.
   */
  setAside(): string[] {
    if (namesIn(this.path).length === 0) return [];
    if (!this.holdsRun()) {
      throw new UserError(
        `${this.path} holds no run (no recipe.json of one), and only a run is overwritten; give another folder`,
      );
    }
    const release = this.lock();
    try {
      this.#overwritten.setAside();
    } finally {
      release();
    }
    return namesIn(this.path);
  }

  /** Restores the run that {@link setAside} moved. Returns whether there was one. */
  putBack(): boolean {
    return this.#overwritten.putBack();
  }

  /**
   * Restores a run whose files a killed process left in two places.
   * @throws UserError when a living process is moving them.
   */
  recover(): void {
    if (!this.#overwritten.isStranded()) return;
    const release = this.lock();
    try {
      this.#overwritten.putBack();
    } finally {
      release();
    }
  }

  /** Removes the run that {@link setAside} moved, if there is one. */
  forgetOverwritten(): void {
    this.#overwritten.forget();
  }

  #taken(): UserError {
    const remedy = existsSync(this.#description) ? `continue it with \`gantry resume ${this.path}\`, or ` : "";
    return new UserError(`${this.path} exists and is not an empty folder; ${remedy}choose another folder with --out`);
  }

  /** Writes recipe.json. */
  describe(description: RunDescription): void {
    writeFileAtomic(this.#description, [checkedJson(description)]);
  }

  /**
   * Reads recipe.json.
   * @throws UserError when the folder is no run, or the file is damaged or was changed by hand.
   */
  description(): RunDescription {
    if (!existsSync(this.#description)) {
      refuseWindowsPath(this.#given, "the run");
      if (this.#overwritten.isStranded()) {
        throw new UserError(
          `the run ${this.path} was to be overwritten by a process that was killed; \`gantry resume ${this.path}\` puts it back`,
        );
      }
      throw new UserError(`${this.path} is not a run: it has no recipe.json; name a folder that \`gantry train\` made`);
    }
    return readJsonFile(this.#description, descriptionSchema, requireIntact);
  }

  /**
   * The shape of the data, with the conditions of the real samples, from which generated ones get theirs.
   * @throws UserError when the run has not been trained yet, or the file of the conditions is not there.
   */
  dataShape(): DataShape {
    const { data } = this.description();
    if (data === undefined) throw new UserError(`${this.path} has not been trained yet`);
    const { conditions: columns, ...shape } = data;
    if (columns === undefined) return shape;
    const { tensors, metadata } = readSafetensors(this.conditions);
    const rows = tensors.get(CONDITIONS);
    if (rows?.ndim !== 2 || rows.shape[1] !== columns.length) {
      throw new UserError(
        `${this.conditions} does not hold the ${columns.length} conditions of recipe.json; it is of another run`,
      );
    }
    if (metadata.crc32 !== sumOf(rows)) throw new UserError(`${this.conditions} is damaged: its CRC-32 is another`);
    return { ...shape, conditions: { columns, rows } };
  }

  /** Writes the conditions of the real samples, once for a run. */
  keepConditions({ conditions }: DataShape): void {
    const hasBegun = namesIn(this.checkpoints).length > 0;
    if (conditions === undefined || (hasBegun && existsSync(this.conditions))) return;
    const { rows } = conditions;
    writeSafetensors(this.conditions, new Map([[CONDITIONS, rows]]), { crc32: sumOf(rows) });
  }

  /** The newest sample grid, if there is one. */
  newestSamples(): string | undefined {
    const newest = namesIn(this.samples)
      .filter((name) => /^\d+\.png$/.test(name))
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .at(-1);
    return newest && join(this.samples, newest);
  }

  /**
   * Marks the run as being trained by this process, and removes what interrupted writes have left. The returned
   * function removes the mark.
   *
   * @throws UserError when another living process trains it.
   */
  lock(): () => void {
    const release = lockRun(join(this.path, "running.json"), this.path);
    try {
      for (const folder of [this.path, this.samples, this.batches, this.checkpoints, this.averages]) {
        for (const name of namesIn(folder).filter(isTemporaryName)) {
          rmSync(join(folder, name), { recursive: true, force: true });
        }
      }
    } catch (error) {
      release();
      throw fileError(error, "write", this.path);
    }
    return release;
  }
}

/** When a folder without recipe.json counts as left by a process that is dead. Writing it takes milliseconds. */
const UNBEGUN_AFTER_MS = 10_000;

/** Removes a folder if it is empty. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it, and stays.
  }
}

/** Whether a file or folder is left from an interrupted atomic write. */
function isTemporaryName(name: string): boolean {
  return /^\..+\.\d+-[0-9a-f]{12}\.tmp$/.test(name);
}
