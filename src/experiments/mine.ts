/**
 * MINE compared with the truth: Gaussian vectors x and y of d columns each, correlated column by column with rho, share
 * I(x; y) = -d / 2 log(1 - rho^2) nats (the check of Belghazi et al. 2018, section 4.1).
 */
import { z } from "zod";
import { counted } from "../base/counted.ts";
import { bandChart } from "../figures/index.ts";
import { mine as estimateInformation } from "../metrics/index.ts";
import { engineSummary, Generator, noGrad, scope, Tensor } from "../tensor/index.ts";
import { defineExperiment } from "./experiment.ts";
import { markdownTable } from "./markdown.ts";
import { seeds, whole } from "./options.ts";
import { engine, grouped, secondsSince } from "./page.ts";
import { interval, mean, overSeeds, range } from "./statistics.ts";
import { spreadText } from "./sweep/index.ts";

const schema = z.strictObject({
  format: z.literal(1),
  dimensions: z.int().min(1),
  rho: z.number().gt(-1).lt(1),
  seed: z.int().min(0),
  /** The number of pairs, and updates of the statistics network. */
  pairs: z.int(),
  steps: z.int(),
  /** The truth, -dimensions / 2 log(1 - rho^2), and the estimate, in nats. */
  truth: z.number(),
  estimate: z.number(),
  /** log of the pairs that the estimate was taken from, and how many independent ones carry its second term. */
  ceiling: z.number(),
  effectivePairs: z.number(),
  /** The update that was chosen. */
  chosen: z.int(),
  seconds: z.number(),
  engine,
});

/** One estimate. */
export type MineRecord = z.output<typeof schema>;

/** I(x; y) in nats. */
export function gaussianInformation(dimensions: number, rho: number): number {
  return -0.5 * dimensions * Math.log1p(-rho * rho);
}

/** Pairs x, y float32 [pairs, dimensions], standard normal in every column. */
export function correlatedGaussians(
  dimensions: number,
  rho: number,
  seed: number,
  pairs: number,
): { x: Tensor; y: Tensor } {
  return noGrad(() =>
    scope(() => {
      const generator = new Generator(seed);
      const x = Tensor.randn([pairs, dimensions], { generator });
      const rest = Tensor.randn([pairs, dimensions], { generator }).mul_(Math.sqrt(1 - rho * rho));
      return { x, y: x.mul(rho).add(rest) };
    }),
  );
}

/** How far from the truth an estimate may lie: 0.02 nats, or 5 % where that is more. */
export const tolerance = (truth: number): number => Math.max(0.02, 0.05 * truth);

/** Records that are compared: of one number of dimensions, pairs and steps; each with a list for each correlation. */
function groupsOf(records: readonly MineRecord[]) {
  return grouped(records, ({ dimensions, pairs, steps }) => [dimensions, pairs, steps].join("/")).map((own) => {
    const { dimensions } = own[0]!;
    const title = counted(dimensions, "dimension");
    return { ...own[0]!, title, cells: grouped(own, ({ rho }) => `${rho}`) };
  });
}
type Group = ReturnType<typeof groupsOf>[number];

const spreadOf = (cell: readonly MineRecord[]) => interval(cell.map(({ estimate }) => estimate));

const HEADER = [
  "rho",
  "truth, nats",
  "MINE",
  "furthest seed",
  "allowed",
  "within",
  "seeds",
  "fewest effective pairs",
  "s each",
];

/** Mean ± 95 % confidence interval over seeds, the seed that lies furthest from the truth, and the fewest effective pairs of a seed. */
function tableOf({ cells }: Group): string {
  const rows = cells.map((cell) => {
    const { rho, truth } = cell[0]!;
    const errors = cell.map(({ estimate }) => estimate - truth);
    const furthest = errors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    const allowed = tolerance(truth);
    const within = errors.filter((error) => Math.abs(error) <= allowed).length;
    return [
      `${rho}`,
      truth.toFixed(4),
      spreadText(spreadOf(cell)),
      `${furthest < 0 ? "-" : "+"}${Math.abs(furthest).toFixed(4)}`,
      allowed.toFixed(4),
      `${within} of ${cell.length}`,
      cell.map(({ seed }) => seed).join(" "),
      Math.min(...cell.map(({ effectivePairs }) => effectivePairs)).toFixed(0),
      mean(cell.map(({ seconds }) => seconds)).toFixed(0),
    ];
  });
  return markdownTable(HEADER, rows);
}

