/**
 * A run whose generator is an average of another run's, of a length that is chosen after training (Karras et al. 2024; the formula
 * is in optim/power-averaging.ts).
 */
import { UserError } from "../../base/errors.ts";
import { LARGEST_STD, powerCombination } from "../../optim/index.ts";
import { applyOverrides } from "../../recipe/index.ts";
import { scope } from "../../tensor/index.ts";
import { writeCheckpoint } from "../run/checkpoint.ts";
import { RunDirectory } from "../run/run-directory.ts";
import { combineSnapshots, listSnapshots } from "../run/snapshots.ts";
import { BuiltGan } from "../step/gan.ts";
import { NO_DATA } from "./imported-run.ts";
import { openForSampling } from "./open-checkpoint.ts";
import { AVERAGED, startRun } from "./run.ts";

/** What {@link averageRun} makes. */
export interface AverageOptions {
  /** The length, as the standard deviation of the average's weights in parts of the run: above 0, below 0.2887. */
  readonly std: number;
  /** The folder of the new run. */
  readonly out: string;
  /** The step whose average it is, one that has a checkpoint; default: that of the newest. */
  readonly step?: number | undefined;
}

/** The run that {@link averageRun} made. */
export interface AveragedRun {
  readonly directory: string;
  readonly step: number;
  readonly std: number;
  /** How many stored averages it is the sum of. */
  readonly snapshots: number;
  /** The distance of its profile from that of `std`, as a part of that one's length: 0 where it is met. */
  readonly error: number;
}

/** Where the profile that can be made is farther from the wanted one, the average is another one. */
const LARGEST_ERROR = 0.1;

/**
 * Makes the average of G's weights with a length, from those that `powerAveraging` stored, and writes it as a run with one
 * checkpoint: to sample from, to score, and to begin another run with.
 *
 * @throws UserError when the run has stored no averages up to that step, too few for this length, or the folder is not empty.
 *
 * @example
 * const { error } = await averageRun("runs/first", { std: 0.08, out: "runs/first-0.08" });
 */
export async function averageRun(path: string, { std, out, step: wanted }: AverageOptions): Promise<AveragedRun> {
  if (!(std > 0 && std < LARGEST_STD)) {
    throw new UserError(`std (=${std}) must be above 0 and below 0.2887, which is the mean of the whole run`);
  }
  const directory = new RunDirectory(path);
  const description = directory.description();
  const { gan, step } = await openForSampling(path, wanted === undefined ? "last" : String(wanted));
  try {
    const snapshots = listSnapshots(directory.averages, step);
    if (snapshots.length === 0) {
      throw new UserError(
        `${directory.path} has stored no averages up to step ${step}: train it with the technique powerAveraging, whose \`every\` says how often it stores them`,
      );
    }
    const { weights, error } = powerCombination(snapshots, { std, step });
    if (error > LARGEST_ERROR) {
      throw new UserError(
        `std (=${std}) at step ${step} cannot be made of the ${snapshots.length} averages that are stored up to there (their profile misses it by ${Math.round(100 * error)} %); a length between those of \`powerAveraging.stds\`, or a smaller \`every\`, can`,
      );
    }
    return scope(() => {
      // It is never trained, and the engine that opened the run has its number of threads already.
      const recipe = applyOverrides(gan.recipe, ["techniques-=powerAveraging", "threads=null"]);
      const averaged = new BuiltGan(recipe, gan.shape, NO_DATA);
      try {
        averaged.generator.loadStateDict(combineSnapshots(snapshots, weights));
        averaged.discriminator.loadStateDict(gan.discriminator.stateDict());
        averaged.reach(step);
        const source = `${AVERAGED}${directory.path}, std ${std}`;
        startRun(recipe, { directory: out, source, modules: description.modules });
        const made = new RunDirectory(out);
        made.describe({ ...made.description(), ...(description.data === undefined ? {} : { data: description.data }) });
        made.keepConditions(gan.shape);
        writeCheckpoint(made.checkpoints, averaged, 0);
        return { directory: made.path, step, std, snapshots: snapshots.length, error };
      } finally {
        averaged.dispose();
      }
    });
  } finally {
    gan.dispose();
  }
}
