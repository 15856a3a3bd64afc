/**
 * Several processes, called workers, that train one run: which worker this process is, the rendezvous at which they
 * connect, and how the first worker leads the others. Only the first reads and writes the run's folder.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { quoted, writeFully } from "../../formats/index.ts";
import { recipeHash } from "../../recipe/index.ts";
import { broadcast, joinGroup, scope, Tensor } from "../../tensor/index.ts";
import { loadCheckpoint } from "../run/checkpoint.ts";
import type { Replica } from "../step/sharding.ts";
import type { Checkpointable, RunSettings } from "../trainable.ts";

/** Where the workers of a run connect, and which of them this process is. */
export interface Rendezvous extends Replica {
  readonly host: string;
  readonly port: number;
  /** In their place, for workers of one machine: a file that they share, so that nothing listens. */
  readonly file?: string | undefined;
  /** The number of this worker on its machine; absent where workers are not numbered by machine. */
  readonly localRank?: number | undefined;
  /**
   * Called once this worker has its data, before it connects: the first worker may start the others then, and they may
   * report to it. Resolves at the latest when `stop` is raised.
   */
  readonly ready?: (stop?: AbortSignal) => Promise<void>;
}

/** Seconds to wait for the other workers: machines read their data at different speeds. */
const RENDEZVOUS_SECONDS = 600;

/**
 * Seconds to wait in every call: while the first worker evaluates, the others wait. A worker that dies is noticed at
 * once.
 */
const COLLECTIVE_SECONDS = 6 * 3600;

/** The next port from 1 to 65535; after the last comes 1024, because lower ports need privileges. */
const portAfter = (port: number): number => (port < 65_535 ? port + 1 : 1_024);

/**
 * The rendezvous that torchrun's environment variables describe: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and, if it
 * is set, LOCAL_RANK. `--workers` sets GANTRY_RENDEZVOUS, a file, in the place of MASTER_ADDR and MASTER_PORT. Undefined where they are not set or describe one process. Where torchrun itself listens on
 * MASTER_PORT, the workers connect on the port after it: torchrun's store and this libtorch may speak different
 * versions of the protocol.
 *
 * @throws UserError when a variable is missing or is no number that fits.
 *
 * @example
 * const rendezvous = torchrunRendezvous(process.env);
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
  const rank = number("RANK", 0, size - 1);
  const localRank = env.LOCAL_RANK === undefined ? undefined : number("LOCAL_RANK", 0, size - 1);
  const file = env.GANTRY_RENDEZVOUS;
  if (file !== undefined && file !== "") return { size, rank, localRank, host: "127.0.0.1", port: 0, file };
  const host = env.MASTER_ADDR;
  if (host === undefined || host === "") {
    throw new UserError("the environment variable MASTER_ADDR must name the machine of the worker with RANK 0");
  }
  const port = number("MASTER_PORT", 1, 65_535);
  const taken = env.TORCHELASTIC_USE_AGENT_STORE === "True";
  return { size, rank, localRank, host, port: taken ? portAfter(port) : port };
}

/** The device of this worker: `cuda` is a GPU of its own for each worker of a machine. */
export function deviceOf(
  { device }: Pick<RunSettings, "device">,
  { localRank }: Pick<Rendezvous, "localRank">,
): string {
  return device === "cuda" && localRank !== undefined ? `cuda:${localRank}` : device;
}

/** The settings that all workers must share. Device and threads may differ. */
const commonHash = (settings: RunSettings): string => recipeHash({ ...settings, device: "cpu", threads: undefined });

/**
 * Connects to the other workers; false when `stop` was raised before. It blocks this process.
 *
 * @throws UserError when they do not come, or when one of them trains with other settings.
 */
export async function joinWorkers(rendezvous: Rendezvous, settings: RunSettings, stop?: AbortSignal): Promise<boolean> {
  const { rank, size, host, port, file } = rendezvous;
  await rendezvous.ready?.(stop);
  if (stop?.aborted) return false;
  const local = host === "127.0.0.1" || host === "localhost";
  const address = local ? "127.0.0.1" : undefined;
  const waits = { rendezvousTimeout: RENDEZVOUS_SECONDS, timeout: COLLECTIVE_SECONDS };
  joinGroup({ rank, size, host, port, address, file, ...waits });
  const own = Buffer.from(commonHash(settings));
  const first = Buffer.from(bytesFromFirst(rank === 0 ? own : Buffer.alloc(own.length)));
  if (!first.equals(own)) throw new UserError(`worker ${rank} trains another recipe than worker 0`);
  return true;
}

/** Whether all workers make another step: the first decides. */
export function shouldContinue({ rank, size }: Replica, wanted: boolean): boolean {
  if (size === 1) return wanted;
  return scope(() => broadcast(Tensor.full([1], rank === 0 && wanted ? 1 : 0)).item() === 1);
}

/** Files are sent in pieces: neither Node nor gloo takes many gigabytes at once. */
const PIECE = 1 << 26;

/** The bytes of the first worker. All workers give an array of the same length. */
function bytesFromFirst(own: Uint8Array): Uint8Array {
  if (own.length === 0) return own;
  return scope(() => broadcast(Tensor.fromArray(own)).toArray() as Uint8Array);
}

/**
 * Sends the first worker's checkpoint to the others. Nothing is sent for a new run: the same
 * settings build the same weights everywhere.
 *
 * @param path - Of the checkpoint, for the first worker.
 */
export function shareCheckpoint({ rank, size }: Replica, path: string | undefined, trained: Checkpointable): void {
  if (size === 1) return;
  const leads = rank === 0;
  const listed = path === undefined ? "" : readdirSync(path).sort().join("\n");
  const names = Buffer.from(bytesFromFirst(padded(leads, Buffer.from(listed)))).toString();
  if (names === "") return;
  const folder = leads ? path! : mkdtempSync(join(tmpdir(), "gantry-worker-"));
  try {
    for (const name of names.split("\n")) shareFile(leads, join(folder, checkpointFile(name)));
    if (!leads) loadCheckpoint(folder, trained);
  } finally {
    if (!leads) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A name of a checkpoint's file, which came over the network: no path that leaves the folder.
 * @throws UserError for anything else.
 */
export function checkpointFile(name: string): string {
  if (/^\w[\w.-]*\.(safetensors|json)$/.test(name)) return name;
  throw new UserError(`worker 0 sends a file named ${quoted(name)}, which no checkpoint holds`);
}

/** The bytes that the first worker sends, or an array for them. */
function padded(leads: boolean, own: Uint8Array): Uint8Array {
  const length = numberFromFirst(own.length);
  return leads ? own : new Uint8Array(length);
}

function numberFromFirst(own: number): number {
  return Number(scope(() => broadcast(Tensor.fromArray(BigInt64Array.of(BigInt(own)))).item()));
}

/** Reads a file for the others, or writes what the first worker has read. */
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