/** All tables as one Markdown text. */
export function mineTables(records: readonly MineRecord[]): string {
  const parts = groupsOf(records).flatMap((group) => [
    `### ${group.title}`,
    `${group.pairs.toLocaleString("en")} pairs, ${group.steps.toLocaleString("en")} updates; log N = ${group.ceiling.toFixed(2)} nats for the N pairs of the estimate.`,
    tableOf(group),
  ]);
  return `${parts.join("\n\n")}\n`;
}

function figureOf({ title, cells, ceiling }: Group): string {
  const reached = cells.some(([first]) => first!.truth > ceiling);
  const found = cells.map((cell) => ({ x: cell[0]!.rho, ...spreadOf(cell) }));
  return bandChart({
    title: `Mutual information in nats, ${title}${reached ? "; dashed: log N" : ""}`,
    xName: "rho",
    bands: [
      { name: "closed form", points: cells.map(([first]) => ({ x: first!.rho, mean: first!.truth })) },
      { name: `MINE: ${overSeeds(cells.map(({ length }) => length))}`, points: found },
    ],
    range: { min: 0 },
    level: reached ? ceiling : undefined,
  });
}

const CORRELATION = { error: "must be numbers between -1 and 1, such as 0.1,0.5" };

/** `gantry lab mine`. */
export const mine = defineExperiment({
  name: "mine",
  description: "Estimates the mutual information of correlated Gaussians by MINE, and compares with the closed form.",
  examples: [
    { line: "gantry lab mine", does: "three dimensions, nine correlations, three seeds: 81 estimates of seconds each" },
    { line: "gantry lab mine --dimensions 1 --rhos 0.5 --seeds 10", does: "how much chance there is in one of them" },
  ],
  options: {
    dimensions: z.array(whole()).default([1, 5, 20]).describe("columns of x and of y"),
    rhos: z
      .array(z.number(CORRELATION).gt(-1, CORRELATION).lt(1, CORRELATION))
      .default([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
      .describe("correlations of the columns, between -1 and 1"),
    seeds: seeds(3, "estimates of each; a seed draws its own pairs and its own network"),
    pairs: whole(16)
      .default(40_000)
      .describe("pairs of an estimate: half train, a quarter chooses when to stop, a quarter is estimated from"),
    steps: whole().default(3_000).describe("updates of the statistics network"),
  },
  record: schema,
  key: ["dimensions", "rho", "seed"],
  order: ({ dimensions, rho, seed }) => [dimensions, rho, seed],
  prepare: ({ dimensions, rhos, seeds, pairs, steps }, { note }) => ({
    shared: { pairs, steps },
    cells: range(seeds).flatMap((seed) => dimensions.flatMap((d) => rhos.map((rho) => ({ dimensions: d, rho, seed })))),
    measure: ({ dimensions, rho, seed }) =>
      scope(() => {
        const begun = performance.now();
        const { x, y } = correlatedGaussians(dimensions, rho, seed, pairs);
        const { estimate, ceiling, effectivePairs, step, warning } = estimateInformation(x, y, { seed, steps });
        if (warning !== undefined) note(`${dimensions} dimensions, rho ${rho}, seed ${seed}: ${warning}`);
        const truth = gaussianInformation(dimensions, rho);
        const seconds = secondsSince(begun);
        return {
          format: 1,
          dimensions,
          rho,
          seed,
          pairs,
          steps,
          truth,
          estimate,
          ceiling,
          effectivePairs,
          chosen: step,
          seconds,
          engine: { ...engineSummary() },
        };
      }),
  }),
  page(records) {
    const groups = groupsOf(records);
    const figures = groups.map((group, i) => {
      const { dimensions, pairs, steps, title } = group;
      const first = groups.findIndex((other) => other.dimensions === dimensions) === i;
      return {
        name: `mine-${dimensions}${first ? "" : `-pairs-${pairs}-steps-${steps}`}`,
        svg: figureOf(group),
        title,
      };
    });
    return { tables: mineTables(records), figures };
  },
});
