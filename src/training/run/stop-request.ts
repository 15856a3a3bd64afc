/**
 * A request to stop a run, as the file `stop` in its folder: the studio writes it, and so can any tool. Training then ends
 * as after Ctrl-C, with a checkpoint. It reaches a run in another process, and through a shared folder one on another
 * machine.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeIfPossible, writeFileAtomic } from "../../formats/index.ts";

/** Milliseconds between two looks at the folder. */
const INTERVAL = 250;

const fileIn = (run: string): string => join(run, "stop");

/**
 * Asks the process that trains the run in this folder to stop.
 * @throws UserError when the folder cannot be written.
 */
export function requestStop(run: string): void {
  writeFileAtomic(fileIn(run), [""]);
}

/** Whether a stop is asked for. */
export const isStopRequested = (run: string): boolean => existsSync(fileIn(run));

/**
 * A signal that is raised when `stop` is, or when a stop is asked for in the folder. An older request does not count:
 * it is removed. The caller ends the watch.
 */
export function watchStopRequest(
  run: string,
  stop: AbortSignal | undefined,
): { readonly signal: AbortSignal; end(): void } {
  rmSync(fileIn(run), { force: true });
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (isStopRequested(run)) controller.abort();
  }, INTERVAL);
  timer.unref();
  return {
    signal: stop === undefined ? controller.signal : AbortSignal.any([stop, controller.signal]),
    end: () => {
      clearInterval(timer);
      removeIfPossible(fileIn(run));
    },
  };
}
