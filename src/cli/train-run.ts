/** Trains a run for a command: reports progress, and stops after the current step on Ctrl-C. */
import { configureEngine } from "../tensor/index.ts";
import type { Rendezvous, Run, TrainOptions } from "../training/index.ts";
import { refuseAbsentDevice } from "./device.ts";
import { exitCodes } from "./errors.ts";
import { watchInterrupts } from "./interrupt.ts";
import { type OutputFlags, type Reporter, reporterFor } from "./reporter.ts";

/** A flag of every command that trains a run. */
export const tensorboardFlag = {
  tensorboard: {
    type: "boolean",
    description: "also write an event file for TensorBoard, into the folder tensorboard of the run",
  },
} as const;

type RunEvents = NonNullable<TrainOptions["events"]>;

/** Calls all of them. */
function combined(all: readonly RunEvents[]): RunEvents {
  const names = [...new Set(all.flatMap((events) => Object.keys(events)))] as (keyof RunEvents)[];
  const call = (name: keyof RunEvents, values: never[]): void => {
    for (const events of all) (events[name] as ((...values: never[]) => void) | undefined)?.(...values);
  };
  return Object.fromEntries(names.map((name) => [name, (...values: never[]) => call(name, values)]));
}

/** Options of {@link trainRun}. */
export interface TrainRunOptions {
  /** The rendezvous of the workers; default: there is only this process. */
  readonly rendezvous?: Rendezvous | undefined;
  /** What the user gave as `--workers`. */
  readonly workers?: string | undefined;
  /** Called when the run fails before its first step (no data, no such device). */
  readonly onNotStarted?: () => void;
  /** The folder whose runs a studio shows meanwhile; default: none does. */
  readonly studioOf?: string | undefined;
}

/** Trains a run to its end or to the first signal, and gives the exit code. */
export async function trainRun(
  run: Run,
  name: string,
  directory: string,
  flags: OutputFlags & { readonly tensorboard?: boolean | undefined },
  { rendezvous, workers, onNotStarted, studioOf }: TrainRunOptions = {},
): Promise<number> {
  const reporter = reporterFor(flags);
  const interrupt = watchInterrupts(() => reporter.stopping());
  let announced = false;
  let started = false;
  // A run whose settings are refused has no name and no folder to tell of.
  const announce = (): void => {
    if (!announced) reporter.start(name, directory);
    announced = true;
  };
  const begin = (): void => {
    announce();
    started = true;
  };
  try {
    const board = flags.tensorboard ? await tensorBoardEvents(run, reporter) : {};
    const events = combined([{ begin, preparing: announce, note: announce }, reporter.events, board]);
    // Asking for a device loads the engine, and the number of threads must be set before that.
    if (run.recipe.threads !== undefined) configureEngine({ threads: run.recipe.threads });
    refuseAbsentDevice(run.recipe.device);
    if (studioOf !== undefined) {
      announce();
      await showStudio(studioOf, directory, reporter);
    }
    const result = await run.train({ events, stop: interrupt.signal, rendezvous });
    announce();
    reporter.end(result, workers);
    // Without a signal it was stopped by a request in its folder.
    return result.finished ? exitCodes.success : interrupt.exitCode() || exitCodes.interrupted;
  } catch (error) {
    try {
      if (!started) onNotStarted?.();
    } catch {
      // The first error is the one to report.
    }
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/** Starts the studio and reports its address. Where it does not start, training goes on without it. */
async function showStudio(folder: string, directory: string, reporter: Reporter): Promise<void> {
  const { startStudio } = await import("./train-studio.ts");
  try {
    reporter.studio(await startStudio(folder, directory));
  } catch (error) {
    reporter.events.note?.(`the studio did not start, and training goes on: ${(error as Error).message}`);
  }
}

async function tensorBoardEvents({ directory }: Run, { events }: Reporter): Promise<RunEvents> {
  const { liveTensorBoard } = await import("../export/index.ts");
  return liveTensorBoard(directory, (message) => events.note?.(message));
}
