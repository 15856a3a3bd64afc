/** The results of a sweep, written into its folder whenever a run is over. */
import type { SweepFolder } from "./folder.ts";
import type { Grid } from "./grid.ts";
import { sweepRecords } from "./records.ts";
import { runsCsv, tableCsv, tableData, tableMarkdown } from "./render.ts";
import { runResults, type ScoresAt, type SweepTable, type SweptRun, sweepTable } from "./results.ts";

/** How often the results are read again because another process has finished a run meanwhile. */
const ROUNDS = 5;

const standing = (results: readonly SweptRun[]): string => results.map(({ state }) => state.kind).join();

/**
 * Writes table.md, table.csv, table.json, runs.csv and records.jsonl, each atomically, and gives the table.
 *
 * Processes that share the folder write the same files: the writer reads the results again afterwards, so that the
 * later table has the other's run.
 */
export function writeResults(folder: SweepFolder, grid: Grid, at: ScoresAt = "final"): SweepTable {
  for (let round = 1; ; round++) {
    const results = runResults(folder, grid, at);
    const table = sweepTable(grid, results);
    folder.write("table.md", tableMarkdown(table));
    folder.write("table.csv", tableCsv(table));
    folder.write("table.json", `${JSON.stringify({ at, ...tableData(table, results) }, null, 1)}\n`);
    folder.write("runs.csv", runsCsv(table, results));
    folder.write("records.jsonl", sweepRecords(folder.stored(), at, table, results));
    if (round === ROUNDS || standing(runResults(folder, grid, at)) === standing(results)) return table;
  }
}
