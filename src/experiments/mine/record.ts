/** One estimate of the experiment as a small JSON file: all that the page is made of. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { recordFiles } from "../record-files.ts";

const schema = z.strictObject({
  format: z.literal(1),
  dimensions: z.int().min(1),
  rho: z.number().gt(-1).lt(1),
  seed: z.int().min(0),
  /** Pairs that were given, and updates of the statistics network. */
  pairs: z.int(),
  steps: z.int(),
  /** -dimensions / 2 log(1 - rho^2), and what was found instead; nats. */
  truth: z.number(),
  estimate: z.number(),
  /** log of the pairs that the estimate was taken from, and how many independent ones carry its second term. */
  ceiling: z.number(),
  effectivePairs: z.number(),
  /** The update that was chosen. */
  chosen: z.int(),
  seconds: z.number(),
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** See the schema's comments. */
export type MineRecord = z.output<typeof schema>;

/** What a record is about. */
export type MineKey = Pick<MineRecord, "dimensions" | "rho" | "seed">;

/** The name of a record's file without its ending. */
export function mineRecordName({ dimensions, rho, seed }: MineKey): string {
  return `dimensions-${dimensions}-rho-${rho}-seed${seed}`;
}

/** Writes a record into a folder. */
export function writeMineRecord(folder: string, record: MineRecord): void {
  writeFileAtomic(join(folder, `${mineRecordName(record)}.json`), [`${JSON.stringify(record)}\n`]);
}

/**
 * One record; undefined when there is none.
 * @throws UserError for a damaged one.
 */
export function readMineRecord(folder: string, key: MineKey): MineRecord | undefined {
  const path = join(folder, `${mineRecordName(key)}.json`);
  return existsSync(path) ? readJsonFile(path, schema) : undefined;
}

/**
 * All records of a folder, by dimensions, correlation and seed.
 * @throws UserError for a damaged one, or when there is none.
 */
export function readMineRecords(folder: string): MineRecord[] {
  return recordFiles(folder, /^dimensions-\d+-rho-.*-seed\d+\.json$/, "mine")
    .map((path) => readJsonFile(path, schema))
    .sort((a, b) => a.dimensions - b.dimensions || a.rho - b.rho || a.seed - b.seed);
}
