/**
 * Truncation by resampling (Brock et al. 2019, section 3.1): latents beyond a threshold are drawn again. What it gains in
 * Inception Score and precision, and what it costs in FID and recall, threshold by threshold.
 */
import { basename, resolve } from "node:path";
import { UserError } from "../../base/errors.ts";
import type { DataDescriptor, Dataset, PackProgress } from "../../data/index.ts";
import {
  type CollectProgress,
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
} from "../../metrics/index.ts";
import { fromPlainRecipe } from "../../recipe/index.ts";
import { engineSummary } from "../../tensor/index.ts";
import { type BuiltGan, generatedImages, openForSampling, RunDirectory } from "../../training/index.ts";
import {
  readTruncationRecord,
  type TruncationKey,
  type TruncationRecord,
  type TruncationSettings,
  writeTruncationRecord,
} from "./record.ts";
import { counted, type Saturated, Saturation, saturationOf } from "./saturation.ts";

/** What is measured. */
export interface TruncationExperiment {
  readonly run: string;
  /** undefined: not truncated. */
  readonly thresholds: readonly (number | undefined)[];
  /** Seeds 0 to seeds - 1; each draws its own samples. */
  readonly seeds: number;
  /** A preset of `gantry evaluate`: counts, resizer, and the options of metrics that it has. */
  readonly protocol: string;
  readonly features: string;
  /** Samples of each point, and most real images; default: the protocol's. */
  readonly count?: number | undefined;
  readonly realCount?: number | undefined;
  readonly checkpoint: string;
  readonly averaged: boolean;
}

/** What the experiment tells while it goes on. */
export interface TruncationEvents {
  preparing?(progress: PackProgress): void;
  evaluating?(key: TruncationKey, progress: CollectProgress): void;
  measured?(record: TruncationRecord, done: number, total: number): void;
  note?(message: string): void;
}

/** Points of the curve, the first seed's first. */
export function truncationKeys({
  thresholds,
  seeds,
}: Pick<TruncationExperiment, "thresholds" | "seeds">): TruncationKey[] {
  return Array.from({ length: seeds }, (_, seed) =>
    thresholds.map((threshold) => ({ threshold: threshold ?? null, seed })),
  ).flat();
}

/** The preset's own where it has them; precision and recall hold as many real images as generated ones. */
function metricsOf(named: readonly MetricDescriptor[], count: number): MetricDescriptor[] {
  const own = (kind: string) => named.find((metric) => metric.kind === kind);
  return [
    own("inceptionScore") ?? inceptionScore(),
    own("fid") ?? fid(),
    precisionRecall({ ...own("precisionRecall")?.options, most: count }),
  ];
}

/** What is opened only where a point is missing. */
interface Opened {
  readonly network: FeatureNetwork;
  readonly real: ImageSet;
  readonly realSaturation: Saturated;
}

/**
 * Measures what is missing of the experiment in a folder; each point is written as soon as it is there.
 *
 * @throws UserError when the run's data or the features are missing, the run makes vectors, or the folder holds points
 * of other settings; and the reason of `stop` when it is raised.
 */
export async function runTruncation(
  experiment: TruncationExperiment,
  folder: string,
  { events = {}, stop }: { readonly events?: TruncationEvents; readonly stop?: AbortSignal | undefined } = {},
): Promise<void> {
  const { run, features, averaged, realCount } = experiment;
  const { fakeCount, metrics, resizer, realCount: most } = preset(experiment.protocol);
  const description = new RunDirectory(run).description();
  const { gan, step } = await openForSampling(run, experiment.checkpoint);
  let opened: Opened | undefined;
  try {
    if ("features" in gan.shape.sample) throw new UserError(`${run} makes vectors, and truncation is judged by images`);
    const dataset = (): Promise<Dataset> =>
      (fromPlainRecipe(description.recipe).data as DataDescriptor).build({
        onProgress: (progress) => events.preparing?.(progress),
        stop,
      });
    const count = experiment.count ?? (fakeCount === "real" ? (await dataset()).count : fakeCount);
    const settings: TruncationSettings = {
      run: basename(resolve(run)),
      recipe: description.hash,
      step,
      averaged,
      protocol: experiment.protocol,
      features,
      count,
      realCount: realCount ?? null,
    };
    const keys = truncationKeys(experiment);
    for (const [i, key] of keys.entries()) {
      let record = readTruncationRecord(folder, key, settings);
      if (record === undefined) {
        opened ??= await open(await dataset(), { features, resizer, most: realCount ?? most });
        const kinds = metricsOf(metrics, count);
        record = await measure(gan, { key, settings, kinds, stop, events, ...opened });
        writeTruncationRecord(folder, record);
      }
      events.measured?.(record, i + 1, keys.length);
    }
  } finally {
    opened?.network.dispose();
    gan.dispose();
  }
}

async function open(
  dataset: Dataset,
  options: {
    readonly features: string;
    readonly resizer: "tf1-bilinear" | "torch-bilinear";
    readonly most: number | undefined;
  },
): Promise<Opened> {
  const real = datasetImages(dataset, options.most);
  const network = await openFeatures(options.features, { device: "cpu", resizer: options.resizer });
  return { network, real, realSaturation: await saturationOf(real) };
}

interface Measuring extends Opened {
  readonly key: TruncationKey;
  readonly settings: TruncationSettings;
  readonly kinds: readonly MetricDescriptor[];
  readonly stop: AbortSignal | undefined;
  readonly events: TruncationEvents;
}

async function measure(gan: BuiltGan, options: Measuring): Promise<TruncationRecord> {
  const { key, settings, kinds, network, real, realSaturation, stop, events } = options;
  const { count, averaged, run } = settings;
  const begun = performance.now();
  const truncation = key.threshold ?? undefined;
  const fake = generatedImages(gan, run, { count, seed: key.seed, averaged, mode: "eval", truncation });
  const saturation = new Saturation();
  const scores = await evaluate({
    network,
    metrics: kinds.map((kind) => kind.build()),
    fake: { ...fake, images: counted(fake.images, saturation) },
    real,
    seed: key.seed,
    stop,
    onProgress: (progress) => events.evaluating?.(key, progress),
    warn: (message) => events.note?.(message),
  });
  return {
    format: 1,
    settings,
    ...key,
    scores,
    saturation: saturation.shares,
    realSaturation,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    engine: { ...engineSummary() },
  };
}
