/** How a run scores itself while it trains. `gantry evaluate` does the same unless it is told otherwise. */
import { seedOf } from "../../base/seed.ts";
import type { MetricDescriptor } from "../../metrics/index.ts";
import type { RunSettings } from "../trainable.ts";

/** The evaluation of a run's settings. */
export interface OwnEvaluation {
  readonly features: string;
  readonly metrics: readonly MetricDescriptor[];
  /** Number of samples. */
  readonly samples: number;
  /** The most real images; undefined for all. */
  readonly real: number | undefined;
  /** The seed of its evaluations while it trained. */
  readonly seed: number;
}

/** What a run's settings say under `evaluate`; undefined where that is absent. */
export function ownEvaluation({ evaluate, seed }: RunSettings): OwnEvaluation | undefined {
  if (evaluate === undefined) return undefined;
  const { features, metrics, samples, real } = evaluate;
  return { features, metrics, samples, real, seed: seedOf(seed, "evaluation") };
}
