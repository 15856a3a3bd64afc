/** What the parts of the torture share: dice with a seed, and the count of what was tried. */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** Whole numbers below a bound: Marsaglia's xorshift32, the same on every machine. */
export type Dice = (below: number) => number;

export function dice(seed: number): Dice {
  // State 0 would stay 0.
  let state = Math.imul(seed + 1, 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The outcome of a part. */
export interface Outcome {
  readonly part: string;
  /** How many trials were made, by kind. */
  readonly trials: Readonly<Record<string, number>>;
  /** What broke a promise, each in a sentence from which the trial can be made again. */
  readonly problems: readonly string[];
  /** What was measured, such as the largest memory. */
  readonly notes: readonly string[];
}

/** Collects an {@link Outcome}. */
export class Tally {
  readonly trials: Record<string, number> = {};
  readonly problems: string[] = [];
  readonly notes: string[] = [];

  count(kind: string, by = 1): void {
    this.trials[kind] = (this.trials[kind] ?? 0) + by;
  }

  outcome(part: string): Outcome {
    return { part, trials: this.trials, problems: this.problems, notes: this.notes };
  }
}

const entry = join(import.meta.dirname, "../../bin/gantry.js");

/** How a process of `gantry` ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `gantry`. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `gantry` as a user does; `through` are words before the command, such as those of `unshare`. */
export function gantry(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly through?: readonly string[] } = {},
): Running {
  const [program, ...rest] = [...(options.through ?? []), process.execPath, entry, ...args];
  const child = spawn(program!, rest, {
    env: { ...process.env, NO_COLOR: "1", OMP_NUM_THREADS: "1", GANTRY_CONVOLUTION: "rules", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { pid: child.pid!, ended, kill: (signal) => void child.kill(signal) };
}

/** Networks so small that a step takes a millisecond: checkpoints, pictures and scores all the time. */
export const tinySettings: readonly string[] = [
  ...["generator.hidden=[8]", "discriminator.hidden=[8]", "batchSize=16", "log.every=10", "samples.every=40"],
  ...["samples.count=50", "checkpoint.every=20", "evaluate.every=40", "evaluate.samples=100"],
].flatMap((setting) => ["--set", setting]);

/** A run of such networks. */
export function tinyTraining(run: string, steps: number): string[] {
  return ["train", "mixture", "--out", run, "--steps", String(steps), ...tinySettings, "--quiet"];
}

/**
 * Starts something in a folder, kills it at most `most` times, lets it end, and compares its end with one that was not killed.
 * Gives how many kills there were.
 */
export type Killed = (folder: string, most: number, roll: Dice, tally: Tally) => Promise<number>;

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
