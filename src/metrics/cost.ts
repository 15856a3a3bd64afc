/** How much an evaluation is, and about how long it takes, for a sentence before it begins. */
import { counted } from "../base/counted.ts";
import { duration } from "../base/duration.ts";
import { Generator, inferenceMode, scope, Tensor } from "../tensor/index.ts";
import { BATCH, filled } from "./collect.ts";
import { type Evaluation, type EvaluationCost, isStatistics } from "./evaluation.ts";
import { cloudOf, nearest } from "./formulas/distance-tiles.ts";
import { asSeen, batchSizeOf, type ImageSet } from "./images/image-set.ts";
import type { Part } from "./metric.ts";
import { hasRealStatistics } from "./real-statistics.ts";

/** Seconds of a first pass below which a second one is measured: the first chooses kernels and fills caches. */
const SHORT = 1;

/** Rows of the sets between which distances are timed, at most. */
const ROWS = 1024;

/** Draws and passes a first batch, and extrapolates. */
export async function costOf(
  evaluation: Evaluation,
  fakeParts: ReadonlySet<Part>,
  realParts: ReadonlySet<Part>,
): Promise<EvaluationCost> {
  const { fake, real, stop, metrics } = evaluation;
  const isSeen = (part: Part): boolean => part !== "images";
  const network = [...fakeParts, ...realParts].some(isSeen) ? evaluation.network : undefined;
  const parts = new Set([...realParts].filter(isSeen));
  const computed = async (images: ImageSet): Promise<boolean> =>
    network !== undefined && parts.size > 0 && !(await hasRealStatistics(network, images, parts, stop));
  const reals = real === undefined || isStatistics(real) || !(await computed(real)) ? 0 : real.count;
  const most = batchSizeOf(fake.images, BATCH);
  const counts = { fake: fake.images.count, real: real === undefined || isStatistics(real) ? 0 : real.count };
  const pairs = metrics.reduce((sum, metric) => sum + metric.pairs(counts), 0);
  const first = await firstBatch(evaluation, most);
  try {
    const pass = (): number =>
      network === undefined ? 0 : secondsOf(() => void network.forward(filled(asSeen(first.batch), most)));
    const again = secondOf(pass);
    const passes = Math.ceil(fake.images.count / most) + Math.ceil(reals / most);
    return {
      samples: fake.images.count,
      real: reals,
      features: network && { name: network.name, dimensions: network.dimensions },
      pairs,
      seconds: first.secondsOfOne * fake.images.count + again * passes + secondsOfPairs(pairs, network?.dimensions),
    };
  } finally {
    first.batch.dispose();
  }
}

/** A first batch, and the seconds that one image took. */
async function firstBatch(
  { fake, trial }: Evaluation,
  most: number,
): Promise<{ readonly batch: Tensor; readonly secondsOfOne: number }> {
  const begun = performance.now();
  let batch: Tensor | undefined;
  let count = 0;
  for await (const next of (trial ?? fake.images).batches(most)) {
    count += next.shape[0]!;
    if (batch === undefined) batch = next;
    else next.dispose();
    // Images that are read come one by one; those of a trial may be drawn at once.
    if (trial === undefined) break;
  }
  if (batch === undefined) throw new Error(`${fake.images.name} gave no images`);
  return { batch, secondsOfOne: (performance.now() - begun) / 1000 / count };
}

/** The seconds of a second pass; of the first where that was long. */
function secondOf(pass: () => number): number {
  const once = pass();
  return once < SHORT ? pass() : once;
}

/** Seconds for nearest neighbours, by the number of pairs, from the time that a part of them takes. */
function secondsOfPairs(pairs: number, dimensions: number | undefined): number {
  if (pairs === 0 || dimensions === undefined) return 0;
  const rows = Math.min(ROWS, Math.ceil(Math.sqrt(pairs)));
  const seconds = secondOf(() =>
    secondsOf(() => {
      const features = Tensor.randn([rows, dimensions], { generator: new Generator(0) });
      const { points } = cloudOf({ features });
      nearest(points.features, points.features, 1);
    }),
  );
  return (seconds / rows ** 2) * pairs;
}

function secondsOf(work: () => void): number {
  const begun = performance.now();
  inferenceMode(() => scope(work));
  return (performance.now() - begun) / 1000;
}

/**
 * A sentence for people.
 *
 * @example
 * costText(cost); // "5000 samples and 60000 real images, 128 features of mnist-classifier each: about 40 s"
 */
export function costText({ samples, real, features, pairs, seconds }: EvaluationCost): string {
  const what = `${counted(samples, "sample")}${real > 0 ? ` and ${counted(real, "real image")}` : ""}`;
  const how = features === undefined ? "by their pixels" : `${features.dimensions} features of ${features.name} each`;
  const distances = pairs < 1e6 ? "" : `, ${Math.round(pairs / 1e6)} million distances`;
  return `${what}, ${how}${distances}: about ${duration(Math.max(1, seconds))}`;
}
