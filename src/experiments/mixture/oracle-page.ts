/** Tables and figures of the oracle experiment. */
import { barPanels } from "../../figures/index.ts";
import { markdownTable } from "../markdown.ts";
import { grouped } from "../page.ts";
import { interval } from "../statistics.ts";
import { ringNames } from "./motions.ts";
import { knownOrNull, type Method, methods, type OracleRecord, partsOf } from "./oracle-record.ts";
import { setupWords, updateNames, updates } from "./setup.ts";

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const thousands = (value: number): string => value.toLocaleString("en");

function stepsOf({ cosines }: OracleRecord): number[] {
  return [...new Set(cosines.map(({ step }) => step))];
}

function titleOf({ run, kept }: OracleRecord, method: Method): string {
  const rule = method === "gradient" ? "one plain gradient step" : `one step of ${run.optimizer}, moments copied`;
  const share = kept === 0.5 ? "" : `; the better ${kept} of a batch and the rest`;
  return `${rule}${share}; ${runName(run)}, seed ${run.seed}`;
}

type Cell = OracleRecord["cosines"][number]["rings"][number];

function cellText({ mean, halfWidth }: Pick<Cell, "mean" | "halfWidth">): string {
  if (mean === null) return "–";
  const spread = halfWidth === null ? "" : ` ± ${halfWidth.toFixed(2)}`;
  return `${mean > 0 ? "+" : ""}${mean.toFixed(2)}${spread}`;
}

/** The rings of one snapshot: a row with the samples in them, and a row for each update. */
function rowsOf(record: OracleRecord, method: Method, step: number): string[][] {
  const own = record.cosines.filter((one) => one.step === step && one.method === method);
  const total = sumOf(own[0]!.rings.map(({ count }) => count));
  const share = ({ count }: Cell) => `${thousands(count)} (${((100 * count) / Math.max(1, total)).toFixed(1)} %)`;
  const counts = [thousands(step), "*samples*", ...own[0]!.rings.map(share)];
  return [
    counts,
    ...updates.flatMap((update) => {
      const found = own.find((one) => one.update === update);
      if (found === undefined) return [];
      const name = rowName(record, update);
      return [
        ["", name, ...found.rings.map(cellText)],
        ...(found.fresh ? [["", `${name}, fresh z`, ...found.fresh.map(cellText)]] : []),
      ];
    }),
  ];
}

function rowName({ batchSize, kept, k }: OracleRecord, update: (typeof updates)[number]): string {
  const { bottom } = partsOf(batchSize, kept);
  return { all: `all ${batchSize}`, top: `top ${k}`, bottom: `bottom ${bottom}`, random: `random ${k}` }[update];
}

/**
 * Of each ring's samples: the share that the discriminator puts into the worst quarter, and into the worse half, of the
 * batch.
 */
function quartersTable({ quarters }: OracleRecord): string {
  const rows = quarters.flatMap(({ step, rings }) =>
    (["worst quarter", "worse half"] as const).map((part, i) => [
      i === 0 ? thousands(step) : "",
      part,
      ...rings.map((counts) => {
        const total = sumOf(counts);
        const inside = sumOf(counts.slice(i === 0 ? 3 : 2));
        return total === 0 ? "–" : `${((100 * inside) / total).toFixed(0)} %`;
      }),
    ]),
  );
  return markdownTable(["snapshot", "in the", ...ringNames], rows, 2);
}

/** Records whose seeds are repetitions of each other: of one mixture, one update and one share. */
export const groupsOf = (records: readonly OracleRecord[]): OracleRecord[][] =>
  grouped(records, ({ run, kept }) => [runName(run), kept].join("/"));

/** `25 modes, trained on all samples`, with what differs from the standard set-up. */
const runName = (run: OracleRecord["run"]): string =>
  [`${run.modes} modes`, ...setupWords(run).map(({ text }) => text), `trained on ${updateNames[run.update]}`].join(
    ", ",
  );

/** `half`, or `0.75`. */
const shareNames = (kept: number): readonly [better: string, worse: string] =>
  kept === 0.5 ? ["top half", "bottom half"] : [`top ${kept}`, `bottom ${Number((1 - kept).toPrecision(6))}`];

/**
 * What the runs of a group have in common, a row for each question, with 95 % confidence intervals over seeds: how many
 * samples lie in each ring, how many of these stand in the worst quarter of their batch, and where a plain gradient
 * step on either part moves them.
 */
