/**
 * Semi-supervised MNIST (Salimans et al. 2016, section 5, table 1): the test error with few labels, over several draws of
 * the labelled images, and of ensembles that share one draw.
 */
import { UserError } from "../../base/errors.ts";
import { defineSweep, type Sweep } from "../sweep/index.ts";

/** What to run. */
export interface SemiExperiment {
  /** Numbers of labels; default 100. */
  readonly labels?: readonly number[] | undefined;
  /** Draws of the labelled images, 0 to this - 1; default 3. */
  readonly draws?: number | undefined;
  /** Runs of each draw, with seeds 0 to this - 1: an ensemble; default 1. */
  readonly seeds?: number | undefined;
  /** Length of each run in passes over the data; default 100, the recipe's. */
  readonly epochs?: number | undefined;
}

/**
 * The runs as a sweep of the recipe `semi-mnist` over labels and label draws.
 *
 * @param set - further overrides of every run
 *
 * @example
 * const sweep = semiSweep({ labels: [20, 100], draws: 3 }); // 6 runs
 */
export function semiSweep(experiment: SemiExperiment = {}, set: readonly string[] = [], recipe = "semi-mnist"): Sweep {
  const { labels = [100], draws = 3, seeds = 1, epochs = 100 } = experiment;
  if (labels.length === 0) throw new UserError("the experiment has no number of labels; name at least one");
  const uneven = labels.find((count) => count % 10 !== 0);
  if (uneven !== undefined) {
    throw new UserError(`labels (=${uneven}) must be a multiple of 10: each of the ten digits gets as many`);
  }
  return defineSweep({
    name: "semi",
    recipe,
    set: [`epochs=${epochs}`, ...set],
    over: {
      labels: variants("labels", labels),
      draw: variants(
        "labelSeed",
        Array.from({ length: draws }, (_, draw) => draw),
      ),
    },
    seeds,
  });
}

/** The values of an option of the technique as variants of an axis with a short name: it names folders. */
function variants(option: string, values: readonly number[]): Record<string, string[]> {
  return Object.fromEntries(values.map((value) => [`${value}`, [`techniques.semiSupervised.${option}=${value}`]]));
}
