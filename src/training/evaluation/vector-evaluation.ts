/** Evaluation of vectors during training: the metrics get the generator's samples as they are. */
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { VectorData } from "../../data/index.ts";
import { type Drawing, type Protocol, requireEnough, type Score, scoresOf } from "../../metrics/index.ts";
import { Generator, scope } from "../../tensor/index.ts";
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
  const metrics = settings.evaluate.metrics.map((metric) => metric.build({ mixture: data.mixture }));
  const unfit = metrics.find(
    ({ needs }) => needs.classified || needs.real.length > 0 || needs.fake.some((p) => p !== "features"),
  );
  if (unfit !== undefined) {
    throw new UserError(`\`evaluate.metrics\`: \`${unfit.kind}\` scores images; for vectors there is \`mixture\``);
  }
  requireEnough(metrics, { name: "the generator (`evaluate.samples`)", count });
  const seed = seedOf(settings.seed, "evaluation");
  const measure = (gan: Samplable): Score[] => {
    const random = new Generator(seed);
    const features = drawSamples(gan, { count, random, averaged: true }).to({ device: "cpu" });
    if (features.isfinite().all().item() !== 1) {
      throw new UserError(`step ${gan.step}: the generator draws vectors that are not finite, so it cannot be scored`);
    }
    const sampling = samplingOf(gan, true, "eval");
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
  };
  return {
    every,
    best: bestOf(metrics, SAMPLES, best),
    async scores(gan, events, stop) {
      const scores = scope(() => measure(gan));
      events.evaluating?.({ name: "the generator", done: count, total: count });
      stop?.throwIfAborted();
      return scores;
    },
    dispose: () => undefined,
  };
}
