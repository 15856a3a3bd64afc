/**
 * Running a sweep: as many children as asked for at a time, each run once, also with earlier results and with other
 * processes in the folder.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import { type ChildEnd, type ChildEvent, gantryCommand, startChild } from "./child.ts";
import type { SweepFolder } from "./folder.ts";
import { type Grid, type GridRun, runsOf, type Shard } from "./grid.ts";
import { clearUnbegun, holderOf, type RunState, stateOf, unscoredReason } from "./run-state.ts";

/** A run before the sweep begins. */
export interface PlannedRun {
  readonly run: GridRun;
  readonly state: RunState;
  readonly todo: boolean;
}

/** What a sweep reports while it runs. */
export interface SweepEvents {
  /** The runs of this process's share, their states, and whether they will be run now. */
  plan?(runs: readonly PlannedRun[]): void;
  /** A run begins, or continues from a step. */
  started?(run: GridRun, from: "start" | "resume"): void;
  /** A line of a child's output. */
  child?(run: GridRun, event: ChildEvent): void;
  /** A run is trained by a child that outlived an earlier sweep; it is waited for. */
  held?(run: GridRun, message: string): void;
  /** A run is over for this process: ended, or left to another process. */
  ended?(run: GridRun, state: RunState | { readonly kind: "elsewhere"; readonly reason: string }): void;
}

/** How to run a sweep. */
export interface RunSweepOptions {
  /** Children at a time; default 1. */
  readonly jobs?: number | undefined;
  /**
   * Threads of each child; default: those that the sweep began with, and in a new sweep the cores divided by `jobs`, at
   * least 1. A recipe's own `threads` goes first, and a run that was begun keeps its number.
   */
  readonly threads?: number | undefined;
  readonly shard?: Shard | undefined;
  /** Try runs again that have failed. */
  readonly retry?: boolean | undefined;
  /** Raise it to stop: children finish their step and save. */
  readonly stop?: AbortSignal | undefined;
  readonly events?: SweepEvents | undefined;
  /** The program that trains a run, before its arguments; default: this Gantry. */
  readonly command?: readonly string[] | undefined;
  /** Called when a run is over, to write results. */
  readonly update?: (() => void) | undefined;
}

/** Options with an action that is called with each run that finishes, after what they tell already. */
export function whenFinished(options: RunSweepOptions, action: (run: GridRun) => void): RunSweepOptions {
  const ended: SweepEvents["ended"] = (run, state) => {
    options.events?.ended?.(run, state);
    if (state.kind === "finished") action(run);
  };
  return { ...options, events: { ...options.events, ended } };
}

/** How a sweep ended, of the runs of this process's share. */
export interface SweepOutcome {
  readonly runs: number;
  readonly finished: number;
  readonly failed: number;
  /** Left to other processes. */
  readonly elsewhere: number;
  /** Neither finished nor failed: the sweep was stopped. */
  readonly open: number;
}

/** Milliseconds between two checks whether a process has released a run. */
const PATIENCE = 500;

/**
 * Runs the remaining runs of a sweep. A failed run does not throw; the folder notes it.
 *
 * @throws UserError when other threads are asked for than the sweep began with.
 *
 * @example
 * const folder = new SweepFolder("sweeps/mnist");
 * folder.define(sweep, recipe);
 * const { failed } = await runSweep(folder, expandGrid(sweep, recipe), "mnist", { jobs: 2 });
 */
