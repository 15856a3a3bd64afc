/** The records of docs/results/data, as the pages' tables need them. */
import { join } from "node:path";
import { experiments, type RecordedExperiment, readRecords, readSweepTable } from "../../../src/experiments/index.ts";

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

/** Values by seed. */
export type Values = ReadonlyMap<number, number>;

/** A cell of a sweep. */
export interface Cell {
  /** Its values on the axes. */
  readonly values: readonly string[];
  /** A score's values, by the score's name with or without its feature network: `fid`, `fid@mnist-classifier`. */
  of(score: string): Values;
}

/** The cells of a sweep's records in their order. */
export function cellsOf(name: string): Cell[] {
  const { columns, rows } = readSweepTable(recordsFile(name));
  return rows.map(({ cell, scores }) => ({
    values: cell.values,
    of(score) {
      const own = columns.flatMap((column, i) =>
        column.score === score || column.score.startsWith(`${score}@`) ? (scores[i]?.values ?? []) : [],
      );
      return new Map(own.map(({ seed, value }) => [seed, value]));
    },
  }));
}

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
