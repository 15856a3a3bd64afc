/**
 * The record of one run of the experiment as a small JSON file: all that tables are made of. A folder of records is the raw
 * result.
 */

import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { openForSampling, RunDirectory } from "../../training/index.ts";
import { unlabelledGans } from "../gans.ts";
import { recordFiles } from "../record-files.ts";
import { anomalyUpdates, DIGITS } from "./experiment.ts";
import { detect, testImages } from "./measure.ts";

const areas = z.strictObject({ auroc: z.number(), auprc: z.number() });

const schema = z.strictObject({
  format: z.literal(1),
  gan: z.enum(unlabelledGans as [string, ...string[]]),
  /** The digit that was left out. */
  digit: z.int(),
  update: z.enum(anomalyUpdates),
  seed: z.int(),
  /** Generator steps, batch, and the samples that the last update was made of. */
  steps: z.int(),
  batchSize: z.int(),
  k: z.int(),
  /** Test images that were searched, half of them anomalous, and gradient steps of the search. */
  subset: z.int(),
  searchSteps: z.int(),
  /** Seconds of training, and of scoring. */
  seconds: z.number(),
  scoringSeconds: z.number(),
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
  areas: z.strictObject({ discriminator: areas, search: areas, mix: areas, discriminatorAll: areas }),
});

/** See {@link anomalyRecord}. */
export type AnomalyRecord = z.output<typeof schema>;

/** How a trained run is measured. */
export interface Measuring {
  /** Test images to search, an even number of at least 2. */
  readonly subset: number;
  /** Gradient steps of the search. */
  readonly searchSteps: number;
}

/** What a record is about. */
export type AnomalyKey = Pick<AnomalyRecord, "gan" | "digit" | "update" | "seed">;

/** Measures a finished run: draws nothing at random but the search's first latents, which are always the same. */
export async function anomalyRecord(path: string, key: AnomalyKey, measuring: Measuring): Promise<AnomalyRecord> {
  const directory = new RunDirectory(path);
  const tick = directory.ticks().at(-1);
  if (tick === undefined) throw new UserError(`${path} has not been trained yet`);
  const { gan, step } = await openForSampling(path);
  try {
    const begun = performance.now();
    const images = await testImages(key.digit, measuring.subset);
    const measured = detect(gan, images, { steps: measuring.searchSteps });
    for (const set of [images.all, images.subset]) set.images.dispose();
    return schema.parse({
      format: 1,
      gan: key.gan,
      digit: key.digit,
      update: key.update,
      seed: key.seed,
      steps: step,
      batchSize: gan.recipe.batchSize,
      k: tick.k ?? gan.recipe.batchSize,
      subset: measuring.subset,
      searchSteps: measuring.searchSteps,
      seconds: rounded(tick.seconds),
      scoringSeconds: rounded((performance.now() - begun) / 1000),
      engine: directory.description().engine,
      areas: measured,
    });
  } finally {
    gan.dispose();
  }
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** The name of a record's file without its ending. */
export function anomalyRecordName({ gan, digit, update, seed }: AnomalyKey): string {
  return `${gan}-digit${digit}-${update}-seed${seed}`;
}

/** Writes a record into a folder. */
export function writeAnomalyRecord(folder: string, record: AnomalyRecord): void {
  writeFileAtomic(join(folder, `${anomalyRecordName(record)}.json`), [`${JSON.stringify(record, null, 1)}\n`]);
}

/**
 * All records of a folder: by GAN, digit, update and seed.
 * @throws UserError for a damaged one, or when there is none.
 */
export function readAnomalyRecords(folder: string): AnomalyRecord[] {
  const records = recordFiles(folder, /-digit\d-\w+-seed\d+\.json$/, "anomaly").map(readAnomalyRecord);
  const rank = ({ gan, digit, update, seed }: AnomalyRecord) =>
    [
      unlabelledGans.indexOf(gan as never),
      DIGITS.indexOf(digit as never),
      anomalyUpdates.indexOf(update),
      seed,
    ] as const;
  return records.sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    const i = x.findIndex((value, at) => value !== y[at]);
    return i < 0 ? 0 : x[i]! - y[i]!;
  });
}

/**
 * One record.
 * @throws UserError when the file is damaged.
 */
export function readAnomalyRecord(path: string): AnomalyRecord {
  return readJsonFile(path, schema);
}