export async function runSweep(
  folder: SweepFolder,
  grid: Grid,
  source: string,
  options: RunSweepOptions = {},
): Promise<SweepOutcome> {
  const { jobs = 1, events = {}, retry = false, command = gantryCommand } = options;
  // A disk that refuses results must not leave the other children running on.
  const failing = new AbortController();
  const stop = AbortSignal.any([failing.signal, ...(options.stop ? [options.stop] : [])]);
  const threads = folder.threads(options.threads, Math.max(1, Math.floor(availableParallelism() / jobs)));
  const mine = runsOf(grid, options.shard);
  const isDone = (state: RunState) =>
    state.kind === "finished" || (state.kind === "failed" && (!retry || state.lasting));
  const plan = mine.map((run): PlannedRun => {
    const state = stateOf(folder, run);
    return { run, state, todo: !isDone(state) };
  });
  events.plan?.(plan);
  const queue = plan.filter(({ todo }) => todo).map(({ run }) => run);
  let elsewhere = 0;

  const one = async (run: GridRun): Promise<void> => {
    let release: () => void;
    try {
      release = folder.claim(run.name);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      elsewhere++;
      events.ended?.(run, { kind: "elsewhere", reason: error.message });
      return;
    }
    try {
      const holder = await freed(folder, run, { events, stop, command });
      if (holder !== undefined) {
        elsewhere++;
        events.ended?.(run, { kind: "elsewhere", reason: holder });
        return;
      }
      // Another process may have finished it before the claim was ours.
      if (!isDone(stateOf(folder, run)) && !stop.aborted)
        await train(folder, run, source, threads, { events, stop, command });
      events.ended?.(run, stateOf(folder, run));
    } finally {
      release();
    }
    options.update?.();
  };

  const worker = async (): Promise<void> => {
    for (let run = queue.shift(); run !== undefined && !stop.aborted; run = queue.shift()) await one(run);
  };
  const guarded = () =>
    worker().catch((error: unknown) => {
      failing.abort();
      throw error;
    });
  const ends = await Promise.allSettled(Array.from({ length: jobs }, guarded));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  options.update?.();
  const states = mine.map((run) => stateOf(folder, run).kind);
  const count = (kind: RunState["kind"]) => states.filter((state) => state === kind).length;
  const [finished, failed] = [count("finished"), count("failed")];
  return { runs: mine.length, finished, failed, elsewhere, open: mine.length - finished - failed };
}

interface Watched {
  readonly events: SweepEvents;
  readonly stop: AbortSignal;
  readonly command: readonly string[];
}

/**
 * Waits until no process trains the run; gives the holder's description when it is on another machine, or `stop` is
 * raised.
 */
async function freed(folder: SweepFolder, run: GridRun, { stop, events }: Watched): Promise<string | undefined> {
  let announced = false;
  for (let holder = holderOf(folder, run); holder !== undefined; holder = holderOf(folder, run)) {
    if (holder.elsewhere || stop.aborted) return holder.message;
    if (!announced) events.held?.(run, holder.message);
    announced = true;
    await setTimeout(PATIENCE);
  }
  return undefined;
}

/** Trains one run to its end or to `stop`, and notes it when that fails. */
async function train(
  folder: SweepFolder,
  run: GridRun,
  source: string,
  threads: number,
  { stop, events, command }: Watched,
): Promise<void> {
  folder.clearFailure(run.name);
  const log = folder.log(run.name);
  let end: ChildEnd;
  try {
    clearUnbegun(folder, run);
    const begun = stateOf(folder, run).kind !== "waiting";
    const path = folder.run(run.name);
    const what = begun ? ["resume", path] : ["train", source, "--out", path, ...settings(run)];
    // A resumed run keeps the threads that it began with, and so its bits.
    const share = begun || run.recipe.threads !== undefined ? [] : ["--threads", String(threads)];
    events.started?.(run, begun ? "resume" : "start");
    const call = [...command, ...what, ...share, "--json"];
    const child = startChild(call, { log, folder: folder.workingFolder }, (event) => events.child?.(run, event));
    const onStop = () => child.stop();
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) onStop();
    end = await child.ended;
    stop.removeEventListener("abort", onStop);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    end = { code: null, signal: null, message: error.message };
  }
  const state = stateOf(folder, run);
  if (state.kind === "finished" || wasAsked(end)) return;
  folder.writeFailure(run.name, end.message ?? unscoredReason(folder, run) ?? reasonOf(end, log));
}

const settings = (run: GridRun): string[] => run.set.flatMap((text) => ["--set", text]);

/** Whether the child stopped on request, so that it can be resumed. */
function wasAsked({ code, signal }: ChildEnd): boolean {
  return code === 130 || code === 143 || ["SIGINT", "SIGTERM", "SIGHUP"].includes(signal ?? "");
}

/** The reason for the end of a child without an error message. */
function reasonOf({ code, signal }: ChildEnd, log: string): string {
  const how = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
  const last = readFileSync(log, "utf8").trimEnd().split("\n").at(-1);
  return last ? `${how}: ${last}` : how;
}
