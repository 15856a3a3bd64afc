/** Trains a run for a command: reports progress, and stops after the current step on Ctrl-C. */
import { configureEngine } from "../tensor/index.ts";
import type { Rendezvous, Run } from "../training/index.ts";
import { refuseAbsentDevice } from "./device.ts";
import { exitCodes } from "./errors.ts";
import { watchInterrupts } from "./interrupt.ts";
import { type OutputFlags, type Reporter, reporterFor } from "./reporter.ts";

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
  flags: OutputFlags,
  { rendezvous, workers, onNotStarted, studioOf }: TrainRunOptions = {},
): Promise<number> {
  const reporter = reporterFor(flags);
  const interrupt = watchInterrupts(() => reporter.stopping());
  let started = false;
  const events = {
    ...reporter.events,
    begin: (from: number, to: number) => {
      started = true;
      reporter.events.begin?.(from, to);
    },
  };
  try {
    // Asking for a device loads the engine, and the number of threads must be set before that.
    if (run.recipe.threads !== undefined) configureEngine({ threads: run.recipe.threads });
    refuseAbsentDevice(run.recipe.device);
    reporter.start(name, directory);
    if (studioOf !== undefined) await showStudio(studioOf, directory, reporter);
    const result = await run.train({ events, stop: interrupt.signal, rendezvous });
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
  const { studioBeside } = await import("./train-studio.ts");
  try {
    reporter.studio(await studioBeside(folder, directory));
  } catch (error) {
    reporter.events.note?.(`the studio did not start, and training goes on: ${(error as Error).message}`);
  }
}
