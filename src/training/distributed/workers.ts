/**
 * Several processes that train one run: which of them this one is, how they meet, and how the first, which alone reads
 * and writes the run's folder, leads the others.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { writeFully } from "../../formats/atomic.ts";
import { recipeHash } from "../../recipe/plain.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import { broadcast, joinGroup, leaveGroup, scope, Tensor } from "../../tensor/index.ts";
import { loadCheckpoint } from "../run/checkpoint.ts";
import type { BuiltGan } from "../step/gan.ts";
import type { Replica } from "../step/sharding.ts";

/** Where the workers of a run meet, and which one this is. */
export interface Rendezvous extends Replica {
  readonly host: string;
  readonly port: number;
  /** Which worker of its machine this one is; absent where nobody has numbered them. */
  readonly localRank?: number | undefined;
  /**
   * Called once this worker has its data, before it meets the others: the first may bring them then, and they may tell it.
   * Resolves at the latest when `stop` is raised.
   */
  readonly ready?: (stop?: AbortSignal) => Promise<void>;
}

/** Seconds until who has not come to the meeting is not waited for any longer: machines read their data at different speeds. */
const RENDEZVOUS_SECONDS = 600;

/** While the first evaluates, the others wait; one that dies is noticed at once, whatever this is. */
const COLLECTIVE_SECONDS = 6 * 3600;

/** In 1 to 65535; the lowest ports are not for everybody. */
const portAfter = (port: number): number => (port < 65_535 ? port + 1 : 1_024);

/**
 * The meeting that torchrun's environment variables describe (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and, if it is set,
 * LOCAL_RANK); undefined where they are not set or speak of one process. Where torchrun itself listens on MASTER_PORT, the workers meet on the port after
 * it: its store and this libtorch's need not speak the same version of their language.
 *
 * @throws UserError when a variable is missing or is no number that fits.
 *
 * @example
 * const meeting = torchrunRendezvous(process.env);
 */
export function torchrunRendezvous(env: Readonly<Record<string, string | undefined>>): Rendezvous | undefined {
  if (env.WORLD_SIZE === undefined) return undefined;
  const number = (name: string, least: number, most: number): number => {
    const value = Number(env[name] ?? "");
    if (env[name] !== undefined && Number.isInteger(value) && value >= least && value <= most) return value;
    const met = env[name] === undefined ? "which is not set" : `(=${env[name]})`;
    throw new UserError(`the environment variable ${name} ${met} must be a whole number from ${least} to ${most}`);
  };
  const size = number("WORLD_SIZE", 1, 65_536);
  if (size === 1) return undefined;
  const host = env.MASTER_ADDR;
  if (host === undefined || host === "") {
    throw new UserError("the environment variable MASTER_ADDR must name the machine of the worker with RANK 0");
  }
  const rank = number("RANK", 0, size - 1);
  const port = number("MASTER_PORT", 1, 65_535);
  const taken = env.TORCHELASTIC_USE_AGENT_STORE === "True";
  const localRank = env.LOCAL_RANK === undefined ? undefined : number("LOCAL_RANK", 0, size - 1);
  return { size, rank, localRank, host, port: taken ? portAfter(port) : port };
}

/** The recipe as this worker computes it: what is called `cuda` is for each worker of a machine a GPU of its own. */
export function onOwnDevice(recipe: Recipe, { localRank }: Pick<Rendezvous, "localRank">): Recipe {
  if (recipe.device !== "cuda" || localRank === undefined) return recipe;
  return { ...recipe, device: `cuda:${localRank}` };
}

/** What must be the same for all. Each worker computes where, and with as many threads, as its machine allows. */
const commonHash = (recipe: Recipe): string => recipeHash({ ...recipe, device: "cpu", threads: undefined });

/**
 * Meets the others; false when `stop` was raised before. While they are waited for, nothing else happens in this process.
 *
 * @throws UserError when they do not come, or when one of them trains another recipe.
 */
export async function joinWorkers(rendezvous: Rendezvous, recipe: Recipe, stop?: AbortSignal): Promise<boolean> {
  const { rank, size, host, port } = rendezvous;
  await rendezvous.ready?.(stop);
  if (stop?.aborted) return false;
  const local = host === "127.0.0.1" || host === "localhost";
  const address = local ? "127.0.0.1" : undefined;
  joinGroup({ rank, size, host, port, address, rendezvousTimeout: RENDEZVOUS_SECONDS, timeout: COLLECTIVE_SECONDS });
  const own = Buffer.from(commonHash(recipe));
  const first = Buffer.from(bytesFromFirst(rank === 0 ? own : Buffer.alloc(own.length)));
  if (!first.equals(own)) throw new UserError(`worker ${rank} trains another recipe than worker 0`);
  return true;
}

/** Parts from the others. */
export function leaveWorkers(): void {
  leaveGroup();
}

/** Whether all go on with another step: what the first says. */
export function shouldContinue({ rank, size }: Replica, wanted: boolean): boolean {
  if (size === 1) return wanted;
  return scope(() => broadcast(Tensor.full([1], rank === 0 && wanted ? 1 : 0)).item() === 1);
}

/** Files travel in pieces: neither Node nor gloo takes those of many gigabytes whole. */
const PIECE = 1 << 26;

/** As many bytes everywhere: those of the first. */
function bytesFromFirst(own: Uint8Array): Uint8Array {
  if (own.length === 0) return own;
  return scope(() => broadcast(Tensor.fromArray(own)).toArray() as Uint8Array);
}

/**
 * Hands the checkpoint that the first has begun from to the others; nothing where it begins anew, since the same recipe
 * builds the same game everywhere.
 *
 * @param path - Of the checkpoint, for the first.
 */
export function shareCheckpoint({ rank, size }: Replica, path: string | undefined, gan: BuiltGan): void {
  if (size === 1) return;
  const leads = rank === 0;
  const listed = path === undefined ? "" : readdirSync(path).sort().join("\n");
  const names = Buffer.from(bytesFromFirst(padded(leads, Buffer.from(listed)))).toString();
  if (names === "") return;
  const folder = leads ? path! : mkdtempSync(join(tmpdir(), "gantry-worker-"));
  try {
    for (const name of names.split("\n")) shareFile(leads, join(folder, name));
    if (!leads) loadCheckpoint(folder, gan);
  } finally {
    if (!leads) rmSync(folder, { recursive: true, force: true });
  }
}

/** What the first hands to the others, which have room for as many bytes. */
function padded(leads: boolean, own: Uint8Array): Uint8Array {
  const length = numberFromFirst(own.length);
  return leads ? own : new Uint8Array(length);
}

function numberFromFirst(own: number): number {
  return Number(scope(() => broadcast(Tensor.fromArray(BigInt64Array.of(BigInt(own)))).item()));
}

/** Reads a file for the others, or writes what the first reads. */
function shareFile(leads: boolean, path: string): void {
  const length = numberFromFirst(leads ? statSync(path).size : 0);
  const file = openSync(path, leads ? "r" : "wx");
  try {
    for (let done = 0; done < length; done += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, length - done));
      if (leads) readSync(file, piece, 0, piece.length, done);
      const bytes = bytesFromFirst(piece);
      if (!leads) writeFully(file, bytes);
    }
  } finally {
    closeSync(file);
  }
}
