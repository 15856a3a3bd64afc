/** The page of the experiment: the curve as a table, as figures and as JSON, and what saturation says; from records alone. */
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { type TradeOffPoint, tradeOffChart } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { writeFigure } from "../mixture/figures.ts";
import { type Interval, interval, mean } from "../statistics.ts";
import { spreadText } from "../sweep/render.ts";
import type { TruncationRecord } from "./record.ts";
import { type Amenability, amenability, SATURATED, type Saturated, TOLERATED_RISE } from "./saturation.ts";

const MEASURES = {
  inceptionScore: "Inception Score ↑",
  fid: "FID ↓",
  precision: "precision ↑",
  recall: "recall ↑",
} as const;
type Measure = keyof typeof MEASURES;

/** One point over its seeds. */
interface Point {
  readonly threshold: number | null;
  readonly seeds: readonly number[];
  readonly scores: Readonly<Record<Measure, Interval>>;
  /** Mean shares over the seeds. */
  readonly saturation: Saturated;
}

/** The curve of one run, with what was found of it. */
export interface TruncationCurve {
  readonly points: readonly Point[];
  readonly realSaturation: Saturated;
  readonly amenability: Amenability | undefined;
}

function scoreOf({ scores }: TruncationRecord, measure: Measure): number {
  const found = scores.find(({ name }) => name.split("@")[0] === measure);
  if (found === undefined) throw new UserError(`a record of gantry lab truncation lacks the score ${measure}`);
  return found.value;
}

/**
 * The records of one curve by falling threshold.
 * @throws UserError for those of several runs or settings.
 */
export function truncationCurve(records: readonly TruncationRecord[]): TruncationCurve {
  const kinds = new Set(records.map(({ settings }) => JSON.stringify(settings)));
  if (kinds.size !== 1) throw new UserError("the records are of several runs or settings; take a folder for each");
  const thresholds = [...new Set(records.map(({ threshold }) => threshold))];
  const points = thresholds.map((threshold): Point => {
    const own = records.filter((record) => record.threshold === threshold);
    const over = (value: (record: TruncationRecord) => number): Interval => interval(own.map(value));
    const names = Object.keys(MEASURES) as Measure[];
    const scores = Object.fromEntries(names.map((name) => [name, over((record) => scoreOf(record, name))]));
    return {
      threshold,
      seeds: own.map(({ seed }) => seed),
      scores: scores as Point["scores"],
      saturation: {
        dark: mean(own.map(({ saturation }) => saturation.dark)),
        bright: mean(own.map(({ saturation }) => saturation.bright)),
      },
    };
  });
  const { realSaturation } = records[0]!;
  const shares = points.map(({ threshold, saturation }) => ({
    threshold: threshold ?? undefined,
    saturation,
  }));
  return { points, realSaturation, amenability: amenability(shares, realSaturation) };
}

const nameOf = ({ threshold }: Pick<Point, "threshold">): string => (threshold === null ? "none" : `${threshold}`);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function protocolText({ settings, scores }: TruncationRecord): string {
  const { protocol } = scores[0]!;
  const real = scores.find((score) => score.protocol.real !== null)?.protocol.real;
  const standing = protocol.drawing?.standing;
  const nearest = scores.find(({ name }) => name.startsWith("precision"))?.protocol.options;
  return [
    `${settings.run}, step ${settings.step}.`,
    `Protocol ${settings.protocol}: features of ${protocol.features} (${protocol.featuresHash.slice(0, 12)}), ${protocol.fakeCount} samples a point,`,
    `drawn with ${protocol.drawing?.averaged ? "averaged weights" : "the weights of the step"}${standing ? ` and standing statistics of ${standing.batches} batches of ${standing.batchSize}` : ""},`,
    real ? `held against ${real.count} images of ${real.name} (${real.hash.slice(0, 12)});` : "",
    `precision and recall with ${String(nearest?.neighbours)} neighbours, against at most ${String(nearest?.most)} real images.`,
  ].join(" ");
}

function verdict({ amenability: found, realSaturation: real }: TruncationCurve): string {
  const usual = `Of real images ${percent(real.dark)} of all values lie below -${SATURATED} and ${percent(real.bright)} above ${SATURATED}.`;
  if (found === undefined) return usual;
  const { rise, end, threshold, amenable } = found;
  const most =
    rise >= 0.0005
      ? `Truncation adds most at threshold ${threshold}, at the ${end} end: ${percent(rise)} of all values beyond what real images and samples without truncation have there.`
      : "At no threshold and neither end are there more than in real images or in samples without truncation.";
  const judged = amenable ? "amenable to truncation as far as saturation shows" : "**not amenable to truncation**";
  return `${usual} ${most} The model is ${judged} (Gantry draws the line at ${percent(TOLERATED_RISE)}).`;
}

/** The table and what belongs to it, as Markdown: mean ± 95 % confidence interval over seeds. */
export function truncationTables(records: readonly TruncationRecord[]): string {
  const curve = truncationCurve(records);
  const measures = Object.entries(MEASURES) as [Measure, string][];
  const header = ["threshold", ...measures.map(([, name]) => name), "dark", "bright", "seeds"];
  const rows = curve.points.map((point) => [
    nameOf(point),
    ...measures.map(([measure]) => spreadText(point.scores[measure])),
    percent(point.saturation.dark),
    percent(point.saturation.bright),
    `${point.seeds.length}`,
  ]);
  const table = [header, header.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${[protocolText(records[0]!), table, verdict(curve)].join("\n\n")}\n`;
}

function figureOf({ points }: TruncationCurve, x: Measure, y: Measure, shares = false): string {
  const seeds = Math.max(...points.map((point) => point.seeds.length));
  const spread = seeds > 1 ? `; 95 % intervals over ${seeds} seeds` : "";
  return tradeOffChart({
    title: `Truncation, by threshold${spread}`,
    xName: MEASURES[x],
    yName: MEASURES[y],
    shares,
    points: points.map((point): TradeOffPoint => {
      const [across, up] = [point.scores[x], point.scores[y]];
      return { name: nameOf(point), x: across.mean, y: up.mean, xHalf: across.halfWidth, yHalf: up.halfWidth };
    }),
  });
}

/** Writes `tables.md`, `curve.json` and `figures/` (`scores`, `precision-recall`: .svg and .png), and gives the tables. */
export async function writeTruncationPage(folder: string, records: readonly TruncationRecord[]): Promise<string> {
  const tables = truncationTables(records);
  const curve = truncationCurve(records);
  const figures = join(folder, "figures");
  await writeFigure(figures, "scores", figureOf(curve, "inceptionScore", "fid"));
  await writeFigure(figures, "precision-recall", figureOf(curve, "recall", "precision", true));
  const images =
    "![Inception Score and FID](figures/scores.svg)\n\n![Precision and recall](figures/precision-recall.svg)";
  writeFileAtomic(join(folder, "tables.md"), [`${tables}\n${images}\n`]);
  const { settings } = records[0]!;
  writeFileAtomic(join(folder, "curve.json"), [`${JSON.stringify({ format: 1, settings, ...curve }, null, 2)}\n`]);
  return tables;
}
