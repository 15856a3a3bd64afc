/**
 * The answer of the sweep of images: in each cell the update `topK` compared with the update `all`, run by run with the
 * same seed, and the same over GANs and batch sizes. The sweep's own table compares all cells with each other instead.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { defineReport } from "./experiment.ts";
import { markdownTable } from "./markdown.ts";
import { grouped } from "./page.ts";
import { holm, interval, pooled, probabilityText, type Tested } from "./statistics.ts";
import { boldText, type CellScore, type Column, readSweepTable, signedText } from "./sweep/index.ts";

/** A sweep's table, as far as it is used here. */
export interface UpdateTable {
  readonly axes: readonly string[];
  readonly columns: readonly Pick<Column, "name" | "better">[];
  readonly rows: readonly {
    readonly cell: { readonly values: readonly string[] };
    readonly scores: readonly (Pick<CellScore, "values"> | undefined)[];
  }[];
}

/**
 * Reads the table of a sweep: of its JSON Lines file, or of its folder.
 *
 * @throws UserError when it is not there, is damaged, or has no axis `update`
 */
export function readUpdates(path: string): UpdateTable {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  const file = isFile ? path : join(path, "records.jsonl");
  if (!existsSync(file)) {
    const old = existsSync(join(path, "sweep.json")) ? `; gantry sweep ${path} writes it` : "";
    throw new UserError(`${file} does not exist; name the folder of a sweep of images${old}`);
  }
  const table = readSweepTable(file);
  const axis = table.axes.indexOf("update");
  const updates = table.rows.map(({ cell }) => cell.values[axis]);
  if (updates.includes("all") && updates.includes("topK")) return table;
  throw new UserError(`${file}: the sweep has no axis \`update\` with the values all and topK`);
}

/** One score of one cell under both updates, of the seeds that both have. */
interface Pair {
  readonly where: readonly string[];
  readonly seeds: readonly number[];
  readonly all: readonly number[];
  readonly top: readonly number[];
}

/** The pairs of a column, in the order of the table; cells without a seed in common are left out. */
function pairsOf({ axes, rows }: UpdateTable, column: number): Pair[] {
  const axis = axes.indexOf("update");
  const whereOf = ({ cell }: UpdateTable["rows"][number]) => cell.values.toSpliced(axis, 1);
  return grouped(rows, (row) => whereOf(row).join("/")).flatMap((pair) => {
    const valuesOf = (update: string) =>
      pair.find(({ cell }) => cell.values[axis] === update)?.scores[column]?.values ?? [];
    const top = new Map(valuesOf("topK").map(({ seed, value }) => [seed, value]));
    const both = valuesOf("all").filter(({ seed }) => top.has(seed));
    if (both.length === 0) return [];
    const seeds = both.map(({ seed }) => seed);
    return [
      {
        where: whereOf(pair[0]!),
        seeds,
        all: both.map(({ value }) => value),
        top: seeds.map((seed) => top.get(seed)!),
      },
    ];
  });
}

const differencesOf = ({ all, top }: Pair): number[] => top.map((value, i) => value - all[i]!);

/** The difference (top-k minus all samples) over some of the cells of one score, tested against 0. */
export interface UpdateDifference {
  readonly score: string;
  readonly better: "lower" | "higher";
  /** The one cell's values, or what the cells have in common, such as `gan wgan`; `all cells`. */
  readonly where: readonly string[];
  readonly cells: readonly (readonly number[])[];
  readonly tested: Tested;
  /** The p value by Holm's correction over all differences of its kind: all single cells, or all groups. */
  readonly corrected: number;
}

/** Differences with p values that are corrected together. */
const family = (of: readonly Omit<UpdateDifference, "tested" | "corrected">[]): UpdateDifference[] => {
  const tested = of.map(({ cells }) => pooled(cells));
  const corrected = holm(tested.map(({ p }) => p));
  return of.map((one, i) => ({ ...one, tested: tested[i]!, corrected: corrected[i]! }));
};

