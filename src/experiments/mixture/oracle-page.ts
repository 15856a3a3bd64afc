/** The tables and figures of the oracle experiment, made of its records. */

import { join } from "node:path";
import { barPanels } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { recordFiles } from "../record-files.ts";
import { interval } from "../statistics.ts";
import { updateNames, updates } from "./experiment.ts";
import { writeFigure } from "./figures.ts";
import { ringNames } from "./oracle.ts";
import { known, type Method, methods, type OracleRecord, oracleSchema } from "./oracle-run.ts";

/**
 * All records of a folder, in the order of their names.
 * @throws UserError for a damaged one, or when there is none.
 */
export function readOracles(folder: string): OracleRecord[] {
  return recordFiles(folder, /^oracle-.*\.json$/, "oracle").map((path) => readJsonFile(path, oracleSchema));
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const thousands = (value: number): string => value.toLocaleString("en");

function stepsOf({ cosines }: OracleRecord): number[] {
  return [...new Set(cosines.map(({ step }) => step))];
}

function titleOf({ run }: OracleRecord, method: Method): string {
  const rule = method === "gradient" ? "one plain gradient step" : `one step of ${run.optimizer}, moments copied`;
  return `${rule}; ${run.modes} modes, trained on ${updateNames[run.update]}, seed ${run.seed}`;
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
      return found ? [["", rowName(record, update), ...found.rings.map(cellText)]] : [];
    }),
  ];
}

function rowName({ batchSize, k }: OracleRecord, update: (typeof updates)[number]): string {
  return { all: `all ${batchSize}`, top: `top ${k}`, bottom: `bottom ${k}`, random: `random ${k}` }[update];
}

function markdown(header: readonly string[], left: number, rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, i) => (i === left ? "---" : "---:"));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Of each ring's samples: the share that the discriminator puts into the worst quarter, and into the worse half, of the batch. */
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
  return markdown(["snapshot", "in the", ...ringNames], 1, rows);
}

/** Records whose seeds are repetitions of each other: of one mixture and one update. */
function groupsOf(records: readonly OracleRecord[]): OracleRecord[][] {
  const groups = new Map<string, OracleRecord[]>();
  for (const record of records) {
    const key = `${record.run.modes}/${record.run.update}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()];
}

/**
 * What the runs of a group have in common, a row for each question, with 95 % confidence intervals over seeds: how many samples
 * lie in each ring, how many of these stand in the worst quarter of their batch, and where a plain gradient step on either
 * half moves them.
 */
function acrossSeeds(group: readonly OracleRecord[]): string {
  const steps = stepsOf(group[0]!).filter((step) => group.every((record) => stepsOf(record).includes(step)));
  const rows = steps.flatMap((step) => {
    const standing = group.map(({ quarters }) => quarters.find((one) => one.step === step)!.rings);
    const total = (rings: (typeof standing)[number]) => sumOf(rings.map(sumOf));
    const cosinesOf = (update: (typeof updates)[number], ring: number) =>
      group.flatMap(({ cosines }) => {
        const found = cosines.find((one) => one.step === step && one.method === "gradient" && one.update === update)!;
        return found.rings[ring]!.mean ?? [];
      });
    const percent = (values: readonly number[]): string => {
      const { mean, halfWidth } = interval(values.map((value) => 100 * value));
      return values.length === 0
        ? "–"
        : `${mean.toFixed(0)}${Number.isFinite(halfWidth) ? ` ± ${halfWidth.toFixed(0)}` : ""} %`;
    };
    const cosine = (update: (typeof updates)[number]) =>
      ringNames.map((_, ring) => {
        const { mean, halfWidth } = interval(cosinesOf(update, ring));
        return cellText({ mean: known(mean), halfWidth: known(halfWidth) });
      });
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
      ["", "cosine, top half", ...cosine("top")],
      ["", "cosine, bottom half", ...cosine("bottom")],
    ];
  });
  const { modes, update } = group[0]!.run;
  const seeds = group.map(({ run }) => run.seed).join(", ");
  return `#### ${modes} modes, trained on ${updateNames[update]}: one plain gradient step, over seeds ${seeds}\n\n${markdown(["snapshot", "", ...ringNames], 1, rows)}`;
}

/**
 * The tables as Markdown: of runs that differ in the seed, what they have in common; then of each run the mean cosine ± 95 %
 * confidence interval over batches, and where the samples of each ring stand.
 */
export function oracleTables(records: readonly OracleRecord[]): string {
  const tables = records.flatMap((record) => {
    const cosines = methods.map((method) => {
      const rows = stepsOf(record).flatMap((step) => rowsOf(record, method, step));
      const table = markdown(["snapshot", "update on", ...ringNames], 1, rows);
      const lr = method === "gradient" ? `, learning rate ${record.lr}` : "";
      const title = titleOf(record, method);
      return `#### ${title[0]!.toUpperCase()}${title.slice(1)}\n\n${record.batches} batches of ${record.batchSize} a snapshot${lr}.\n\n${table}`;
    });
    const { modes, update, seed } = record.run;
    const standing = `#### Where the discriminator puts the samples of each ring; ${modes} modes, trained on ${updateNames[update]}, seed ${seed}`;
    return [...cosines, `${standing}\n\n${quartersTable(record)}`];
  });
  const summaries = groupsOf(records).flatMap((group) => (group.length > 1 ? [acrossSeeds(group)] : []));
  return `${[...summaries, ...tables].join("\n\n")}\n`;
}

function figureOf(record: OracleRecord, method: Method): string {
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

/** Writes `oracle.md` of records, and `figures/oracle-...` of the first seed of each kind of run, and gives the tables. */
export async function writeOraclePage(folder: string, records: readonly OracleRecord[]): Promise<string> {
  const tables = oracleTables(records);
  const images: string[] = [];
  for (const [record] of groupsOf(records)) {
    if (record === undefined) continue;
    for (const method of methods) {
      const { modes, update, seed } = record.run;
      const name = `oracle-modes-${modes}-${update}-seed${seed}-${method}`;
      images.push(
        `![${name}](figures/${await writeFigure(join(folder, "figures"), name, figureOf(record, method))}.svg)`,
      );
    }
  }
  writeFileAtomic(join(folder, "oracle.md"), [`${[tables.trimEnd(), ...images].join("\n\n")}\n`]);
  return tables;
}
