/** The records of the experiment, small JSON files: of each run its curve, and of each label draw the ensemble of its runs. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { fromPlainRecipe } from "../../recipe/plain.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import { inferenceMode, scope, type Tensor } from "../../tensor/index.ts";
import { classify, openForSampling, RunDirectory, testSplit } from "../../training/index.ts";
import { recordFiles } from "../record-files.ts";

const key = { labels: z.int(), draw: z.int() };

const runSchema = z.strictObject({
  format: z.literal(1),
  ...key,
  seed: z.int(),
  epochs: z.int(),
  /** Test images. */
  images: z.int(),
  /** Seconds of training, without evaluations and files. */
  seconds: z.number(),
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Errors over the run, with the weights as they are and with averaged ones; the last entry is the result. */
  curve: z.array(z.strictObject({ epoch: z.number(), errors: z.int(), averaged: z.int() })),
});

const ensembleSchema = z.strictObject({
  format: z.literal(1),
  ...key,
  seeds: z.array(z.int()),
  epochs: z.int(),
  images: z.int(),
  /** Errors of the mean of the members' softmax. */
  errors: z.int(),
  averaged: z.int(),
});

/** See {@link semiRecord}. */
export type SemiRecord = z.output<typeof runSchema>;

/** See {@link semiEnsemble}. */
export type SemiEnsemble = z.output<typeof ensembleSchema>;

/** Both kinds. */
export interface SemiRecords {
  readonly runs: readonly SemiRecord[];
  readonly ensembles: readonly SemiEnsemble[];
}

/** Number and draw of a recipe's labels. */
export function labelsOf(recipe: Recipe): { labels: number; draw: number } {
  const options = recipe.techniques.find(({ kind }) => kind === "semiSupervised")!.options;
  return { labels: options.labels as number, draw: (options.labelSeed as number | undefined) ?? recipe.seed };
}

/**
 * The record of a finished run.
 * @throws UserError when its test error was not measured while it trained.
 */
export function semiRecord(path: string): SemiRecord {
  const directory = new RunDirectory(path);
  const { recipe: plain, engine, data } = directory.description();
  const recipe = fromPlainRecipe(plain);
  const evaluations = directory.evaluations();
  const tick = directory.ticks().at(-1);
  const last = evaluations.at(-1)?.scores.find(({ name }) => name === "testErrorsAveraged");
  if (tick === undefined || last === undefined || data === undefined) {
    throw new UserError(`${path} is no finished run with the metric testError({ averaged: true })`);
  }
  const curve = evaluations.map(({ step, scores }) => {
    const value = (name: string): number => scores.find((score) => score.name === name)!.value;
    const epoch = Number(((step * recipe.batchSize * recipe.discriminatorSteps) / data.count).toFixed(2));
    return { epoch, errors: value("testErrors"), averaged: value("testErrorsAveraged") };
  });
  return runSchema.parse({
    format: 1,
    ...labelsOf(recipe),
    seed: recipe.seed,
    epochs: recipe.epochs,
    images: last.protocol.real!.count,
    seconds: Math.round(tick.seconds),
    engine,
    curve,
  });
}

/**
 * The errors of an ensemble: the class of the largest mean of the members' softmax probabilities, on all test images. The
 * members are the last checkpoints of runs that share their labelled images.
 */
export async function semiEnsemble(paths: readonly string[]): Promise<SemiEnsemble> {
  const first = fromPlainRecipe(new RunDirectory(paths[0]!).description().recipe);
  const test = await testSplit(first);
  const seeds: number[] = [];
  const sums: (Tensor | undefined)[] = [undefined, undefined];
  for (const path of paths) {
    const { gan } = await openForSampling(path);
    try {
      seeds.push(gan.recipe.seed);
      for (const [i, averaged] of [false, true].entries()) {
        const logits = await classify(gan, test, { averaged });
        const before = sums[i];
        sums[i] = inferenceMode(() => (before === undefined ? logits.softmax(1) : before.add(logits.softmax(1))));
        before?.dispose();
        logits.dispose();
      }
    } finally {
      gan.dispose();
    }
  }
  const [errors, averaged] = sums.map((sum) => scope(() => sum!.argmax(1).ne(test.labels).sum().item()));
  for (const tensor of [...sums, test.images, test.labels]) tensor?.dispose();
  const { epochs } = first;
  return ensembleSchema.parse({
    format: 1,
    ...labelsOf(first),
    seeds,
    epochs,
    images: test.count,
    errors,
    averaged,
  });
}

const nameOf = ({ labels, draw }: Pick<SemiRecord, "labels" | "draw">): string => `labels-${labels}-draw${draw}`;

/** The file of a run's record in a folder. */
export function recordFile(folder: string, record: Pick<SemiRecord, "labels" | "draw" | "seed">): string {
  return join(folder, `${nameOf(record)}-seed${record.seed}.json`);
}

/** The file of the record of an ensemble in a folder. */
function ensembleFile(folder: string, record: Pick<SemiEnsemble, "labels" | "draw">): string {
  return join(folder, `${nameOf(record)}-ensemble.json`);
}

/** Whether a folder has the record of just this ensemble; a smaller one of the same labels is another. */
export function hasEnsemble(folder: string, ensemble: Pick<SemiEnsemble, "labels" | "draw" | "seeds">): boolean {
  const path = ensembleFile(folder, ensemble);
  return existsSync(path) && isDeepStrictEqual(readJsonFile(path, ensembleSchema).seeds, ensemble.seeds);
}

/** Writes a record of either kind into a folder. */
export function writeSemiRecord(folder: string, record: SemiRecord | SemiEnsemble): void {
  const path = "seeds" in record ? ensembleFile(folder, record) : recordFile(folder, record);
  const lines = Object.entries(record).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  writeFileAtomic(path, [`{\n${lines.join(",\n")}\n}\n`]);
}

/**
 * All records of a folder, by number of labels, draw and seed.
 * @throws UserError for a damaged one, or when no run has one.
 */
export function readSemiRecords(folder: string): SemiRecords {
  const runs = recordFiles(folder, /^labels-\d+-draw\d+-seed\d+\.json$/, "semi").map((path) =>
    readJsonFile(path, runSchema),
  );
  const ensembles = readdirSync(folder)
    .filter((name) => /^labels-\d+-draw\d+-ensemble\.json$/.test(name))
    .map((name) => readJsonFile(join(folder, name), ensembleSchema));
  const rank = (a: { labels: number; draw: number }, b: { labels: number; draw: number }): number =>
    a.labels - b.labels || a.draw - b.draw;
  return { runs: runs.sort((a, b) => rank(a, b) || a.seed - b.seed), ensembles: ensembles.sort(rank) };
}
