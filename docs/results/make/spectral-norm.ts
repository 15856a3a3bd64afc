/** spectral-norm.md: a small DCGAN with spectral norm in both networks and without. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { spectralNorm, spectralNormFamily } from "../../../src/experiments/claims/spectral-norm.ts";
import { bandChart } from "../../../src/figures/index.ts";
import {
  type Difference,
  differenceCells,
  each,
  familyText,
  find,
  markdownTable,
  shownOf,
  spreadOf,
  statistics,
} from "./compare.ts";
import { cellOf, cellsOf } from "./records.ts";
import { FID, INCEPTION, MODES } from "./scores.ts";

const DATA = { mnist: "MNIST", "fashion-mnist": "Fashion-MNIST", cifar10: "CIFAR-10" } as const;
const ARMS = { none: "no", both: "in both" } as const;
const BATCHES = ["32", "64"] as const;

const cells = cellsOf("spectral-norm");
const family: Difference[] = spectralNormFamily(cells);

/** Scores of each data set, batch and arm: the values of each seed, and mean ± interval. */
function scoreTable(): string {
  const rows = Object.entries(DATA).flatMap(([data, name]) =>
    BATCHES.flatMap((batch) =>
      Object.entries(ARMS).map(([arm, armName]) => {
        const cell = cellOf(cells, data, arm, batch);
        const scores = [FID, INCEPTION].flatMap(({ of }) => [each(of(cell)), spreadOf(of(cell))]);
        return [name, batch, armName, ...scores, each(MODES.of(cell), 0)];
      }),
    ),
  );
  const header = ["FID, each seed", "FID", "Inception Score, each seed", "Inception Score", "classes found of 10"];
  return markdownTable(["data", "batch", "spectral norm", ...header], rows, 3);
}

/** With spectral norm minus without, both batches together. */
function differenceTable(): string {
  const rows = Object.entries(DATA).map(([data, name]) => [
    name,
    ...[FID, INCEPTION].flatMap((score) => differenceCells(find(family, data, score.name))),
  ]);
  const header = ["FID", "p (Holm)", "Inception Score", "p (Holm)"];
  return `${markdownTable(["with minus without", ...header], rows, 1)}\n\n${familyText(family)}`;
}

const WORTH = { confirmed: "better scores", refuted: "worse scores", undecided: "undecided" } as const;

const answer = (): string =>
  `${WORTH[spectralNorm.finding(cells).outcome]}, with minus without: ${shownOf(family, `none of ${family.length} differences in FID and Inception Score on three data sets is shown`)}`;

export const answers = { spectralNorm: answer };

export const parts: Readonly<Record<string, () => string>> = {
  answer: () => `**Short answer.** Spectral norm in both networks of a small DCGAN: ${answer()}.`,
  scores: scoreTable,
  differences: differenceTable,
};

/** Scores at each evaluation of a run; see curves.js. */
interface RunCurve {
  readonly run: string;
  readonly scores: readonly { readonly step: number; readonly fid: number; readonly inceptionScore: number }[];
}

/** The score of one data set over training, as means over seeds with their intervals. */
function curves(data: keyof typeof DATA, score: "fid" | "inceptionScore", title: string): string {
  const file = join(import.meta.dirname, "../data/spectral-norm-curves.json");
  const runs = JSON.parse(readFileSync(file, "utf8")) as readonly RunCurve[];
  const bands = BATCHES.flatMap((batch) =>
    Object.keys(ARMS).map((arm) => {
      const own = runs.filter(({ run }) => run.startsWith(`data=${data}_spectralNorm=${arm}_batchSize=${batch}-`));
      const points = own[0]!.scores.map(({ step }, i) => {
        const { mean, halfWidth } = statistics.interval(own.map(({ scores }) => scores[i]![score]));
        return { x: step, mean, halfWidth };
      });
      return { name: `${arm === "none" ? "DCGAN" : "SN-DCGAN"}, batch ${batch}`, points };
    }),
  );
  return bandChart({
    title: `${title} of ${DATA[data]}, mean and 95 % interval of 3 seeds`,
    xName: "step",
    bands,
    range: { min: 0 },
  });
}

export const figures: Readonly<Record<string, () => string>> = Object.fromEntries(
  (Object.keys(DATA) as (keyof typeof DATA)[]).flatMap((data) => [
    [`spectral-norm/${data}-fid.svg`, () => curves(data, "fid", "FID")],
    [`spectral-norm/${data}-inception-score.svg`, () => curves(data, "inceptionScore", "Inception Score")],
  ]),
);