/** The differences of a sweep, of every score that has a better side: in each cell, and over GANs and batch sizes. */
export function updateDifferences(stored: UpdateTable): { cells: UpdateDifference[]; groups: UpdateDifference[] } {
  const others = stored.axes.filter((axis) => axis !== "update");
  const scores = stored.columns.flatMap(({ name, better }, column) =>
    better === undefined ? [] : [{ score: name, better, pairs: pairsOf(stored, column) }],
  );
  const cells = scores.flatMap(({ score, better, pairs }) =>
    pairs.map((pair) => ({ score, better, where: pair.where, cells: [differencesOf(pair)] })),
  );
  const groups = scores.flatMap(({ score, better, pairs }) => {
    if (pairs.length === 0) return [];
    const own = others.flatMap((axis, i) =>
      [...new Set(pairs.map(({ where }) => where[i]!))].map((value) => ({
        where: [`${axis} ${value}`],
        pairs: pairs.filter(({ where }) => where[i] === value),
      })),
    );
    return [...own, { where: ["all cells"], pairs }].map(({ where, pairs }) => ({
      score,
      better,
      where,
      cells: pairs.map(differencesOf),
    }));
  });
  return { cells: family(cells), groups: family(groups) };
}

/** Whether a difference lies on one side of 0, and whether that is the better side. */
function verdictOf({ tested: { mean: centre, halfWidth }, better }: UpdateDifference): "better" | "worse" | undefined {
  if (!(Math.abs(centre) > halfWidth)) return undefined;
  return centre < 0 === (better === "lower") ? "better" : "worse";
}

/** How many of the differences are apart from 0 for the better and for the worse. */
const countText = (of: readonly UpdateDifference[]): string => {
  const count = (wanted: "better" | "worse") => of.filter((one) => verdictOf(one) === wanted).length;
  return `for the better in ${count("better")} and for the worse in ${count("worse")}`;
};

/** How many tests there were: differences that are all 0 are none. */
const testsOf = (of: readonly UpdateDifference[]): number =>
  of.filter(({ corrected }) => !Number.isNaN(corrected)).length;

/**
 * The comparison as Markdown, a section for each score that has a better side: every cell with mean ± 95 % confidence
 * interval over seeds, the paired difference, the sum of the verdicts, and the differences over GANs and batch sizes.
 *
 * The p values of all scores are corrected together, by Holm's method: those of the single cells, and those of the groups.
 *
 * @example
 * process.stdout.write(updateTables(readUpdates("sweeps/top-k-mnist")));
 */
export function updateTables(stored: UpdateTable): string {
  const others = stored.axes.filter((axis) => axis !== "update");
  const { cells, groups } = updateDifferences(stored);
  const sections = stored.columns.flatMap(({ name, better }, column) => {
    const pairs = pairsOf(stored, column);
    if (better === undefined || pairs.length === 0) return [];
    const own = cells.filter(({ score }) => score === name);
    const rows = pairs.map((pair, i) => {
      const [all, top] = [interval(pair.all), interval(pair.top)];
      const both = [boldText(all, [top], better), boldText(top, [all], better)];
      const { tested, corrected } = own[i]!;
      return [...pair.where, pair.seeds.join(" "), ...both, signedText(tested), probabilityText(corrected)];
    });
    const nearer = own.filter(({ tested }) => (better === "lower" ? tested.mean < 0 : tested.mean > 0)).length;
    const summary =
      `Top-k has the better mean in ${nearer} of ${pairs.length} cells; the paired difference is apart from 0 ${countText(own)}, ` +
      `after Holm's correction over the ${testsOf(cells)} cells of all scores ${countText(own.filter(({ corrected }) => corrected < 0.05))}.`;
    const over = groups.filter(({ score }) => score === name);
    return [
      `### ${name} (${better} is better)`,
      markdownTable([...others, "seeds", "all", "top-k", "top-k minus all", "p (Holm)"], rows, others.length + 1),
      summary,
      markdownTable(
        ["over", "cells", "top-k minus all", `p (Holm, ${testsOf(groups)} tests)`],
        over.map((one) => [
          one.where.join(" "),
          `${one.cells.length}`,
          signedText(one.tested),
          probabilityText(one.corrected),
        ]),
        1,
      ),
    ];
  });
  return `${sections.join("\n\n")}\n`;
}

/** `gantry lab images`. */
export const images = defineReport({
  name: "images",
  description:
    "Compares top-k updates with ordinary ones, cell by cell and seed by seed, in a sweep such as top-k-mnist, and prints Markdown tables. It trains nothing: run the sweep with gantry sweep.",
  examples: [
    { line: "gantry sweep top-k-mnist --jobs 2", does: "90 runs, some of which may be on other machines (--shard)" },
    { line: "gantry lab images sweeps/top-k-mnist", does: "the comparison, also while the sweep is running" },
  ],
  options: { sweep: z.string().meta({ argument: true }).describe("the sweep's folder, or its file records.jsonl") },
  report: ({ sweep }) => updateTables(readUpdates(sweep)),
});
