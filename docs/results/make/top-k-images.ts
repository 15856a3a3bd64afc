/** top-k-images.md: the sweeps of images, their learning rates, and anomaly detection. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AnomalyRecord } from "../../../src/experiments/anomaly/anomaly.ts";
import { anomalyArms, SCORE_NAMES } from "../../../src/experiments/anomaly/updates.ts";
import {
  readUpdates,
  type UpdateDifference,
  updateDifferences,
  updateTables,
} from "../../../src/experiments/images.ts";
import {
  type Difference,
  differenceCells,
  differenceText,
  familyOf,
  familyText,
  listed,
  markdownTable,
  shown,
  signedText,
  spreadText,
  statistics,
} from "./compare.ts";
import { intervalFigure } from "./intervals.ts";
import { labRecords, recordsFile } from "./records.ts";

const { pooled } = statistics;

const stored = (name: string) => readUpdates(recordsFile(`top-k-images/${name}`));
const sweep = (name: string): UpdateDifference[] => updateDifferences(stored(name)).groups;
const group = (of: readonly UpdateDifference[], score: string, where: string): UpdateDifference =>
  of.find((one) => one.score.startsWith(`${score}@`) && one.where[0] === where)!;
const text = ({ tested, corrected }: UpdateDifference): string => differenceText({ tested, p: corrected });

const NAMES: Readonly<Record<string, string>> = {
  fid: "FID",
  inceptionScore: "Inception Score",
  modes: "modes",
  entropy: "entropy",
  reverseKl: "reverse KL",
};
const scoreName = ({ score }: UpdateDifference): string => NAMES[score.split("@")[0]!]!;

/** The differences of a sweep's groups that stay after the correction, for the better or the worse. */
function staying(of: readonly UpdateDifference[], side: "better" | "worse"): string[] {
  return of
    .filter(({ score, corrected }) => corrected < 0.05 && !score.startsWith("reverseKl@"))
    .filter(({ tested, better }) => (tested.mean < 0 === (better === "lower") ? "better" : "worse") === side)
    .map(
      (one) => `${one.where[0]!.replace(/^gan /, "").replace("batchSize", "batch")}, ${scoreName(one)} ${text(one)}`,
    );
}

function answer(): string {
  const mnist = sweep("mnist");
  const residual = sweep("residual-mnist");
  const gains = [...staying(mnist, "better"), ...staying(residual, "better")];
  const losses = [...staying(mnist, "worse"), ...staying(residual, "worse")];
  const verdict = gains.length === 0 ? "No GAN is shown to gain" : `Shown to be better: ${listed(gains)}`;
  const worse = losses.length === 0 ? "none is shown to lose" : `shown to be worse: ${listed(losses)}`;
  return (
    `${verdict}; ${worse}. ` +
    `Top-k changes FID by ${text(group(mnist, "fid", "all cells"))} over the 15 cells of five GANs, ` +
    `by ${text(group(residual, "fid", "all cells"))} over the six of SNGAN and SAGAN`
  );
}

