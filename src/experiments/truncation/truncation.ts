/**
 * Truncation by resampling (Brock et al. 2019, section 3.1): latents beyond a threshold are drawn again. What it gains
 * in Inception Score and precision, and what it costs in FID and recall, threshold by threshold.
 */
import { basename, resolve } from "node:path";
import { z } from "zod";
import { fromPlain } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import type { DataDescriptor, Dataset } from "../../data/index.ts";
import { type TradeOffPoint, tradeOffChart } from "../../figures/index.ts";
import {
  datasetImages,
  evaluate,
  type FeatureNetwork,
  fid,
  type ImageSet,
  inceptionScore,
  type MetricDescriptor,
  openFeatures,
  precisionRecall,
  preset,
  type Score,
  scoreSchema,
} from "../../metrics/index.ts";
import { fromPlainRecipe } from "../../recipe/index.ts";
import { engineSummary } from "../../tensor/index.ts";
import { generatedImages, openForSampling, RunDirectory } from "../../training/index.ts";
import { defineExperiment } from "../experiment.ts";
import { markdownTable } from "../markdown.ts";
import { seeds, whole } from "../options.ts";
import { engine, secondsSince } from "../page.ts";
import { type Interval, interval, mean, range } from "../statistics.ts";
import { spreadText } from "../sweep/index.ts";
import {
  type Amenability,
  amenability,
  counted,
  SATURATED,
  type Saturated,
  Saturation,
  saturationOf,
  TOLERATED_RISE,
} from "./saturation.ts";

const settings = z.strictObject({
  /** Name of the run's folder, hash of its recipe, and the checkpoint's step. */
  run: z.string(),
  recipe: z.string(),
  step: z.int().min(0),
  averaged: z.boolean(),
  /** The preset, the feature network, and numbers of images where they are not the preset's. */
  protocol: z.string(),
  features: z.string(),
  count: z.int(),
  realCount: z.int().nullable(),
});

const saturated = z.strictObject({ dark: z.number(), bright: z.number() });

const schema = z.strictObject({
  format: z.literal(1),
  settings,
  /** null: not truncated. */
  threshold: z.number().positive().nullable(),
  seed: z.int().min(0),
  scores: z.array(scoreSchema) as z.ZodType<Score[]>,
  /** Shares of saturated values: of the generated images, and of the real ones. */
  saturation: saturated,
  realSaturation: saturated,
  seconds: z.number(),
  engine,
});

/** One point of the curve, of one seed. */
export type TruncationRecord = z.output<typeof schema>;

/** The preset's own where it has them; precision and recall hold as many real images as generated ones. */
function metricsOf(named: readonly MetricDescriptor[], count: number): MetricDescriptor[] {
  const own = (kind: string) => named.find((metric) => metric.kind === kind);
  return [
    own("inceptionScore") ?? inceptionScore(),
    own("fid") ?? fid(),
    precisionRecall({ ...own("precisionRecall")?.options, most: count }),
  ];
}

/** Resources that are opened only where a point is missing. */
interface Opened {
  readonly network: FeatureNetwork;
  readonly real: ImageSet;
  readonly realSaturation: Saturated;
}

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

