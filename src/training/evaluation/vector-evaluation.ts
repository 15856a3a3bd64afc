/** Evaluation of vectors during training: the metrics get the generator's samples as they are. */
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { VectorData } from "../../data/index.ts";
import {
  type Drawing,
  type Metric,
  type MetricDescriptor,
  type Protocol,
  requireEnough,
  type Score,
  scoresOf,
} from "../../metrics/index.ts";
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import { drawSamples, SAMPLE_BATCH, samplingOf } from "../sampling/sample.ts";
import type { RunSettings, Samplable } from "../trainable.ts";
import { bestOf, type Evaluator } from "./evaluator.ts";

/** What `features` says for vectors: their scores are of the samples themselves. */
const SAMPLES = { name: "samples" };

/**
 * The evaluations of a run whose data are vectors: opens what `evaluate` names; undefined where it is absent.
 *
 * @throws UserError when a metric does not fit vectors or `best` is no score of the metrics.
 */
export function vectorEvaluator(settings: RunSettings, data: VectorData): Evaluator | undefined {
  if (settings.evaluate === undefined) return undefined;
  const { every, features: network, samples: count, best } = settings.evaluate;
  if (network !== SAMPLES.name) {
    throw new UserError(
      `\`evaluate.features\` (=${network}) looks at images; for vectors write "${SAMPLES.name}": their scores are of the samples themselves`,
    );
  }
  const metrics = vectorMetrics(settings.evaluate.metrics, data);
  requireEnough(metrics, { name: "the generator (`evaluate.samples`)", count });
  const seed = seedOf(settings.seed, "evaluation");
  return {
    every,
    best: bestOf(metrics, SAMPLES, best),
    async scores(gan, events, stop) {
      const scores = await scoreVectors(gan, metrics, { count, seed, averaged: true }, stop);
      events.evaluating?.({ name: "the generator", done: count, total: count });
      stop?.throwIfAborted();
      return scores;
    },
    dispose: () => undefined,
  };
}

/**
 * Builds metrics for vectors.
 * @throws UserError when one looks at images.
 */
export function vectorMetrics(described: readonly MetricDescriptor[], { mixture }: VectorData): Metric[] {
  const metrics = described.map((metric) => metric.build({ mixture }));
  const unfit = metrics.find(
    ({ needs }) => needs.classified || needs.real.length > 0 || needs.fake.some((part) => part !== "features"),
  );
  if (unfit === undefined) return metrics;
  throw new UserError(`\`evaluate.metrics\`: \`${unfit.kind}\` scores images; for vectors there is \`mixture\``);
}

/** How vectors are drawn to be scored. */
export interface VectorDrawing {
  readonly count: number;
  readonly seed: number;
  /** Averaged weights, where the run keeps them. */
  readonly averaged: boolean;
}

/** Vectors that are drawn before a signal is listened to. */
const GROUP = 256 * SAMPLE_BATCH;

/** Draws the vectors. The caller disposes of them. @throws the reason of `stop` once that is raised. */
async function drawVectors(
  gan: Samplable,
  { count, random, averaged }: { count: number; random: Generator; averaged: boolean },
  stop: AbortSignal | undefined,
): Promise<Tensor> {
  // Where statistics are collected for every group, groups would change the samples.
  const most = gan.techniques.some(({ standing }) => standing) ? count : GROUP;
  const groups: Tensor[] = [];
  try {
    for (let first = 0; first < count; first += most) {
      if (first > 0) await setImmediate();
      stop?.throwIfAborted();
      groups.push(drawSamples(gan, { count: Math.min(most, count - first), first, random, averaged }));
    }
    return Tensor.cat(groups);
  } finally {
    for (const group of groups) group.dispose();
  }
}

/**
 * The scores of vectors that a generator draws.
 * @throws UserError when a vector is not finite, and the reason of `stop` once that is raised.
 */
export async function scoreVectors(
  gan: Samplable,
  metrics: readonly Metric[],
  { count, seed, averaged }: VectorDrawing,
  stop?: AbortSignal,
): Promise<Score[]> {
  const random = new Generator(seed);
  const drawn = await drawVectors(gan, { count, random, averaged }, stop);
  try {
    return scoresOfVectors(gan, metrics, drawn, { count, seed, averaged }, random);
  } finally {
    drawn.dispose();
  }
}

function scoresOfVectors(
  gan: Samplable,
  metrics: readonly Metric[],
  drawn: Tensor,
  { count, seed, averaged }: VectorDrawing,
  random: Generator,
): Score[] {
  return scope(() => {
    const features = drawn.to({ device: "cpu" });
    if (features.isfinite().all().item() !== 1) {
      throw new UserError(`step ${gan.step}: the generator draws vectors that are not finite, so it cannot be scored`);
    }
    const sampling = samplingOf(gan, averaged, "eval");
    const drawing: Drawing = { ...sampling, batch: SAMPLE_BATCH, truncation: null, labels: "none" };
    return metrics.flatMap((metric) => {
      const measured = metric.compute({ fake: { count, features }, random });
      const protocol: Protocol = {
        features: SAMPLES.name,
        featuresHash: "none",
        resizer: "none",
        quantiser: "none",
        real: null,
        fakeCount: count,
        drawing,
        options: metric.options,
        seeds: [seed],
      };
      return scoresOf(metric, measured, protocol, SAMPLES);
    });
  });
}
