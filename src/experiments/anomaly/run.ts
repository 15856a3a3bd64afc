/** Running the experiment: its sweep, a record of every run as it ends, and the tables. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { loadRecipe } from "../../recipe/load.ts";
import {
  expandGrid,
  type GridRun,
  type RunSweepOptions,
  runSweep,
  runsOf,
  type Sweep,
  SweepFolder,
  type SweepOutcome,
  stateOf,
  whenFinished,
} from "../sweep/index.ts";
import {
  type AnomalyKey,
  type AnomalyRecord,
  anomalyRecord,
  anomalyRecordName,
  type Measuring,
  readAnomalyRecord,
  readAnomalyRecords,
  writeAnomalyRecord,
} from "./record.ts";
import { anomalyTables } from "./table.ts";

/** Where the records of a folder of the experiment lie. */
const recordsIn = (path: string): string => join(path, "records");

/** What a run of the grid is about. */
function keyOf({ cell, seed }: GridRun): AnomalyKey {
  const [gan, digit, update] = cell.values as [string, string, AnomalyKey["update"]];
  return { gan, digit: Number(digit), update, seed };
}

/**
 * Runs what is left of the experiment in a folder: trains, measures every run as it ends, and writes `records/`,
 * `tables.md` and `records.json`. What is there already is not repeated.
 *
 * A run that fails does
 * not end the others.
 *
 * @throws UserError when the folder holds another sweep, or records that were measured in another way.
 *
 * @example
 * await runAnomaly(anomalySweep({ digits: [1], seeds: 2 }), "lab/anomaly", { subset: 200, searchSteps: 100 });
 */
export async function runAnomaly(
  sweep: Sweep,
  path: string,
  measuring: Measuring,
  options: RunSweepOptions = {},
): Promise<{ readonly outcome: SweepOutcome; readonly records: readonly AnomalyRecord[] }> {
  const { recipe: base, source } = await loadRecipe(sweep.recipe);
  const grid = expandGrid(sweep, base);
  const folder = new SweepFolder(path);
  folder.define(sweep, base);
  const fileOf = (run: GridRun): string => join(recordsIn(path), `${anomalyRecordName(keyOf(run))}.json`);
  // Before anything is trained.
  for (const file of grid.runs.map(fileOf)) {
    if (existsSync(file)) refuseOther(readAnomalyRecord(file), measuring, file);
  }
  const measure = async (run: GridRun): Promise<void> => {
    if (existsSync(fileOf(run))) return;
    writeAnomalyRecord(recordsIn(path), await anomalyRecord(folder.run(run.name), keyOf(run), measuring));
  };
  // One at a time; the next run is trained meanwhile.
  let measured: Promise<void> = Promise.resolve();
  const inTurn = (run: GridRun) => {
    measured = measured.then(() => measure(run));
    // A failure is told below, when training has come to its end; until then it must not count as unhandled.
    measured.catch(() => {});
  };
  const outcome = await runSweep(folder, grid, source, whenFinished(options, inTurn));
  await measured;
  for (const run of runsOf(grid, options.shard)) {
    if (options.stop?.aborted) break;
    if (stateOf(folder, run).kind === "finished") await measure(run);
  }
  const records = existsSync(recordsIn(path)) ? readAnomalyRecords(recordsIn(path)) : [];
  if (records.length > 0) writeAnomalyTables(path, records);
  return { outcome, records };
}

/** @throws UserError when a record was measured otherwise than it would be now. */
function refuseOther(record: AnomalyRecord, { subset, searchSteps }: Measuring, file: string): void {
  if (record.subset === subset && record.searchSteps === searchSteps) return;
  throw new UserError(
    `${file} was measured on ${record.subset} images with ${record.searchSteps} search steps, not on ${subset} with ${searchSteps}; give those, or another --out`,
  );
}

/** Writes `tables.md` and `records.json` into a folder, and gives the tables. */
export function writeAnomalyTables(folder: string, records: readonly AnomalyRecord[]): string {
  const tables = anomalyTables(records);
  writeFileAtomic(join(folder, "tables.md"), [tables]);
  writeFileAtomic(join(folder, "records.json"), [`${JSON.stringify(records)}\n`]);
  return tables;
}
