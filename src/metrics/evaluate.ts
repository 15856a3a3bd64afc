/**
 * An evaluation: scores of generated images. Features are computed once for all metrics. Random draws come from random
 * streams of their own, so evaluation does not change training.
 */
import { UserError } from "../base/errors.ts";
import { Generator, scope, Tensor } from "../tensor/index.ts";
import { type CollectOptions, collect, disposeSample } from "./collect.ts";
import type { FeatureNetwork } from "./features/feature-network.ts";
import { formInWords, type ImageSet, requireSameSize, requireSeen } from "./images/image-set.ts";
import type { Metric, Part, Sample } from "./metric.ts";
import type { Drawing, Protocol, RealSide } from "./protocol.ts";
import { realStatistics } from "./real-statistics.ts";
import { type Score, scoresOf } from "./score.ts";

/** Generated images, and their part of the protocol of scores. */
export interface FakeImages {
  readonly images: ImageSet;
  /** null when another tool drew them. */
  readonly drawing: Drawing | null;
  /** How floats became bytes; see {@link QUANTISER}. */
  readonly quantiser: string;
}

/** How Gantry turns its generators' floats into bytes, as in sample grids. */
export const QUANTISER = "round((x + 1) * 127.5), clamped to 0..255";

/** The quantiser of images that come as bytes. */
export const BYTES = "bytes as given";

/** The inputs of an evaluation: images, network, metrics, and the real images to compare with. */
export interface Evaluation extends CollectOptions {
  readonly network: FeatureNetwork;
  readonly metrics: readonly Metric[];
  readonly fake: FakeImages;
  /** May be left out where no metric needs real images. */
  readonly real?: ImageSet | undefined;
  /** Seed of subsets and of the order in which splits are taken. */
  readonly seed: number;
  /** Called with a warning when a number is not reliable. */
  warn?(message: string): void;
}

/**
 * Measures every metric's scores.
 *
 * @throws UserError when a metric needs real images and there are none, sizes differ, or there are too few images for
 * it: all before the first image is looked at.
 *
 * @example
 * const network = await openFeatures("mnist-classifier", { device: "cpu" });
 * const metrics = [fid().build()];
 * const test = { images: datasetImages(await mnist({ split: "test" }).build({})), drawing: null, quantiser: BYTES };
 * const real = datasetImages(await mnist().build({}));
 * const [score] = await evaluate({ network, metrics, fake: test, real, seed: 0 });
 */
export async function evaluate(evaluation: Evaluation): Promise<Score[]> {
  const { network, metrics, real, seed } = evaluation;
  const { images, drawing, quantiser } = evaluation.fake;
  const classifying = metrics.find(({ needs }) => needs.classified);
  if (classifying !== undefined) {
    throw new UserError(
      `\`${classifying.kind}\` measures a discriminator, not images: name it in a recipe's \`evaluate.metrics\``,
    );
  }
  const wanted = (side: "fake" | "real"): Set<Part> => new Set(metrics.flatMap(({ needs }) => needs[side]));
  const realParts = wanted("real");
  if (realParts.size > 0) {
    const needy = metrics.find(({ needs }) => needs.real.length > 0)!.kind;
    if (real === undefined) throw new UserError(`\`${needy}\` compares with real images, and none were given`);
    requireSameSize(images, real);
  }
  for (const set of real === undefined ? [images] : [images, real]) requireSeen(set);
  requireEnough(metrics, images, real);
  warnOfFew(evaluation);
  const statistics = realParts.size > 0 ? await realStatistics(network, real!, realParts, evaluation) : undefined;
  const fake = shuffled(await collect(network, images, wanted("fake"), evaluation), seed);
  try {
    return metrics.flatMap((metric) => {
      const against = metric.needs.real.length > 0 ? statistics : undefined;
      const random = new Generator(seed);
      const measured = scope(() => metric.compute({ fake, real: against?.sample, random }));
      const protocol: Protocol = {
        features: network.name,
        featuresHash: network.hash,
        resizer: [...formInWords(images), network.resizer].join("; "),
        quantiser,
        real: against ? realSide(real!, against.hash) : null,
        fakeCount: images.count,
        drawing,
        options: metric.options,
        seeds: [seed],
      };
      return scoresOf(metric, measured, protocol, network);
    });
  } finally {
    disposeSample(fake);
    if (statistics) disposeSample(statistics.sample);
  }
}

function realSide({ name, count, hashed }: ImageSet, hash: string): RealSide {
  return { name, count, hash, ...(hashed === undefined ? {} : { hashed }) };
}

/**
 * @throws UserError, before any work, when there are too few samples for a metric.
 */
export function requireEnough(
  metrics: readonly Metric[],
  fake: Pick<ImageSet, "name" | "count">,
  real?: Pick<ImageSet, "name" | "count"> | undefined,
): void {
  for (const { kind, needs, fewest, options } of metrics) {
    const sets = [needs.fake.length > 0 ? fake : undefined, needs.real.length > 0 ? real : undefined];
    const small = sets.find((set) => set !== undefined && set.count < fewest);
    if (small === undefined) continue;
    const given = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
    throw new UserError(
      `\`${kind}\`${given.length > 0 ? ` (${given.join(", ")})` : ""} needs at least ${fewest} samples, and there are ${small.count} of ${small.name}`,
    );
  }
}

/** Splits and subsets must not follow the order of a folder, which is often sorted by class. */
function shuffled(sample: Sample, seed: number): Sample {
  const { features, logits } = sample;
  if (features === undefined && logits === undefined) return sample;
  const order = Tensor.randperm(sample.count, { generator: new Generator(seed) });
  const reordered = { ...sample, features: features?.indexSelect(0, order), logits: logits?.indexSelect(0, order) };
  for (const tensor of [features, logits, order]) tensor?.dispose();
  return reordered;
}

/** A covariance from fewer samples than dimensions has no full rank: FID is then far too high and says little. */
function warnOfFew({ network, metrics, fake, real, warn }: Evaluation): void {
  if (!metrics.some(({ needs }) => needs.fake.includes("moments"))) return;
  for (const set of [fake.images, ...(real ? [real] : [])]) {
    if (set.count > network.dimensions) continue;
    warn?.(
      `${set.name} has ${set.count} images, not more than the ${network.dimensions} dimensions of ${network.name}'s features: ` +
        "FID is biased upwards, and compares only with scores of exactly as many images",
    );
  }
}
