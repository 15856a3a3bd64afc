/**
 * `--workers N`: the command starts N - 1 copies of itself, which share the work of every step, and continues as the
 * first worker. On several machines torchrun (or a scheduler) starts the copies and sets the environment variables.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { configureEngine } from "../tensor/index.ts";
import { followRun, type Rendezvous, type Trainer, torchrunRendezvous } from "../training/index.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { wholeNumber } from "./flags.ts";

/**
 * Runs `lead` as the only worker, or as the first of several, with their rendezvous. A process that is another worker
 * follows the first. The workers of a machine share its cores, unless the recipe or the user sets the number of
 * threads.
 *
 * @throws UsageError when `--workers` contradicts the environment.
 */
export async function launchWorkers(
  flag: string | undefined,
  trainer: Trainer,
  lead: (rendezvous: Rendezvous | undefined) => Promise<number>,
): Promise<number> {
  const wanted = wholeNumber("--workers", flag, 1);
  const given = torchrunRendezvous(process.env);
  if (given !== undefined) {
    if (wanted !== undefined && wanted !== given.size)
      throw new UsageError(`--workers (=${wanted}) contradicts the environment's WORLD_SIZE (=${given.size})`);
    return given.rank === 0 ? lead(given) : follow(trainer, given);
  }
  if (wanted === undefined || wanted === 1) return lead(undefined);
  const threads = trainer.settings.threads ?? (Number(process.env.OMP_NUM_THREADS) || share(wanted));
  configureEngine({ threads });
  // A folder of this user alone: whoever can reach the rendezvous can take part in the training.
  const folder = mkdtempSync(join(os.tmpdir(), "gantry-workers-"));
  const place = { host: "127.0.0.1", port: 0, file: join(folder, "rendezvous") };
  const rendezvous = { rank: 0, localRank: 0, size: wanted, ...place };
  const others: Worker[] = [];
  const end = () => {
    for (const other of others) other.process.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", end);
  try {
    // Only after the first has prepared the data: the others then find it.
    return await lead({ ...rendezvous, ready: (stop) => startWorkers(others, rendezvous, threads, stop) });
  } catch (error) {
    throw await explained(error, others);
  } finally {
    end();
    process.off("exit", end);
  }
}

const share = (workers: number): number => Math.max(1, Math.floor(os.availableParallelism() / workers));

/**
 * Starts the other workers and waits until they are ready to connect to the first, or until `stop` is raised.
 *
 * @throws UserError when one of them ends earlier.
 */
async function startWorkers(
  others: Worker[],
  rendezvous: Rendezvous,
  threads: number,
  stop?: AbortSignal,
): Promise<void> {
  if (stop?.aborted) return;
  const stopped = new Promise<void>((resolve) => stop?.addEventListener("abort", () => resolve(), { once: true }));
  for (let rank = 1; rank < rendezvous.size; rank++) others.push(new Worker(rendezvous, rank, threads));
  await Promise.race([Promise.all(others.map(({ ready }) => ready)), stopped]);
}

/** A worker that this command has started. */
class Worker {
  readonly process: ChildProcess;
  readonly rank: number;
  /** Resolves when it is ready to connect to the first; rejects when it ends earlier. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  #said = "";

  constructor({ size, file }: Rendezvous, rank: number, threads: number) {
    const place = {
      RANK: rank,
      LOCAL_RANK: rank,
      WORLD_SIZE: size,
      GANTRY_RENDEZVOUS: file,
      OMP_NUM_THREADS: threads,
    };
    const env = {
      ...process.env,
      // If torchrun has started this command alone, its store is not the one of these workers.
      TORCHELASTIC_USE_AGENT_STORE: undefined,
      ...Object.fromEntries(Object.entries(place).map(([key, value]) => [key, `${value}`])),
    };
    this.rank = rank;
    this.process = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env,
    });
    this.process.stderr!.on("data", (text) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
    this.ended = new Promise((resolve) => this.process.on("close", () => resolve()));
    this.ready = new Promise((resolve, reject) => {
      this.process.once("message", () => resolve());
      this.ended.then(() => reject(new UserError(this.failure() ?? `worker ${rank} ended before training began`)));
    });
  }

  /** How it ended, if it failed; undefined while it runs and when all went well. */
  failure(): string | undefined {
    const { exitCode, signalCode } = this.process;
    if (signalCode !== null) return `worker ${this.rank} was ended by ${signalCode}`;
    if (exitCode === null || exitCode === 0) return undefined;
    const last = this.#said.trim().split("\n").at(-1) ?? "";
    return `worker ${this.rank} ended with code ${exitCode}${last === "" ? "" : `: ${last.replace(/^gantry: /, "")}`}`;
  }
}

/** Adds the output of the lost worker to the error of a lost connection, once that worker has ended. */
async function explained(error: unknown, others: readonly Worker[]): Promise<unknown> {
  if (!(error instanceof UserError) || !error.message.startsWith("the connection to the other workers ")) return error;
  await Promise.race([...others.map(({ ended }) => ended), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  const failure = others.map((other) => other.failure()).find((found) => found !== undefined);
  return failure === undefined ? error : new UserError(`${failure}; ${error.message}`, { cause: error });
}

/**
 * The work of every worker except the first. Ctrl-C reaches every process of a terminal; once the workers are
 * connected, the first decides when to stop.
 */
async function follow(trainer: Trainer, rendezvous: Rendezvous): Promise<number> {
  // The one that has started this one, if that was not torchrun: a worker whose first is gone would wait for nothing.
  const leader = process.send === undefined ? undefined : process.ppid;
  process.on("disconnect", () => process.exit(exitCodes.failure));
  // A listener alone would keep this process alive.
  process.channel?.unref();
  const ready = async () => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});
    // A command that started this one waits for a message; torchrun does not.
    await new Promise<void>((resolve, reject) => {
      if (process.send === undefined) resolve();
      else process.send("ready", (error: Error | null) => (error === null ? resolve() : reject(error)));
    });
  };
  await followRun(trainer, { ...rendezvous, leader, ready });
  return exitCodes.success;
}
