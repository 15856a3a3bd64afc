/** Training under watch: with a reporter, and with Ctrl-C finishing the step instead of losing it. */
import { configureEngine } from "../tensor/index.ts";
import type { Rendezvous, Run } from "../training/index.ts";
import { refuseAbsentDevice } from "./device.ts";
import { exitCodes } from "./errors.ts";
import { watchInterrupts } from "./interrupt.ts";
import { type OutputFlags, reporterFor } from "./reporter.ts";

/** Options of {@link trainWatched}. */
export interface Watching {
  /** Where the workers that share the work meet; default: there are no others. */
  readonly rendezvous?: Rendezvous | undefined;
  /** What the user gave as `--workers`. */
  readonly workers?: string | undefined;
  /** Called when the run fails before its first step (no data, no such device). */
  readonly onNotStarted?: () => void;
}

/** Trains a run to its end or to the first signal, and gives the exit code. */
export async function trainWatched(
  run: Run,
  name: string,
  directory: string,
  flags: OutputFlags,
  { rendezvous, workers, onNotStarted: unbegun }: Watching = {},
): Promise<number> {
  const reporter = reporterFor(flags);
  const interrupt = watchInterrupts(() => reporter.stopping());
  let begun = false;
  const events = {
    ...reporter.events,
    begin: (from: number, to: number) => {
      begun = true;
      reporter.events.begin?.(from, to);
    },
  };
  try {
    // Asking for a device loads the engine, and a loaded engine keeps its threads.
    if (run.recipe.threads !== undefined) configureEngine({ threads: run.recipe.threads });
    refuseAbsentDevice(run.recipe.device);
    reporter.start(name, directory);
    const result = await run.train({ events, stop: interrupt.signal, rendezvous });
    reporter.end(result, workers);
    return result.finished ? exitCodes.success : interrupt.exitCode();
  } catch (error) {
    try {
      if (!begun) unbegun?.();
    } catch {
      // What went wrong at first is what has to be told.
    }
    throw error;
  } finally {
    interrupt.dispose();
  }
}