function acrossSeeds(group: readonly OracleRecord[]): string {
  const [better, worse] = shareNames(group[0]!.kept);
  const steps = stepsOf(group[0]!).filter((step) => group.every((record) => stepsOf(record).includes(step)));
  const rows = steps.flatMap((step) => {
    const standing = group.map(({ quarters }) => quarters.find((one) => one.step === step)!.rings);
    const total = (rings: (typeof standing)[number]) => sumOf(rings.map(sumOf));
    const cosinesOf = (update: (typeof updates)[number], ring: number, of: "rings" | "fresh") =>
      group.flatMap(({ cosines }) => {
        const found = cosines.find((one) => one.step === step && one.method === "gradient" && one.update === update)!;
        return found[of]?.[ring]?.mean ?? [];
      });
    const percent = (values: readonly number[]): string => {
      const { mean, halfWidth } = interval(values.map((value) => 100 * value));
      return values.length === 0
        ? "–"
        : `${mean.toFixed(0)}${Number.isFinite(halfWidth) ? ` ± ${halfWidth.toFixed(0)}` : ""} %`;
    };
    const cosine = (update: (typeof updates)[number], of: "rings" | "fresh" = "rings") =>
      ringNames.map((_, ring) => {
        const { mean, halfWidth } = interval(cosinesOf(update, ring, of));
        return cellText({ mean: knownOrNull(mean), halfWidth: knownOrNull(halfWidth) });
      });
    const measuredFresh = group.every(({ cosines }) => cosines.every(({ fresh }) => fresh !== undefined));
    return [
      [
        thousands(step),
        "*share of samples*",
        ...ringNames.map((_, i) => percent(standing.map((rings) => sumOf(rings[i]!) / total(rings)))),
      ],
      [
        "",
        "*in the worst quarter*",
        ...ringNames.map((_, i) =>
          percent(standing.flatMap((rings) => (sumOf(rings[i]!) > 0 ? [rings[i]![3]! / sumOf(rings[i]!)] : []))),
        ),
      ],
      ["", `cosine, ${better}`, ...cosine("top")],
      ["", `cosine, ${worse}`, ...cosine("bottom")],
      ...(measuredFresh
        ? [
            ["", `cosine, ${better}, fresh z`, ...cosine("top", "fresh")],
            ["", `cosine, ${worse}, fresh z`, ...cosine("bottom", "fresh")],
          ]
        : []),
    ];
  });
  const seeds = group.map(({ run }) => run.seed).join(", ");
  return `#### ${runName(group[0]!.run)}: one plain gradient step, over seeds ${seeds}\n\n${markdownTable(["snapshot", "", ...ringNames], rows, 2)}`;
}

/**
 * The tables as Markdown: of runs that differ in the seed, what they have in common; then of each run the mean cosine ±
 * 95 % confidence interval over batches, and where the samples of each ring stand.
 */
export function oracleTables(records: readonly OracleRecord[]): string {
  const tables = records.flatMap((record) => {
    const cosines = methods.map((method) => {
      const rows = stepsOf(record).flatMap((step) => rowsOf(record, method, step));
      const table = markdownTable(["snapshot", "update on", ...ringNames], rows, 2);
      const lr = method === "gradient" ? `, learning rate ${record.lr}` : "";
      const title = titleOf(record, method);
      return `#### ${title[0]!.toUpperCase()}${title.slice(1)}\n\n${record.batches} batches of ${record.batchSize} a snapshot${lr}.\n\n${table}`;
    });
    const standing = `#### Where the discriminator puts the samples of each ring; ${runName(record.run)}, seed ${record.run.seed}`;
    return [...cosines, `${standing}\n\n${quartersTable(record)}`];
  });
  const summaries = groupsOf(records).flatMap((group) => (group.length > 1 ? [acrossSeeds(group)] : []));
  return `${[...summaries, ...tables].join("\n\n")}\n`;
}

/** The figure of one record: a panel for each snapshot. */
export function figureOf(record: OracleRecord, method: Method): string {
  const panels = stepsOf(record).map((step) => {
    const own = record.cosines.filter((one) => one.step === step && one.method === method);
    const total = sumOf(own[0]!.rings.map(({ count }) => count));
    return {
      title: `after ${thousands(step)} iterations`,
      series: updates.map((update) => own.find((one) => one.update === update)?.rings ?? []),
      notes: own[0]!.rings.map(({ count }) => `${((100 * count) / Math.max(1, total)).toFixed(0)} %`),
    };
  });
  return barPanels({
    title: `Cosine to the nearest mode: ${titleOf(record, method)}`,
    footnote: "In gray: the share of the samples that lies in the ring.",
    categories: ringNames,
    series: updates.map((update) => rowName(record, update)),
    panels,
  });
}
