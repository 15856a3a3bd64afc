/** Evaluation of vectors during training: the metrics get the generator's samples as they are. */
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { VectorData } from "../../data/index.ts";
import { type Drawing, type Metric, type Protocol, type Score, scoreName } from "../../metrics/index.ts";
import { Generator, scope } from "../../tensor/index.ts";
import { drawSamples, SAMPLE_BATCH, samplingOf } from "../sampling/sample.ts";
import type { RunSettings, Samplable } from "../trainable.ts";
import { bestOf, type EvaluationEvents, type Evaluator } from "./evaluator.ts";

/** What `features` says for vectors: their scores are of the samples themselves. */
export const SAMPLES = "samples";

/** The evaluations of a run whose data are vectors. */
export class VectorEvaluator implements Evaluator {
  readonly every: number;
  readonly best: Evaluator["best"];
  readonly #metrics: readonly Metric[];
  readonly #samples: number;
  readonly #seed: number;

  private constructor(settings: RunSettings, data: VectorData) {
    const { every, features, metrics, samples, best } = settings.evaluate!;
    if (features !== SAMPLES) {
      throw new UserError(
        `\`evaluate.features\` (=${features}) looks at images; for vectors write "${SAMPLES}": their scores are of the samples themselves`,
      );
    }
    this.every = every;
    this.#metrics = metrics.map((metric) => metric.build({ mixture: data.mixture }));
    const unfit = this.#metrics.find(
      ({ needs }) => needs.classified || needs.real.length > 0 || needs.fake.some((p) => p !== "features"),
    );
    if (unfit !== undefined) {
      throw new UserError(`\`evaluate.metrics\`: \`${unfit.kind}\` scores images; for vectors there is \`mixture\``);
    }
    this.#samples = samples;
    this.#seed = seedOf(settings.seed, "evaluation");
    this.best = bestOf(this.#metrics, { name: SAMPLES }, best);
  }

  /**
   * Opens what `evaluate` names; undefined where it is absent.
   *
   * @throws UserError when a metric does not fit vectors or `best` is no score of the metrics.
   */
  static open(settings: RunSettings, data: VectorData): VectorEvaluator | undefined {
    return settings.evaluate && new VectorEvaluator(settings, data);
  }

  async scores(gan: Samplable, events: EvaluationEvents, stop: AbortSignal | undefined): Promise<Score[]> {
    const count = this.#samples;
    const scores = scope(() => {
      const random = new Generator(this.#seed);
      const features = drawSamples(gan, { count, random, averaged: true }).to({ device: "cpu" });
      if (features.isfinite().all().item() !== 1) {
        throw new UserError(
          `step ${gan.step}: the generator draws vectors that are not finite, so it cannot be scored`,
        );
      }
      const sampling = samplingOf(gan, true, "eval");
      const drawing: Drawing = { ...sampling, batch: SAMPLE_BATCH, truncation: null, labels: "none" };
      return this.#metrics.flatMap((metric) => {
        const measured = metric.compute({ fake: { count, features }, random });
        const protocol: Protocol = {
          features: SAMPLES,
          featuresHash: "none",
          resizer: "none",
          quantiser: "none",
          real: null,
          fakeCount: count,
          drawing,
          options: metric.options,
          seeds: [this.#seed],
        };
        return Object.entries(metric.scores).map(([name, better]) => {
          const { value, std, points } = measured[name]!;
          return { name: scoreName(name, { name: SAMPLES }), value, std, better, points, protocol };
        });
      });
    });
    events.evaluating?.({ name: "the generator", done: count, total: count });
    stop?.throwIfAborted();
    return scores;
  }

  dispose(): void {
    // Nothing is held.
  }
}
