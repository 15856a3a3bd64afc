/**
 * A clock that stands still while the process is stopped: Ctrl-Z, then `fg`.
 *
 * Nobody is told when a process is stopped, only that it continues (SIGCONT). So the time from the last reading to that
 * signal counts as stopped. Readings are at most a training step apart, and {@link turn} comes before each.
 */
import { setImmediate, setTimeout } from "node:timers/promises";

let stopped = 0;
let last = performance.now();
let watching = false;
const callbacks = new Set<() => void>();

function watch(): void {
  if (watching) return;
  watching = true;
  process.on("SIGCONT", () => {
    const now = performance.now();
    stopped += now - last;
    last = now;
    for (const callback of callbacks) callback();
  });
}

/** Seconds since the process began, without those in which it was stopped. */
export function workingSeconds(): number {
  watch();
  last = performance.now();
  return (last - stopped) / 1000;
}

/** Calls back whenever the process continues after it was stopped. The returned function ends that. */
export function whenContinued(callback: () => void): () => void {
  watch();
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

/** A step that takes this many times as long as the steps before it may hold a pause. */
const LONG = 5;
/** Milliseconds below which no step is long. */
const SHORT = 500;
/** Milliseconds in which the signal arrives: another thread may take it, on a busy machine. */
const PATIENCE = 100;

let turned = performance.now();
/** Milliseconds of a usual step. */
let usual = 0;

/**
 * Gives the event loop a turn after a step. If the step was unusually long, it waits a moment for a SIGCONT that may be on
 * its way: the clock must not be read before.
 */
export async function turn(): Promise<void> {
  const length = performance.now() - turned;
  if (length > Math.max(SHORT, LONG * usual)) await setTimeout(PATIENCE);
  else await setImmediate();
  usual = usual === 0 ? length : 0.9 * usual + 0.1 * Math.min(length, LONG * usual);
  turned = performance.now();
}
