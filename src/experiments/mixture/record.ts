/**
 * The record of one run of the experiment: every number that tables and figures are made of, as a small JSON file. A
 * folder of records is the raw result; it outlives the runs, which are large.
 */

import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { Mixture, VectorData } from "../../data/index.ts";
import { latticeOf } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { mixtureScores } from "../../metrics/formulas/index.ts";
import { fromPlainRecipe } from "../../recipe/plain.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import { listCheckpoints, RunDirectory, sampleRun } from "../../training/index.ts";
import { recordFiles } from "../record-files.ts";
import { milestones, type Update, updates } from "./experiment.ts";

const point = z.tuple([z.number(), z.number()]);

const schema = z.strictObject({
  format: z.literal(1),
  modes: z.int(),
  update: z.enum(updates),
  seed: z.int(),
  /** Generator steps. */
  steps: z.int(),
  /** Samples that each score is measured on. */
  samples: z.int(),
  batchSize: z.int(),
  /** Samples that the last update was made of. */
  k: z.int(),
  /** Seconds of training, without evaluations and files. */
  seconds: z.number(),
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
  mixture: z.strictObject({ centres: z.array(point), sigma: z.number() }),
  /** Over the run; of each step all scores. */
  curve: z.array(
    z.strictObject({
      step: z.int(),
      highQuality: z.number(),
      modes: z.number(),
      reverseKl: z.number(),
      distance: z.number(),
    }),
  ),
  /** High-quality samples of each mode at the end. */
  histogram: z.array(z.int()),
  /** Samples from the same latents at several steps, of the first seed only. */
  strip: z.array(z.strictObject({ step: z.int(), points: z.array(point) })).optional(),
  /** Where the samples of the end lie, of the first seed only. */
  density: z
    .strictObject({
      frame: z.strictObject({ x: z.number(), y: z.number(), size: z.number() }),
      cells: z.int(),
      counts: z.array(z.tuple([z.int(), z.int()])),
      total: z.int(),
    })
    .optional(),
});

/** See {@link recordOf}. */
export type MixtureRecord = z.output<typeof schema>;

const SCORES = ["highQuality", "modes", "reverseKl", "distance"] as const;
const STRIP_POINTS = 1_000;

/** The samples that the generator of a recipe learns from. */
export function updateOf(recipe: Recipe): Update {
  const options = recipe.techniques.find(({ kind }) => kind === "topK")?.options;
  return options === undefined || options.floor === 1 ? "all" : (options.keep as Update);
}

/**
 * The record of a finished run of the recipe `mixture`.
 *
 * @throws UserError when the run has no scores of a mixture.
 */
export async function recordOf(path: string): Promise<MixtureRecord> {
  const directory = new RunDirectory(path);
  const description = directory.description();
  const recipe = fromPlainRecipe(description.recipe);
  const { mixture } = (await recipe.data.build({})) as VectorData;
  const evaluations = directory.evaluations();
  const last = evaluations.at(-1);
  const tick = directory.ticks().at(-1);
  if (mixture === undefined || last === undefined || tick === undefined) {
    throw new UserError(`${path} is no finished run on a mixture that was evaluated while it trained`);
  }
  const curve = evaluations.map(({ step, scores }) => {
    const value = (name: string) => scores.find((score) => score.name === `${name}@samples`)!.value;
    const [highQuality, modes, reverseKl, distance] = SCORES.map(value) as [number, number, number, number];
    return { step, highQuality, modes, reverseKl, distance };
  });
  const { fakeCount, seeds } = last.scores[0]!.protocol;
  // The very samples that the last scores were measured on.
  const final = await sampleRun(path, { count: fakeCount, seed: seeds[0]!, checkpoint: String(last.step) });
  const { histogram } = mixtureScores(final, mixture);
  const first = recipe.seed === 0;
  const density = first ? latticeOf(final.tolist() as number[][], mixture) : undefined;
  final.dispose();
  return schema.parse({
    format: 1,
    modes: mixture.centres.length,
    update: updateOf(recipe),
    seed: recipe.seed,
    steps: last.step,
    samples: fakeCount,
    batchSize: recipe.batchSize,
    k: tick.k ?? recipe.batchSize,
    seconds: Math.round(tick.seconds),
    engine: description.engine,
    mixture: plainMixture(mixture),
    curve,
    histogram,
    ...(first ? { strip: await stripOf(path, last.step), density } : {}),
  });
}

const plainMixture = ({ centres, sigma }: Mixture) => ({ centres: centres.map(([x, y]) => [x, y]), sigma });

/** Samples of the milestones of which there are checkpoints. */
async function stripOf(path: string, steps: number): Promise<MixtureRecord["strip"]> {
  const kept = listCheckpoints(join(path, "checkpoints")).map(({ step }) => step);
  const strip: NonNullable<MixtureRecord["strip"]> = [];
  for (const step of milestones(steps).filter((step) => kept.includes(step))) {
    const drawn = await sampleRun(path, { count: STRIP_POINTS, seed: 0, checkpoint: String(step) });
    const points = (drawn.tolist() as [number, number][]).map(([x, y]) => [rounded(x), rounded(y)] as [number, number]);
    drawn.dispose();
    strip.push({ step, points });
  }
  return strip;
}

// JSON knows no negative zero.
const rounded = (value: number): number => Math.round(value * 1000) / 1000 + 0;

/** The name of a record's file without its ending. */
export function recordName({ modes, update, seed }: Pick<MixtureRecord, "modes" | "update" | "seed">): string {
  return `modes-${modes}-${update}-seed${seed}`;
}

/** Writes a record into a folder. */
export function writeRecord(folder: string, record: MixtureRecord): string {
  const path = join(folder, `${recordName(record)}.json`);
  const lines = Object.entries(record).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  writeFileAtomic(path, [`{\n${lines.join(",\n")}\n}\n`]);
  return path;
}

/**
 * All records of a folder, by number of modes, arm and seed.
 * @throws UserError for a damaged one, or when there is none.
 */
export function readRecords(folder: string): MixtureRecord[] {
  const records = recordFiles(folder, /^modes-\d+-\w+-seed\d+\.json$/, "mixture").map(readRecord);
  const rank = ({ modes, update, seed }: MixtureRecord) => [modes, updates.indexOf(update), seed];
  return records.sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    const i = x.findIndex((value, at) => value !== y[at]);
    return i < 0 ? 0 : x[i]! - y[i]!;
  });
}

function readRecord(path: string): MixtureRecord {
  return readJsonFile(path, schema);
}
