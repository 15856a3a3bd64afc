/**
 * Ctrl-C while training: the first finishes the step and saves, the second ends the program at once.
 *
 * SIGTERM and SIGHUP (from a scheduler, or a closed terminal) count as a first Ctrl-C. A closed terminal sends SIGHUP
 * more than once (the system, and the shell), so SIGHUP is never the second.
 */
import { exitCodes } from "./errors.ts";

/** A watch for signals that ask a run to stop. */
export interface Interrupt {
  /** The trainer stops after the current step once this is aborted. */
  readonly signal: AbortSignal;
  /** The exit code of the signal; 0 before any signal. */
  exitCode(): number;
  /** Stops watching. */
  dispose(): void;
}

/**
 * Starts watching.
 *
 * @param announce - called once, at the first signal
 */
export function watchInterrupts(announce: () => void): Interrupt {
  const controller = new AbortController();
  let code: number = exitCodes.success;
  const stop = (name: NodeJS.Signals) => {
    const wanted = name === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
    if (controller.signal.aborted && name === "SIGHUP") return;
    if (controller.signal.aborted) process.exit(wanted);
    code = wanted;
    announce();
    controller.abort();
  };
  const handlers = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((name) => [name, () => stop(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => {
      for (const [name, handler] of handlers) process.off(name, handler);
      // While the command ends, its closed terminal may say so once more.
      if (controller.signal.aborted) process.on("SIGHUP", () => {});
    },
  };
}
