/** The records of docs/results/data, as the pages' tables need them. */
import { join } from "node:path";
import { experiments, type RecordedExperiment, readRecords } from "../../../src/experiments/index.ts";
import { readScoredCells, type ScoredCell } from "../../../src/experiments/sweep/index.ts";

/** The file of records of a name, such as `mine` or `exploring/tables`. */
export const recordsFile = (name: string): string => join(import.meta.dirname, "../data", `${name}.jsonl`);

/** The records of an experiment. */
export const labRecords = <R extends object>(experiment: string, name = experiment): R[] =>
  readRecords(recordsFile(name), experiments[experiment] as RecordedExperiment) as R[];

/** The tables and sentences that `gantry lab` makes of records. */
export async function labTables(experiment: string, name = experiment): Promise<string> {
  const kind = experiments[experiment] as RecordedExperiment;
  return (await kind.page(labRecords(experiment, name))).tables;
}

export type { Values } from "../../../src/experiments/differences.ts";
export type Cell = ScoredCell;

/** The cells of a sweep's records in their order. */
export const cellsOf = (name: string): Cell[] => readScoredCells(recordsFile(name));

/** The cell with these values on the axes. */
export function cellOf(cells: readonly Cell[], ...values: string[]): Cell {
  const found = cells.find((cell) => cell.values.every((value, i) => value === values[i]));
  if (found === undefined) throw new Error(`there is no cell ${values.join(", ")}`);
  return found;
}

/** The rows of each table of a Markdown text, its header first, without alignment. */
export function tablesIn(markdown: string): string[][][] {
  const tables: string[][][] = [];
  let inside = false;
  for (const line of markdown.split("\n")) {
    const row = line.startsWith("|");
    if (row && !inside) tables.push([]);
    inside = row;
    if (row && !/^\|[ :|-]+\|$/.test(line)) {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      tables.at(-1)!.push(cells.map((cell) => cell.trim().replaceAll("\\|", "|")));
    }
  }
  return tables;
}
