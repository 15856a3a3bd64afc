/** Running the experiment: its sweep, a record of every run as it ends, ensembles, and the page. */
import { existsSync } from "node:fs";
import { join } from "node:path";
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
import { writeSemiPage } from "./page.ts";
import {
  hasEnsemble,
  labelsOf,
  readSemiRecords,
  recordFile,
  type SemiRecords,
  semiEnsemble,
  semiRecord,
  writeSemiRecord,
} from "./record.ts";

/** Where the records of a folder of the experiment lie. */
const recordsIn = (folder: string): string => join(folder, "records");

/**
 * Runs what is left of the experiment in a folder, and writes `records/`, `tables.md` and `figures/` into it. Once all
 * seeds of a label draw have finished, and there are several, their ensemble is measured.
 *
 * A run that fails does not end the others.
 *
 * @throws UserError when the folder holds another sweep.
 *
 * @example
 * await runSemi(semiSweep({ labels: [100], draws: 3 }), "lab/semi", { jobs: 2 });
 */
export async function runSemi(
  sweep: Sweep,
  path: string,
  options: RunSweepOptions = {},
): Promise<{ readonly outcome: SweepOutcome; readonly records: SemiRecords }> {
  const { recipe: base, source } = await loadRecipe(sweep.recipe);
  const grid = expandGrid(sweep, base);
  const folder = new SweepFolder(path);
  folder.define(sweep, base);
  const kept = recordsIn(path);
  const record = ({ name, recipe, seed }: GridRun): void => {
    if (existsSync(recordFile(kept, { ...labelsOf(recipe), seed }))) return;
    writeSemiRecord(kept, semiRecord(folder.run(name)));
  };
  const finished = (run: GridRun): boolean => stateOf(folder, run).kind === "finished";
  const outcome = await runSweep(folder, grid, source, whenFinished(options, record));
  // Those of earlier processes and of other ones too.
  for (const run of grid.runs.filter(finished)) record(run);
  for (const cell of grid.cells) {
    const own = grid.runs.filter((run) => run.cell === cell);
    if (own.length < 2 || !own.every(finished) || options.stop?.aborted) continue;
    const members = own.map(({ seed }) => seed);
    if (hasEnsemble(kept, { ...labelsOf(own[0]!.recipe), seeds: members })) continue;
    writeSemiRecord(kept, await semiEnsemble(own.map(({ name }) => folder.run(name))));
  }
  const records = existsSync(kept) ? readSemiRecords(kept) : { runs: [], ensembles: [] };
  if (records.runs.length > 0) await writeSemiPage(path, records);
  return { outcome, records };
}
