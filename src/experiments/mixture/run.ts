/** Running the experiment: its sweep, a record of every run as it ends, and the page with tables and figures. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../formats/index.ts";
import { loadRecipe } from "../../recipe/load.ts";
import { expandGrid, type GridRun } from "../sweep/grid.ts";
import {
  type RunSweepOptions,
  runSweep,
  type Sweep,
  SweepFolder,
  type SweepOutcome,
  stateOf,
  whenFinished,
} from "../sweep/index.ts";
import { writeMixtureFigures } from "./figures.ts";
import { type MixtureRecord, readRecords, recordName, recordOf, updateOf, writeRecord } from "./record.ts";
import { mixtureTables } from "./table.ts";

/** Where the records of a folder of the experiment lie. */
export const recordsFolder = (folder: string): string => join(folder, "records");

/** Writes the record of a run that has finished, unless that has been done. */
async function writeRecordOf(folder: SweepFolder, { name, seed, recipe }: GridRun): Promise<void> {
  const modes = recipe.data.options.modes as number;
  const file = join(recordsFolder(folder.path), `${recordName({ modes, update: updateOf(recipe), seed })}.json`);
  if (existsSync(file)) return;
  writeRecord(recordsFolder(folder.path), await recordOf(folder.run(name)));
}

/**
 * Runs what is left of the experiment in a folder, and writes `records/`, `tables.md` and `figures/` into it. A run
 * that is finished is not repeated.
 *
 * A run that fails does not end the others.
 *
 * @throws UserError when the folder holds another sweep.
 *
 * @example
 * await runMixture(mixtureSweep({ modes: [25], seeds: 2, steps: 2_000 }), "lab/mixture", { jobs: 2 });
 */
export async function runMixture(
  sweep: Sweep,
  path: string,
  options: RunSweepOptions = {},
): Promise<{ readonly outcome: SweepOutcome; readonly records: readonly MixtureRecord[] }> {
  const { recipe: base, source } = await loadRecipe(sweep.recipe);
  const grid = expandGrid(sweep, base);
  const folder = new SweepFolder(path);
  folder.define(sweep, base);
  const writing: Promise<void>[] = [];
  // What fails here is tried again below, and told there: the other runs must not end with it.
  const record = (run: GridRun) => void writing.push(writeRecordOf(folder, run).catch(() => undefined));
  const outcome = await runSweep(folder, grid, source, whenFinished(options, record));
  await Promise.all(writing);
  // Those that an earlier process, or another one, has finished.
  for (const run of grid.runs) if (stateOf(folder, run).kind === "finished") await writeRecordOf(folder, run);
  const records = existsSync(recordsFolder(path)) ? readRecords(recordsFolder(path)) : [];
  if (records.length > 0) await writeMixturePage(path, records);
  return { outcome, records };
}

/** Writes `tables.md` and `figures/` of records into a folder, and gives the tables. */
export async function writeMixturePage(folder: string, records: readonly MixtureRecord[]): Promise<string> {
  const figures = await writeMixtureFigures(join(folder, "figures"), records);
  const tables = mixtureTables(records);
  const images = figures.map((name) => `![${name}](figures/${name}.svg)`);
  writeFileAtomic(join(folder, "tables.md"), [`${[tables.trimEnd(), ...images].join("\n\n")}\n`]);
  return tables;
}
