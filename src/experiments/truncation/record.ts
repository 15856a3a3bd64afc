/** One point of the curve, of one seed, as a small JSON file: all that the page is made of. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { canonicalJson } from "../../base/canonical-json.ts";
import { UserError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { type Score, scoreSchema } from "../../metrics/index.ts";
import { recordFiles } from "../record-files.ts";

const settings = z.strictObject({
  /** Name of the run's folder, hash of its recipe, and the checkpoint's step. */
  run: z.string(),
  recipe: z.string(),
  step: z.int().min(0),
  averaged: z.boolean(),
  /** The preset, the feature network, and numbers of images where they are not the preset's. */
  protocol: z.string(),
  features: z.string(),
  count: z.int(),
  realCount: z.int().nullable(),
});

const saturated = z.strictObject({ dark: z.number(), bright: z.number() });

const schema = z.strictObject({
  format: z.literal(1),
  settings,
  /** null: not truncated. */
  threshold: z.number().positive().nullable(),
  seed: z.int().min(0),
  scores: z.array(scoreSchema),
  /** Shares of saturated values: of the generated images, and of the real ones. */
  saturation: saturated,
  realSaturation: saturated,
  seconds: z.number(),
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** What all points of a curve share. */
export type TruncationSettings = z.output<typeof settings>;
/** See the schema's comments. */
export type TruncationRecord = Omit<z.output<typeof schema>, "scores"> & { readonly scores: readonly Score[] };
/** What a record is about. */
export type TruncationKey = Pick<TruncationRecord, "threshold" | "seed">;

const PATTERN = /^threshold-(none|[\d.e-]+)-seed\d+\.json$/;

/** The name of a record's file without its ending. */
export const truncationRecordName = ({ threshold, seed }: TruncationKey): string =>
  `threshold-${threshold ?? "none"}-seed${seed}`;

/** Writes a record into a folder. */
export function writeTruncationRecord(folder: string, record: TruncationRecord): void {
  writeFileAtomic(join(folder, `${truncationRecordName(record)}.json`), [`${JSON.stringify(record)}\n`]);
}

/**
 * One record; undefined when there is none.
 * @throws UserError for a damaged one, and for one of other settings.
 */
export function readTruncationRecord(
  folder: string,
  key: TruncationKey,
  wanted: TruncationSettings,
): TruncationRecord | undefined {
  const path = join(folder, `${truncationRecordName(key)}.json`);
  if (!existsSync(path)) return undefined;
  const record = readJsonFile(path, schema);
  for (const [name, value] of Object.entries(wanted)) {
    const stored = record.settings[name as keyof TruncationSettings];
    if (canonicalJson(stored) === canonicalJson(value)) continue;
    throw new UserError(`${path} was measured with \`${name}\` ${stored}, not ${value}; take another folder`);
  }
  return record;
}

/**
 * All records of a folder, by falling threshold and seed.
 * @throws UserError for a damaged one, or when there is none.
 */
export function readTruncationRecords(folder: string): TruncationRecord[] {
  const size = ({ threshold }: TruncationRecord): number => threshold ?? Number.MAX_VALUE;
  return recordFiles(folder, PATTERN, "truncation")
    .map((path) => readJsonFile(path, schema))
    .sort((a, b) => size(b) - size(a) || a.seed - b.seed);
}
