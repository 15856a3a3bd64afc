/** The page of the experiment: a table and a figure for each number of dimensions, made of the records alone. */
import { join } from "node:path";
import { bandChart } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { writeFigure } from "../mixture/figures.ts";
import { interval, overSeeds } from "../statistics.ts";
import { spreadText } from "../sweep/render.ts";
import type { MineRecord } from "./record.ts";

/** How far from the truth an estimate may lie: 0.02 nats, or 5 % where that is more. */
export function tolerance(truth: number): number {
  return Math.max(0.02, 0.05 * truth);
}

/** Estimates of one information, a record for each seed. */
interface Cell {
  readonly rho: number;
  readonly truth: number;
  readonly records: readonly MineRecord[];
}

/** Records that are compared: of one number of dimensions, pairs and steps. */
interface Group {
  readonly dimensions: number;
  readonly pairs: number;
  readonly steps: number;
  readonly ceiling: number;
  readonly cells: readonly Cell[];
}

/** The values in lists of one key, in the order in which the keys come. */
function grouped<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return [...groups.values()];
}

function groupsOf(records: readonly MineRecord[]): Group[] {
  const alike = ({ dimensions, pairs, steps }: MineRecord) => [dimensions, pairs, steps].join("/");
  return grouped(records, alike).map((own) => {
    const { dimensions, pairs, steps, ceiling } = own[0]!;
    const cells = grouped(own, ({ rho }) => `${rho}`).map((same) => {
      const { rho, truth } = same[0]!;
      return { rho, truth, records: same };
    });
    return { dimensions, pairs, steps, ceiling, cells };
  });
}

const estimatesOf = ({ records }: Cell): number[] => records.map(({ estimate }) => estimate);

function tableOf({ cells }: Group): string {
  const header = [
    "rho",
    "truth, nats",
    "MINE",
    "furthest seed",
    "allowed",
    "within",
    "seeds",
    "effective pairs",
    "s each",
  ];
  const rows = cells.map((cell) => {
    const { rho, truth, records } = cell;
    const errors = records.map(({ estimate }) => estimate - truth);
    const furthest = errors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    const allowed = tolerance(truth);
    const within = errors.filter((error) => Math.abs(error) <= allowed).length;
    const seconds = records.reduce((sum, record) => sum + record.seconds, 0) / records.length;
    return [
      `${rho}`,
      truth.toFixed(4),
      spreadText(interval(estimatesOf(cell))),
      `${furthest < 0 ? "-" : "+"}${Math.abs(furthest).toFixed(4)}`,
      allowed.toFixed(4),
      `${within} of ${records.length}`,
      records.map(({ seed }) => seed).join(" "),
      Math.min(...records.map(({ effectivePairs }) => effectivePairs)).toFixed(0),
      seconds.toFixed(0),
    ];
  });
  const rule = header.map(() => "---:");
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const titleOf = ({ dimensions }: Group): string => `${dimensions} ${dimensions === 1 ? "dimension" : "dimensions"}`;

/** All tables as Markdown: mean ± 95 % confidence interval over seeds, and the seed that lies furthest from the truth. */
export function mineTables(records: readonly MineRecord[]): string {
  const parts = groupsOf(records).flatMap((group) => [
    `### ${titleOf(group)}`,
    `${group.pairs.toLocaleString("en")} pairs, ${group.steps.toLocaleString("en")} updates; log N = ${group.ceiling.toFixed(2)} nats for the N pairs of the estimate.`,
    tableOf(group),
  ]);
  return `${parts.join("\n\n")}\n`;
}

function figureOf(group: Group): string {
  const { cells, ceiling } = group;
  const spread = overSeeds(cells.map(({ records }) => records.length));
  const found = cells.map((cell) => {
    const { mean, halfWidth } = interval(estimatesOf(cell));
    return { x: cell.rho, mean, halfWidth };
  });
  const reached = cells.some(({ truth }) => truth > ceiling);
  return bandChart({
    title: `Mutual information in nats, ${titleOf(group)}${reached ? "; dashed: log N" : ""}`,
    xName: "rho",
    bands: [
      { name: "closed form", points: cells.map(({ rho, truth }) => ({ x: rho, mean: truth })) },
      { name: `MINE: ${spread}`, points: found },
    ],
    range: { min: 0 },
    level: reached ? ceiling : undefined,
  });
}

/** Writes `tables.md` and `figures/mine-1.svg` (.png), ... of records into a folder, and gives the tables. */
export async function writeMinePage(folder: string, records: readonly MineRecord[]): Promise<string> {
  const tables = mineTables(records);
  const images: string[] = [];
  for (const group of groupsOf(records)) {
    const { dimensions, pairs, steps } = group;
    const plain = `mine-${dimensions}`;
    const name = images.some((image) => image.includes(`${plain}.svg`))
      ? `${plain}-pairs-${pairs}-steps-${steps}`
      : plain;
    await writeFigure(join(folder, "figures"), name, figureOf(group));
    images.push(`![${titleOf(group)}](figures/${name}.svg)`);
  }
  writeFileAtomic(join(folder, "tables.md"), [`${[tables.trimEnd(), ...images].join("\n\n")}\n`]);
  return tables;
}