/** The comparison of some scores; reverse KL is ln 10 minus the entropy and is left out. */
function sections(name: string, scores: readonly string[]): string {
  const all = updateTables(stored(name))
    .trimEnd()
    .split(/\n\n(?=### )/);
  return scores.map((score) => `#${all.find((text) => text.startsWith(`### ${score}@`))}`).join("\n\n");
}

/** The learning rates that were tried: FID of ordinary training. */
function rates(): string {
  const runs = JSON.parse(
    readFileSync(join(import.meta.dirname, "../data/top-k-images/learning-rates.json"), "utf8"),
  ) as { gan: string; lr: number; fid: number }[];
  const columns = [5e-5, 5e-4, 1e-3, 2e-3, 4e-3];
  const gans = [...new Set(runs.map(({ gan }) => gan))];
  const rows = gans.map((gan) => {
    const own = runs.filter((run) => run.gan === gan);
    const least = Math.min(...own.map(({ fid }) => fid));
    const cells = columns.map((lr) => {
      const found = own.find((run) => run.lr === lr);
      if (found === undefined) return "–";
      return found.fid === least ? `**${found.fid.toFixed(1)}**` : found.fid.toFixed(1);
    });
    return [`\`${gan}\``, ...cells];
  });
  return markdownTable(["FID at learning rate", ...columns.map((lr) => lr.toExponential(0))], rows, 1);
}

/** The same differences where the cells' variances are not taken as equal. */
function unequal(): string {
  const mnist = sweep("mnist");
  const shownAs = (name: string, where: string) => {
    const { cells, tested } = group(mnist, "fid", where);
    return `${name} ${signedText(tested)} becomes ${signedText(pooled(cells, { variances: "own" }))}`;
  };
  return (
    "The cells do not spread alike: with a variance of its own for each cell and Satterthwaite's degrees of freedom FID's " +
    `${listed([shownAs("difference over all cells", "all cells"), shownAs("that of `wgan`", "gan wgan"), shownAs("that of `sn-dcgan`", "gan sn-dcgan")])}. ` +
    "Where the two differ, the wider one is to be trusted."
  );
}

const arms = anomalyArms(labRecords<AnomalyRecord>("anomaly")).map(({ all, top, cells, ...of }) => {
  const higher = cells.filter((cell) => cell.reduce((sum, value) => sum + value, 0) > 0).length;
  return { ...of, all: pooled(all), top: pooled(top), cells, higher };
});
const anomalyFamily: Difference[] = familyOf(
  arms.map(({ gan, score, cells }) => ({ arm: gan, measure: SCORE_NAMES[score], cells })),
);

function anomalyTable(): string {
  const rows = arms.map(({ gan, score, all, top, higher }, i) => [
    gan,
    SCORE_NAMES[score],
    spreadText(all),
    spreadText(top),
    ...differenceCells(anomalyFamily[i]!),
    `${higher}`,
  ]);
  const header = [
    ...["GAN", "score", "all samples", "top-k (last k 32 of 64)", "top-k minus all, by digit and seed", "p (Holm)"],
    "digits of ten at which top-k's mean is higher",
  ];
  return markdownTable(header, rows, 2);
}

/** What the intervals exclude. */
function anomalyAnswer(): string {
  const found = anomalyFamily.filter(shown);
  const ends = anomalyFamily.map(({ tested }) => Math.abs(tested.mean) + tested.halfWidth);
  const verdict =
    found.length === 0 ? "No difference is detected in 120 runs" : `${found.length} of 8 differences stay`;
  const chance = arms
    .filter(({ gan, score }) => gan === "sn-dcgan" && score === "discriminator")
    .map(({ all }) => spreadText(all))
    .join("");
  return (
    `${verdict}: the intervals exclude effects beyond ${Math.min(...ends).toFixed(2)} to ${Math.max(...ends).toFixed(2)} AUROC, ` +
    `depending on the score; SN-DCGAN's D is at chance (${chance}) and can show none`
  );
}

export const answers = { images: answer, anomaly: anomalyAnswer };

export const parts: Readonly<Record<string, () => string>> = {
  answer: () => `**Short answer.** ${answer()}. P values are corrected by Holm's method.`,
  rates,
  mnist: () => sections("mnist", ["fid", "inceptionScore", "modes", "entropy"]),
  unequal,
  residual: () => sections("residual-mnist", ["fid", "inceptionScore", "entropy"]),
  anomaly: anomalyTable,
  "anomaly-answer": () => `**${anomalyAnswer()}.** ${familyText(anomalyFamily)}`,
};

/** FID's differences over the batch sizes of each GAN, and over all cells of a sweep. */
const fidRows = (name: string) =>
  sweep(name)
    .filter(({ score, where }) => score.startsWith("fid@") && !where[0]!.startsWith("batchSize"))
    .map(({ where, tested, corrected }) => ({
      name: where[0]!.replace(/^gan /, "").replace("all cells", `all ${name === "mnist" ? "five" : "two"}`),
      ...tested,
      shown: corrected < 0.05,
    }));

export const figures: Readonly<Record<string, () => string>> = {
  "top-k-images/fid.svg": () =>
    intervalFigure("FID with top-k minus FID without (MNIST, 3 batch sizes, 3 seeds)", "left", [
      ...fidRows("mnist"),
      ...fidRows("residual-mnist"),
    ]),
};
