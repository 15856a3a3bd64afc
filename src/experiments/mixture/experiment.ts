/**
 * The experiment by which top-k training is explained (Sinha et al. 2020, section 3): mixtures of Gaussians, learnt
 * from all generated samples of a batch, from the k judged most real, from the k judged least real, and from any k.
 *
 * The last arm tells "the worst samples hurt" from "fewer samples help". All arms share networks, data and seeds; they
 * differ in nothing but the rows that the generator's loss is taken over.
 */
import { UserError } from "../../base/errors.ts";
import { isSquare } from "../../data/index.ts";
import { defineSweep, type Sweep } from "../sweep/index.ts";

/** The samples that the generator learns from. */
export const updates = ["all", "top", "bottom", "random"] as const;

/** One of {@link updates}. */
export type Update = (typeof updates)[number];

/** How each arm reads in tables and figures. */
export const updateNames: Readonly<Record<Update, string>> = {
  all: "all samples",
  top: "top-k",
  bottom: "bottom-k",
  random: "random k",
};

/** Generator steps of the full experiment. */
export const FULL_LENGTH = 100_000;

/** Steps between reductions of k in the full experiment; a shorter one is annealed in proportion. */
const ANNEALING = 2_000;

/** Where on its way a run is looked at closely, in shares of its length. */
const MILESTONES = [0.01, 0.05, 0.1, 0.2, 0.5, 1];

/** What to run. */
export interface MixtureExperiment {
  /** Numbers of modes, square numbers; default 25. */
  readonly modes?: readonly number[] | undefined;
  /** Default: all four. */
  readonly updates?: readonly Update[] | undefined;
  /** Seeds 0, 1 ...; default 5. */
  readonly seeds?: number | undefined;
  /** Generator steps of each run; default 100,000. */
  readonly steps?: number | undefined;
}

/** The steps at which a run of this length keeps a checkpoint for good. */
export function milestones(steps: number): number[] {
  return [...new Set(MILESTONES.map((share) => Math.max(1, Math.round(share * steps))))];
}

/** @throws UserError for a number of modes that fills no grid. */
export function requireSquare(modes: number): void {
  if (!isSquare(modes)) throw new UserError(`modes (=${modes}) must be a square number: they stand on a grid`);
}

/** Steps between reductions of k in a run of this length: 2,000 of 100,000. */
export function annealingInterval(steps: number): number {
  return Math.max(1, Math.round((ANNEALING * steps) / FULL_LENGTH));
}

const changes: Readonly<Record<Update, readonly string[]>> = {
  all: ["techniques.topK.floor=1"],
  top: ["techniques.topK.keep=top"],
  bottom: ["techniques.topK.keep=bottom"],
  random: ["techniques.topK.keep=random"],
};

/**
 * The experiment as a sweep of the recipe `mixture` over `modes` and `update`, all arms with the first seed first.
 *
 * k falls by a hundredth every fiftieth of the run's length (every 2,000 of 100,000 steps), so that a shorter run goes
 * through the same values of k; scores are measured as often in proportion.
 *
 * @example
 * const sweep = mixtureSweep({ modes: [25], seeds: 5 });
 */
export function mixtureSweep(experiment: MixtureExperiment = {}): Sweep {
  const { modes = [25], updates: arms = updates, seeds = 5, steps = FULL_LENGTH } = experiment;
  for (const count of modes) requireSquare(count);
  const interval = annealingInterval(steps);
  return defineSweep({
    name: "mixture",
    recipe: "mixture",
    set: [
      `steps=${steps}`,
      `techniques.topK.everySteps=${interval}`,
      `evaluate.every=${interval}`,
      `samples.every=${Math.max(1, Math.round(steps / 20))}`,
      `checkpoint.at=[${milestones(steps).join(",")}]`,
    ],
    over: {
      modes: Object.fromEntries(modes.map((count) => [String(count), [`data.modes=${count}`]])),
      update: Object.fromEntries(arms.map((arm) => [arm, changes[arm]])),
    },
    seeds,
  });
}
