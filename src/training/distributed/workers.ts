/**
 * Several processes, called workers, that train one run: how they connect, and how the first worker leads the others. Only
 * the first reads and writes the run's folder.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlainDescriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { withAbsolutePaths } from "../../data/index.ts";
import { quoted, writeFully } from "../../formats/index.ts";
import { recipeHash, toPlainRecipe } from "../../recipe/index.ts";
import { broadcast, joinDevices, joinGroup, scope, Tensor } from "../../tensor/index.ts";
import { loadCheckpoint } from "../run/checkpoint.ts";
import type { Replica } from "../step/sharding.ts";
import type { Checkpointable, RunSettings } from "../trainable.ts";
import type { Rendezvous } from "./rendezvous.ts";
import { workerSecret } from "./secret.ts";

/** Seconds to wait for the other workers: machines read their data at different speeds. */
const RENDEZVOUS_SECONDS = 600;

/**
 * Seconds to wait in every call: while the first worker evaluates, the others wait. A worker that dies is noticed at
 * once, and one of another machine that is silent within {@link SILENT_SECONDS}.
 */
const COLLECTIVE_SECONDS = 6 * 3600;

/** Each worker of several machines gives a sign of life every few seconds, whatever it computes. */
const SILENT_SECONDS = 45;

/** The device of this worker: `cuda` is a GPU of its own for each worker of a machine. */
export function deviceOf(
  { device }: Pick<RunSettings, "device">,
  { localRank }: Pick<Rendezvous, "localRank">,
): string {
  return device === "cuda" && localRank !== undefined ? `cuda:${localRank}` : device;
}

/**
 * The settings that all workers must share. Device and threads may differ, and a resumed run has absolute paths.
 */
function commonHash(settings: RunSettings): string {
  const plain = toPlainRecipe({ ...settings, device: "cpu", threads: undefined });
  return recipeHash({ ...plain, data: withAbsolutePaths(plain.data as PlainDescriptor) });
}

/**
 * Connects to the other workers; false when `stop` was raised before. It blocks this process.
 *
 * @param note - Told by what tensors of a GPU will travel.
 * @throws UserError when they do not come, have another secret, or one of them trains with other settings.
 */
export async function joinWorkers(
  rendezvous: Rendezvous,
  settings: RunSettings,
  stop?: AbortSignal,
  note?: (text: string) => void,
): Promise<boolean> {
  const { rank, size, host, port, file, leader } = rendezvous;
  const secret = file === undefined ? workerSecret(process.env) : undefined;
  await rendezvous.ready?.(stop);
  if (stop?.aborted) return false;
  const local = host === "127.0.0.1" || host === "localhost";
  const address = local ? "127.0.0.1" : undefined;
  const waits = { rendezvousTimeout: RENDEZVOUS_SECONDS, timeout: COLLECTIVE_SECONDS, silence: SILENT_SECONDS };
  joinGroup({ rank, size, host, port, secret, address, file, leader, ...waits });
  const own = Buffer.from(commonHash(settings));
  const first = Buffer.from(bytesFromFirst(rank === 0 ? own : Buffer.alloc(own.length)));
  if (!first.equals(own)) throw new UserError(`worker ${rank} trains another recipe than worker 0`);
  const { library, reason } = joinDevices(settings.device);
  if (settings.device !== "cpu") {
    const why = reason === "" ? "" : `, through the memory of the CPU, because NCCL cannot be used: ${reason}`;
    note?.(`gradients of the ${size} workers are summed by ${library}${why}`);
  }
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
