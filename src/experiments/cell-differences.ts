/** What the cells of a sweep differ by from one of them, with runs of equal seed paired. */
import { UserError } from "../base/errors.ts";
import { bySeed, type Difference, familyOf, testsIn, type Values } from "./differences.ts";
import { markdownTable } from "./markdown.ts";
import { probabilityText } from "./statistics.ts";
import { type Cell, type CellScore, type Column, type SweepTable, signedText } from "./sweep/index.ts";

/** A cell minus the one that all are compared with, in one score. */
export interface CellDifference extends Difference {
  readonly cell: Cell;
  readonly column: Column;
}

/**
 * The cell with this label (`loss=hinge batchSize=32`) or folder's name (`loss=hinge_batchSize=32`).
 * @throws UserError when there is none
 */
export function cellNamed(cells: readonly Cell[], named: string): Cell {
  const found = cells.find(({ label, name }) => label === named || name === named);
  if (found !== undefined) return found;
  const labels = cells.map(({ label }) => `\`${label}\``).join(", ");
  throw new UserError(`the sweep has no cell \`${named}\`; it has ${labels}`);
}

const valuesOf = (score: CellScore | undefined): Values =>
  new Map(score?.values.map(({ seed, value }) => [seed, value]) ?? []);

/**
 * Each other cell minus `base` in each score of the table, over the seeds that both have: mean, 95 % interval and p of the
 * paired t test, and p by Holm's method over all of them. What has no pair is left out.
 *
 * @example
 * const table = sweepTable(grid, runResults(folder, grid));
 * cellDifferences(table, cellNamed(grid.cells, "loss=hinge"));
 */
export function cellDifferences({ columns, rows }: SweepTable, base: Cell): CellDifference[] {
  const own = rows.find(({ cell }) => cell === base)!;
  const paired = rows.flatMap(({ cell, scores }) =>
    cell === base
      ? []
      : columns.map((column, i) => ({ cell, column, pairs: bySeed(valuesOf(scores[i]), valuesOf(own.scores[i])) })),
  );
  const some = paired.filter(({ pairs }) => pairs.length > 0);
  const family = familyOf(
    some.map(({ cell, column, pairs }) => ({ arm: cell.label, measure: column.name, cells: [pairs] })),
  );
  return family.map((difference, i) => ({ ...difference, cell: some[i]!.cell, column: some[i]!.column }));
}

const arrow = { lower: " ↓", higher: " ↑" } as const;

/** The differences as a Markdown table with what its numbers are. */
export function differencesMarkdown(axes: readonly string[], base: Cell, found: readonly CellDifference[]): string {
  if (found.length === 0) return `No run of ${base.label} has a score in a seed that another cell has too.\n`;
  const rows = found.map(({ cell, column, seeds, tested, p }) => [
    ...cell.values,
    `${column.name}${column.better === undefined ? "" : arrow[column.better]}`,
    String(seeds),
    signedText(tested),
    probabilityText(p),
  ]);
  const tests = testsIn(found);
  const said =
    tests === 0
      ? "With one pair, or with pairs that all are the same, nothing is tested."
      : `95 % interval by Student's t; p of the paired t test${tests > 1 ? `, by Holm's method over ${tests} differences` : ""}.`;
  return [
    `Each cell minus ${base.label}, by seed:`,
    markdownTable([...axes, "score", "pairs", "difference", "p"], rows, axes.length + 1),
    `${said}\n`,
  ].join("\n\n");
}
