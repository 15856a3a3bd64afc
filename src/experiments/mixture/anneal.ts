/**
 * How fast k falls, and how far: top-k training over gamma and nu on a mixture, about the two failures that the paper
 * names. Too small a gamma throws samples away before the discriminator knows good from bad; too large a nu is ordinary
 * training.
 */
import { defineSweep, type Sweep } from "../sweep/index.ts";
import { annealingInterval, FULL_LENGTH, requireSquare } from "./experiment.ts";

/** What to run. */
export interface AnnealExperiment {
  /** Factors gamma, 0 to 1; default 0.5, 0.75, 0.9, 0.99, 0.999. */
  readonly gammas?: readonly number[] | undefined;
  /** Floors nu, 0 to 1; default 0.125, 0.25, 0.5, 0.75, 1 (1 is learning from all samples, whatever gamma). */
  readonly floors?: readonly number[] | undefined;
  /** A square number; default 25. */
  readonly modes?: number | undefined;
  /** Seeds 0, 1 ...; default 3. */
  readonly seeds?: number | undefined;
  /** Generator steps of each run; default 100,000. */
  readonly steps?: number | undefined;
}

/**
 * The experiment as a sweep of the recipe `mixture` over `topK`: each pair of gamma and nu below 1, and once all
 * samples. k falls 49 times in a run, at every fiftieth of its length but the last.
 *
 * @example
 * const sweep = annealSweep({ gammas: [0.75, 0.99], floors: [0.5, 1], steps: 10_000 });
 */
export function annealSweep(experiment: AnnealExperiment = {}): Sweep {
  const { gammas = [0.5, 0.75, 0.9, 0.99, 0.999], floors = [0.125, 0.25, 0.5, 0.75, 1] } = experiment;
  const { modes = 25, seeds = 3, steps = FULL_LENGTH } = experiment;
  requireSquare(modes);
  const interval = annealingInterval(steps);
  const pairs = floors
    .filter((floor) => floor < 1)
    .flatMap((floor) =>
      gammas.map((gamma) => [
        `gamma ${gamma}, nu ${floor}`,
        [`techniques.topK.gamma=${gamma}`, `techniques.topK.floor=${floor}`],
      ]),
    );
  const all = floors.includes(1) ? [["all samples", ["techniques.topK.floor=1"]]] : [];
  return defineSweep({
    name: "anneal",
    recipe: "mixture",
    set: [
      `steps=${steps}`,
      `data.modes=${modes}`,
      `techniques.topK.everySteps=${interval}`,
      `evaluate.every=${interval}`,
      `samples.every=${steps}`,
      `checkpoint.every=${Math.max(1, Math.round(steps / 10))}`,
    ],
    over: { topK: Object.fromEntries([...all, ...pairs]) as Record<string, string[]> },
    seeds,
  });
}