/** The curve of one run, with its results. */
interface TruncationCurve {
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
 *
 * @throws UserError for those of several runs or settings
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
  const shares = points.map(({ threshold, saturation }) => ({ threshold: threshold ?? undefined, saturation }));
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
    `Protocol ${settings.protocol}: features of ${protocol.features} (${protocol.featuresHash.slice(0, 12)}), ${protocol.fakeCount} samples per point,`,
    `drawn with ${protocol.drawing?.averaged ? "averaged weights" : "the weights of the step"}${standing ? ` and standing statistics of ${standing.batches} batches of ${standing.batchSize}` : ""},`,
    real ? `compared with ${real.count} images of ${real.name} (${real.hash.slice(0, 12)});` : "",
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
  const called = amenable ? "amenable to truncation as far as saturation shows" : "**not amenable to truncation**";
  return `${usual} ${most} The model is ${called} (Gantry draws the line at ${percent(TOLERATED_RISE)}).`;
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
  return `${[protocolText(records[0]!), markdownTable(header, rows), verdict(curve)].join("\n\n")}\n`;
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

/** From no truncation over the range of Brock et al. 2019 (figure 2a: 2 to 0.04). */
const THRESHOLDS = [null, 2, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0.04];
const TOO_SMALL = { error: "must be at least 0.01: fewer latents than one in a hundred lie within" };
const falling = (threshold: number | null): number => -(threshold ?? Number.MAX_VALUE);

/** `gantry lab truncation`. */
export const truncation = defineExperiment({
  name: "truncation",
  description:
    "Scores a run with truncated latents: Inception Score and FID, precision and recall, and how much of the images saturates, threshold by threshold.",
  examples: [
    { line: "gantry lab truncation runs/x --features mnist-classifier", does: "nine thresholds, three seeds" },
    { line: "gantry lab truncation runs/x --thresholds none,1,0.5 --count 2000 --seeds 1", does: "a first look" },
  ],
  options: {
    run: z.string().meta({ argument: true }).describe("the run folder"),
    thresholds: z
      .array(z.number("must be a number above 0, or none").min(0.01, TOO_SMALL).nullable())
      .default(THRESHOLDS)
      .describe("latents beyond a threshold are drawn again; none: not truncated"),
    seeds: seeds(3, "evaluations of each; a seed draws its own samples"),
    protocol: z.string().default("quick").describe("of gantry evaluate: counts, resizer and options of the scores"),
    features: z.string().default("inception").describe("the feature network, as of gantry evaluate"),
    count: whole(10).optional().describe("samples of each point; default: the protocol's"),
    realCount: whole(10).optional().describe("at most this many real images; default: the protocol's"),
    checkpoint: z.string().meta({ hint: "WHICH" }).default("last").describe("last, best, or the number of a step"),
    averaged: z
      .boolean()
      .default(true)
      .meta({ negative: "the weights of the last step" })
      .describe("the averaged weights, if the run keeps them (the default), or those of the last step"),
  },
  record: schema,
  key: ["threshold", "seed"],
  order: ({ threshold, seed }) => [falling(threshold), seed],
  async prepare({ run, thresholds, seeds, protocol, features, checkpoint, averaged, ...counts }, context) {
    const { fakeCount, metrics, resizer, realCount: most, realSplit } = preset(protocol);
    const description = new RunDirectory(run).description();
    const { gan, step } = await openForSampling(run, checkpoint);
    let opened: Opened | undefined;
    const dispose = () => {
      opened?.network.dispose();
      gan.dispose();
    };
    try {
      if ("features" in gan.shape.sample) throw new UserError(`${run} makes vectors; truncation is measured on images`);
      const own = fromPlainRecipe(description.recipe).data as DataDescriptor;
      const options = { ...own.options, split: realSplit };
      const data =
        realSplit === undefined ? own : (fromPlain({ role: "data", kind: own.kind, options }) as DataDescriptor);
      const dataset = (): Promise<Dataset> =>
        data.build({
          onProgress: ({ name, done, total }) => context.progress(`preparing ${name}: ${done} of ${total} images`),
          stop: context.stop,
        });
      const open = async (): Promise<Opened> => {
        const real = datasetImages(await dataset(), counts.realCount ?? most);
        const network = await openFeatures(features, { device: "cpu", resizer });
        return { network, real, realSaturation: await saturationOf(real) };
      };
      const count = counts.count ?? (fakeCount === "real" ? (await dataset()).count : fakeCount);
      const settings: TruncationRecord["settings"] = {
        run: basename(resolve(run)),
        recipe: description.hash,
        step,
        averaged,
        protocol,
        features,
        count,
        realCount: counts.realCount ?? null,
      };
      const kinds = metricsOf(metrics, count);
      const unique = [...new Set(thresholds)].sort((a, b) => falling(a) - falling(b));
      return {
        shared: { settings },
        cells: range(seeds).flatMap((seed) => unique.map((threshold) => ({ threshold, seed }))),
        async measure({ threshold, seed }) {
          opened ??= await open();
          const { network, real, realSaturation } = opened;
          const begun = performance.now();
          const options = { count, seed, averaged, mode: "eval", truncation: threshold ?? undefined } as const;
          const fake = generatedImages(gan, settings.run, options);
          const saturation = new Saturation();
          const scores = await evaluate({
            network,
            metrics: kinds.map((kind) => kind.build()),
            fake: { ...fake, images: counted(fake.images, saturation) },
            real,
            seed,
            stop: context.stop,
            onProgress: ({ name, done, total }) =>
              context.progress(`threshold ${threshold ?? "none"}, seed ${seed}: ${done} of ${total} images of ${name}`),
            warn: context.note,
          });
          const seconds = secondsSince(begun);
          const shares = saturation.shares;
          return {
            format: 1 as const,
            settings,
            threshold,
            seed,
            scores,
            saturation: shares,
            realSaturation,
            seconds,
            engine: { ...engineSummary() },
          };
        },
        dispose,
      };
    } catch (error) {
      dispose();
      throw error;
    }
  },
  page(records) {
    const curve = truncationCurve(records);
    const { settings } = records[0]!;
    return {
      tables: truncationTables(records),
      figures: [
        { name: "scores", svg: figureOf(curve, "inceptionScore", "fid"), title: "Inception Score and FID" },
        {
          name: "precision-recall",
          svg: figureOf(curve, "recall", "precision", true),
          title: "Precision and recall",
        },
      ],
      files: { "curve.json": `${JSON.stringify({ format: 1, settings, ...curve }, null, 2)}\n` },
    };
  },
});
