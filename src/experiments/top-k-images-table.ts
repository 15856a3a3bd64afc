/**
 * What the sweep of images says about its question: in each cell the update `topK` against the update `all`, run by run with
 * the same seed, and the same over GANs and batch sizes. The sweep's own table compares all cells with each other instead.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { readJsonFile } from "../formats/index.ts";
import { type Interval, interval, mean, separated } from "./statistics.ts";
import { spreadText } from "./sweep/render.ts";

const schema = z.object({
  axes: z.array(z.string()),
  columns: z.array(z.object({ name: z.string(), better: z.enum(["lower", "higher"]).optional() })),
  rows: z.array(
    z.object({
      values: z.record(z.string(), z.string()),
      scores: z.array(z.object({ values: z.array(z.object({ seed: z.int(), value: z.number() })) }).nullable()),
    }),
  ),
});

/** A sweep's `table.json`, as far as it is used here. */
export type StoredTable = z.output<typeof schema>;

/**
 * Reads `table.json` of a sweep's folder.
 * @throws UserError when it is not there, is damaged, or has no axis `update`.
 */
export function readStoredTable(folder: string): StoredTable {
  const path = join(folder, "table.json");
  if (!existsSync(path)) throw new UserError(`${path} does not exist; name the folder of a sweep of images`);
  const stored = readJsonFile(path, schema);
  const updates = new Set(stored.rows.map(({ values }) => values.update));
  if (updates.has("all") && updates.has("topK")) return stored;
  throw new UserError(`${path}: the sweep has no axis \`update\` with the values all and topK`);
}

/** One score of one cell under both updates, of the seeds that both have. */
interface Pair {
  readonly where: readonly string[];
  readonly seeds: readonly number[];
  readonly all: readonly number[];
  readonly top: readonly number[];
}

/** The pairs of a column, in the order of the table; cells without a seed in common are left out. */
function pairsOf({ axes, rows }: StoredTable, column: number): Pair[] {
  const others = axes.filter((axis) => axis !== "update");
  const where = (row: StoredTable["rows"][number]) => others.map((axis) => row.values[axis]!);
  const find = (update: string, place: string) =>
    rows.find((row) => row.values.update === update && where(row).join("/") === place)?.scores[column]?.values ?? [];
  const places = [...new Map(rows.map((row) => [where(row).join("/"), where(row)]))];
  return places.flatMap(([place, names]) => {
    const [all, top] = [find("all", place), find("topK", place)];
    const both = all.filter(({ seed }) => top.some((other) => other.seed === seed));
    const scoreOf = (list: typeof all, seed: number) => list.find((item) => item.seed === seed)!.value;
    const seeds = both.map(({ seed }) => seed);
    if (seeds.length === 0) return [];
    return [{ where: names, seeds, all: both.map(({ value }) => value), top: seeds.map((seed) => scoreOf(top, seed)) }];
  });
}

const differencesOf = ({ all, top }: Pair): number[] => top.map((value, i) => value - all[i]!);

/**
 * The difference (topK minus all) over several cells: its mean over the cells for each seed, with the interval over seeds,
 * since runs of one seed share their images' order. Only seeds that every cell has.
 */
export function pooled(pairs: readonly Pair[]): Interval {
  const seeds = (pairs[0]?.seeds ?? []).filter((seed) => pairs.every((pair) => pair.seeds.includes(seed)));
  return interval(seeds.map((seed) => mean(pairs.map((pair) => differencesOf(pair)[pair.seeds.indexOf(seed)]!))));
}

/** Whether an interval lies on one side of 0, and whether that is the better side. */
function verdictOf({ mean: centre, halfWidth }: Interval, better: "lower" | "higher"): "better" | "worse" | undefined {
  if (!(Math.abs(centre) > halfWidth)) return undefined;
  return centre < 0 === (better === "lower") ? "better" : "worse";
}

const signed = (value: Interval): string => (value.mean > 0 ? `+${spreadText(value)}` : spreadText(value));
const table = (lines: readonly (readonly string[])[], left: number): string =>
  [lines[0]!, lines[0]!.map((_, i) => (i < left ? "---" : "---:")), ...lines.slice(1)]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

/**
 * The comparison as Markdown, a section for each score that has a better side: every cell with mean ± 95 % confidence
 * interval over seeds, the paired difference, the sum of the verdicts, and the differences over GANs and batch sizes.
 *
 * @example
 * process.stdout.write(updateTables(readStoredTable("sweeps/top-k-mnist")));
 */
export function updateTables(stored: StoredTable): string {
  const others = stored.axes.filter((axis) => axis !== "update");
  const sections = stored.columns.flatMap(({ name, better }, column) => {
    const pairs = pairsOf(stored, column);
    if (better === undefined || pairs.length === 0) return [];
    const verdicts = pairs.map((pair) => verdictOf(interval(differencesOf(pair)), better));
    const rows = pairs.map((pair) => {
      const [all, top] = [interval(pair.all), interval(pair.top)];
      const apart = separated(all, top);
      const bold = (own: Interval, other: Interval) =>
        apart && own.mean < other.mean === (better === "lower") ? `**${spreadText(own)}**` : spreadText(own);
      return [
        ...pair.where,
        pair.seeds.join(" "),
        bold(all, top),
        bold(top, all),
        signed(interval(differencesOf(pair))),
      ];
    });
    const nearer = pairs.filter((pair) => {
      const difference = mean(differencesOf(pair));
      return better === "lower" ? difference < 0 : difference > 0;
    }).length;
    const count = (wanted: "better" | "worse") => verdicts.filter((verdict) => verdict === wanted).length;
    const summary =
      `Top-k has the better mean in ${nearer} of ${pairs.length} cells; the paired difference is apart from 0 for the better ` +
      `in ${count("better")} and for the worse in ${count("worse")}.`;
    const groups = others.flatMap((axis, i) =>
      [...new Set(pairs.map(({ where }) => where[i]!))].map((value) => {
        const own = pairs.filter(({ where }) => where[i] === value);
        return [`${axis} ${value}`, `${own.length}`, signed(pooled(own))];
      }),
    );
    return [
      `### ${name} (${better} is better)`,
      table([[...others, "seeds", "all", "top-k", "top-k minus all"], ...rows], others.length + 1),
      summary,
      table(
        [["over", "cells", "top-k minus all"], ...groups, ["all cells", `${pairs.length}`, signed(pooled(pairs))]],
        1,
      ),
    ];
  });
  return `${sections.join("\n\n")}\n`;
}
