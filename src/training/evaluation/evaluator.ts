/** Evaluation during training: the interface between the loop and `evaluate`, for any data. */
import { UserError } from "../../base/errors.ts";
import {
  type CollectProgress,
  type FeatureNetwork,
  type Metric,
  needsFeatures,
  type Score,
  scoreName,
} from "../../metrics/index.ts";
import type { Samplable } from "../trainable.ts";

/** Progress of an evaluation. */
export interface EvaluationEvents {
  evaluating?(progress: CollectProgress): void;
  note?(message: string): void;
}

/** The evaluations of a run. They draw from random streams of their own, so they do not change training. */
export interface Evaluator {
  readonly every: number;
  /** The score whose best checkpoint is kept. */
  readonly best: Pick<Score, "name" | "better">;
  /**
   * The scores at the current step.
   * @throws the reason of `stop` when it is raised meanwhile.
   */
  scores(gan: Samplable, events: EvaluationEvents, stop: AbortSignal | undefined): Promise<Score[]>;
  dispose(): void;
}

/**
 * The score that `best` names, with or without the network's name; the first one where it names none.
 *
 * @throws UserError when there is no such score, or none at all.
 */
export function bestOf(
  metrics: readonly Metric[],
  network: Pick<FeatureNetwork, "name"> | undefined,
  best: string | undefined,
): Evaluator["best"] {
  const all = metrics.flatMap((metric) =>
    Object.entries(metric.scores).map(([short, better]) => {
      const name = needsFeatures(metric) && network !== undefined ? scoreName(short, network) : short;
      return { short, name, better };
    }),
  );
  const found = best === undefined ? all[0] : all.find(({ short, name }) => best === short || best === name);
  if (found) return found;
  const names = all.map(({ short }) => short).join(", ");
  throw new UserError(
    best === undefined
      ? "`evaluate.metrics` is empty: name at least one, such as [fid()]"
      : `\`evaluate.best\` (=${best}) must be one of the run's scores: ${names}`,
  );
}
