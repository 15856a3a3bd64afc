/**
 * An evaluation: scores of generated images. Features are computed once for all metrics. Random draws come from random
 * streams of their own, so evaluation does not change training.
 */
import { Generator, keep, scope, Tensor } from "../tensor/index.ts";
import { collect, disposeSample } from "./collect.ts";
import { costOf } from "./cost.ts";
import { type Evaluation, isStatistics } from "./evaluation.ts";
import { hashOf, resizerFor } from "./images/image-set.ts";
import { type Metric, needsFeatures, type Part, type Sample } from "./metric.ts";
import type { Protocol, RealSide } from "./protocol.ts";
import { realStatistics } from "./real-statistics.ts";
import { refuseUnfit, warnOfFew } from "./requirements.ts";
import { type Score, scoresOf } from "./score.ts";

/**
 * Measures every metric's scores.
 *
 * @throws UserError when a metric needs real images and there are none, sizes differ, there are too few images for
 * it, or only statistics where it needs more: all before the first image is looked at.
 *
 * @example
 * const network = await openFeatures("mnist-classifier", { device: "cpu" });
 * const metrics = [fid().build()];
 * const test = { images: datasetImages(await mnist({ split: "test" }).build({})), drawing: null, quantiser: BYTES };
 * const real = datasetImages(await mnist().build({}));
 * const [score] = await evaluate({ network, metrics, fake: test, real, seed: 0 });
 */
export async function evaluate(evaluation: Evaluation): Promise<Score[]> {
  const { network, metrics, seed, onMoments } = evaluation;
  const { images, drawing, quantiser } = evaluation.fake;
  const fakeParts = partsOf(metrics, "fake");
  if (onMoments !== undefined) fakeParts.add("moments");
  const realParts = partsOf(metrics, "real");
  refuseUnfit(evaluation, fakeParts, realParts);
  warnOfFew(evaluation);
  if (evaluation.announce !== undefined) evaluation.announce(await costOf(evaluation, fakeParts, realParts));
  const against = realParts.size > 0 ? await realSample(evaluation, realParts) : undefined;
  const fake = shuffled(await collect(network, images, fakeParts, evaluation), seed);
  try {
    if (fake.moments !== undefined) onMoments?.(fake.moments);
    return metrics.flatMap((metric) => {
      const compared = metric.needs.real.length > 0 ? against : undefined;
      const random = new Generator(seed);
      const measured = scope(() => metric.compute({ ...inSameChannels(fake, compared?.sample), random }));
      const through = needsFeatures(metric) ? network : undefined;
      const protocol: Protocol = {
        features: through?.name ?? "none: pixels",
        featuresHash: through?.hash ?? "none",
        resizer: through === undefined ? "none" : resizerFor(images, through),
        quantiser,
        real: compared?.side ?? null,
        fakeCount: images.count,
        drawing,
        options: metric.options,
        seeds: [seed],
      };
      return scoresOf(metric, measured, protocol, through);
    });
  } finally {
    disposeSample(fake);
    if (against) disposeSample(against.sample);
  }
}

const partsOf = (metrics: readonly Metric[], side: "fake" | "real"): Set<Part> =>
  new Set(metrics.flatMap(({ needs }) => needs[side]));

/** What the metrics need of the real images, and how a protocol names them. */
async function realSample(
  evaluation: Evaluation,
  parts: ReadonlySet<Part>,
): Promise<{ readonly sample: Sample; readonly side: RealSide }> {
  const { network, stop } = evaluation;
  const real = evaluation.real!;
  // Copies: the sample is freed, and the file's tensors are the caller's.
  if (isStatistics(real)) {
    const { count, mean, covariance } = real.moments;
    const moments = scope(() => ({ count, mean: keep(mean.clone()), covariance: keep(covariance.clone()) }));
    return { sample: { count, moments }, side: real.side };
  }
  const { name, count, hashed } = real;
  const ofFeatures = new Set([...parts].filter((part) => part !== "images"));
  const features =
    ofFeatures.size > 0 ? (await realStatistics(network!, real, ofFeatures, evaluation)).sample : undefined;
  const pixels = parts.has("images") ? await collect(undefined, real, new Set(["images"]), evaluation) : undefined;
  const hash = await hashOf(real, stop);
  const sample = { ...features, count, images: pixels?.images };
  return { sample, side: { name, count, hash, ...(hashed === undefined ? {} : { hashed }) } };
}

/** Both sides with as many channels: gray images are repeated where the others have colour. */
function inSameChannels(fake: Sample, real: Sample | undefined): { fake: Sample; real: Sample | undefined } {
  const [a, b] = [fake.images, real?.images];
  if (a === undefined || b === undefined) return { fake, real };
  const channels = Math.max(a.shape[1]!, b.shape[1]!);
  const widened = (images: Tensor): Tensor => {
    const [count, own, height, width] = images.shape as [number, number, number, number];
    return own === channels ? images : images.expand([count, channels, height, width]);
  };
  return { fake: { ...fake, images: widened(a) }, real: { ...real!, images: widened(b) } };
}

/** Splits and subsets must not follow the order of a folder, which is often sorted by class. */
function shuffled(sample: Sample, seed: number): Sample {
  const { features, logits, images } = sample;
  if (features === undefined && logits === undefined) return sample;
  const order = Tensor.randperm(sample.count, { generator: new Generator(seed) });
  const inOrder = (rows: Tensor | undefined) => rows?.indexSelect(0, order);
  const reordered = { ...sample, features: inOrder(features), logits: inOrder(logits), images: inOrder(images) };
  for (const tensor of [features, logits, images, order]) tensor?.dispose();
  return reordered;
}
