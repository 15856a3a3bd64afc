/** The state of a run of a sweep, read from its files alone, however its process ended. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { PlainDescriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { withAbsolutePaths } from "../../data/index.ts";
import { toPlainRecipe } from "../../recipe/index.ts";
import { RunDirectory, type RunEvent } from "../../training/index.ts";
import type { SweepFolder } from "./folder.ts";
import type { GridRun } from "./grid.ts";
import { recipeChanges } from "./recipe-changes.ts";

/** The state of a run. */
export type RunState =
  | { readonly kind: "waiting" }
  /** It was begun, and can be resumed. */
  | { readonly kind: "begun"; readonly step: number }
  | { readonly kind: "finished"; readonly step: number }
  /** `lasting` where trying again cannot help: the folder holds a run that is not the sweep's. */
  | { readonly kind: "failed"; readonly reason: string; readonly lasting: boolean };

/** Keys that change what a run writes or where it computes, but not its result. */
const INCIDENTAL = ["threads", "device", "samples", "log", "checkpoint"];

/** The state of a run of the sweep. */
export function stateOf(folder: SweepFolder, run: GridRun): RunState {
  const directory = new RunDirectory(folder.run(run.name));
  const failure = folder.failure(run.name);
  const failed = failure === undefined ? undefined : ({ kind: "failed", reason: failure, lasting: false } as const);
  if (!existsSync(join(directory.path, "recipe.json"))) return failed ?? { kind: "waiting" };
  let foreign: string | undefined;
  try {
    foreign = foreignTo(directory, run, folder.workingFolder);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    foreign = error.message;
  }
  if (foreign !== undefined) return { kind: "failed", reason: foreign, lasting: true };
  const last = lastEvent(directory.metrics);
  if (last?.event === "finish" && isScored(directory, run, last.step)) return { kind: "finished", step: last.step };
  return failed ?? { kind: "begun", step: last?.step ?? 0 };
}

/** A run that was stopped in the evaluation of its last step has finished its steps, but its scores are not there. */
function isScored(directory: RunDirectory, run: GridRun, step: number): boolean {
  return run.recipe.evaluate === undefined || directory.evaluations().some((evaluation) => evaluation.step === step);
}

/** The differences between the run in the folder and the sweep's: a user trained it for longer, for example. */
function foreignTo(directory: RunDirectory, run: GridRun, workingFolder: string): string | undefined {
  const plain = toPlainRecipe(run.recipe);
  // A run keeps absolute paths.
  const own = { ...plain, data: withAbsolutePaths(plain.data as PlainDescriptor, workingFolder) };
  const found = recipeChanges(JSON.parse(JSON.stringify(own)), directory.description().recipe)
    .filter(({ key }) => !INCIDENTAL.includes(key.split(".")[0]!))
    .map(({ key, before, after }) => `its \`${key}\` is ${after}, the sweep's is ${before}`);
  return found.length === 0 ? undefined : `the run is not the sweep's any more: ${found.join("; ")}`;
}

/** The last beginning or end of a session in the log. */
function lastEvent(log: string): RunEvent | undefined {
  return lastOf(log, ({ event }) => event !== "scores" && event !== "unscored") as RunEvent | undefined;
}

/** Why the last evaluation of a run failed, if it did. */
export function unscoredReason(folder: SweepFolder, run: GridRun): string | undefined {
  const { metrics } = new RunDirectory(folder.run(run.name));
  const last = lastOf(metrics, ({ event }) => event === "scores" || event === "unscored");
  return last?.event === "unscored" ? `step ${last.step} has no scores: ${last.message}` : undefined;
}

type LoggedEvent = Pick<RunEvent, "step" | "message"> & { readonly event: RunEvent["event"] | "scores" };

/** The last event of the log for which `holds`. */
function lastOf(log: string, holds: (event: LoggedEvent) => boolean): LoggedEvent | undefined {
  if (!existsSync(log)) return undefined;
  const lines = readFileSync(log, "utf8").split("\n");
  for (const line of lines.reverse()) {
    if (!line.includes('"event"')) continue;
    try {
      const event = JSON.parse(line) as LoggedEvent;
      if (holds(event)) return event;
    } catch {
      // Half a line, as a crash leaves it.
    }
  }
  return undefined;
}

/**
 * The process that trains the run at this moment, if any. It can be a child that outlived its sweep.
 *
 * `elsewhere` is set for a process of another machine, whose end cannot be seen from here.
 */
export function holderOf(folder: SweepFolder, run: GridRun): { message: string; elsewhere: boolean } | undefined {
  const directory = new RunDirectory(folder.run(run.name));
  if (!existsSync(join(directory.path, "recipe.json"))) return undefined;
  try {
    directory.lock()();
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { message: error.message, elsewhere: hostIn(join(directory.path, "running.json")) !== hostname() };
  }
}

function hostIn(lock: string): unknown {
  try {
    return (JSON.parse(readFileSync(lock, "utf8")) as { host?: unknown }).host;
  } catch {
    // Released, or not yet written: in either case probably by a process of this machine.
    return hostname();
  }
}

/**
 * Removes what a child left that was killed while it made its folder: such a folder can neither be begun nor resumed.
 */
export function clearUnbegun(folder: SweepFolder, run: GridRun): void {
  const path = folder.run(run.name);
  if (!existsSync(path) || existsSync(join(path, "recipe.json"))) return;
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const other = files.find(({ name }) => !name.endsWith(".tmp"));
  if (other) throw new UserError(`${path} is not a run, but holds ${other.name}; remove it`);
  rmSync(path, { recursive: true, force: true });
}
