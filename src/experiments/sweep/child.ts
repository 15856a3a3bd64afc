/** One run as a child process: `gantry train` or `gantry resume` with `--json`, its events, and how it ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../../formats/index.ts";

const here = dirname(fileURLToPath(import.meta.url));
const compiled = join(here, "../../cli/main.js");

/**
 * The command line of this Gantry. Compiled code starts compiled code: in a clone, bin/gantry.js would compile again
 * for each run, and a source that is edited meanwhile would change the sweep.
 */
export const gantryCommand: readonly string[] = [
  process.execPath,
  existsSync(compiled) ? compiled : join(here, "../../../bin/gantry.js"),
];

/** A line of a child's output; see docs/reference/cli.md. */
export interface ChildEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its error message. */
  readonly message?: string | undefined;
}

/** A running child. */
export interface Child {
  /** Asks it to stop: the first time it finishes its step and saves, the second time it ends at once. */
  stop(): void;
  readonly ended: Promise<ChildEnd>;
}

const running = new Set<ChildProcess>();

/**
 * Whatever ends this process, except SIGKILL, must not leave children behind: those that were asked already end at
 * once.
 */
function endRunning(): void {
  for (const child of running) child.kill("SIGINT");
}

/** Where a child works. */
interface ChildPlace {
  /** Its standard error is added to this file. */
  readonly log: string;
  /** Its working folder; this process's where it is gone. */
  readonly folder: string;
}

/**
 * Starts a child.
 *
 * It gets a process group of its own: a terminal's Ctrl-C goes to a whole group, and together with the one passed on by
 * {@link Child.stop} it would be the second, which ends a run without saving.
 */
export function startChild(
  command: readonly string[],
  { log, folder }: ChildPlace,
  onEvent: (event: ChildEvent) => void,
): Child {
  makeFolder(dirname(log));
  const errors = openSync(log, "a");
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", "pipe", errors],
    detached: true,
    ...(existsSync(folder) ? { cwd: folder } : {}),
  });
  closeSync(errors);
  if (running.size === 0) process.on("exit", endRunning);
  running.add(child);
  let message: string | undefined;
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const event = parsed(line);
      if (event?.event === "error") message = String(event.message);
      if (event) onEvent(event);
    }
  });
  const ended = new Promise<ChildEnd>((resolve) => {
    const end = (result: ChildEnd) => {
      running.delete(child);
      if (running.size === 0) process.off("exit", endRunning);
      resolve(result);
    };
    child.on("error", (error) => end({ code: null, signal: null, message: error.message }));
    child.on("close", (code, signal) => end({ code, signal, message }));
  });
  return { stop: () => void child.kill("SIGINT"), ended };
}

/** Lines that are no events (a library's warning on standard output) are skipped. */
function parsed(line: string): ChildEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "event" in value) return value as ChildEvent;
  } catch {
    // No JSON.
  }
  return undefined;
}
