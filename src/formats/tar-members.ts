/**
 * Some members of a tar archive that may be compressed (`.tar.gz`), as whole files in memory. The archive is read once, from
 * its beginning, and nothing is written to the disk.
 */
import { statSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { list, type ReadEntry } from "tar";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { quoted } from "./one-line.ts";
import { firstNameInTar } from "./tar.ts";

/** Deflate packs at most this many bytes into one. */
const DEFLATE_RATIO = 1032;

/**
 * The wanted members by their names.
 *
 * @param wanted - names, each with the largest size that is accepted: a larger member is refused before it is read
 * @throws UserError when the archive is damaged, cut short, or lacks one.
 */
export async function tarMembers(path: string, wanted: ReadonlyMap<string, number>): Promise<Map<string, Buffer>> {
  const found = new Map<string, Promise<Buffer>>();
  const tooLarge: string[] = [];
  const take = (entry: ReadEntry): void => {
    const most = wanted.get(entry.path);
    if (most === undefined || entry.type !== "File" || entry.size > most) {
      if (most !== undefined)
        tooLarge.push(`${path}: ${quoted(entry.path)} has ${entry.size} bytes, more than ${most}`);
      entry.resume();
      return;
    }
    const bytes = entry.concat() as Promise<Buffer>;
    // A damaged archive is reported by the reader itself.
    bytes.catch(() => undefined);
    found.set(entry.path, bytes);
  };
  try {
    statSync(path);
  } catch (error) {
    throw fileError(error, "read", path);
  }
  try {
    await list({ file: path, strict: true, onReadEntry: take, maxDecompressionRatio: DEFLATE_RATIO });
  } catch (error) {
    if (tooLarge.length > 0) throw new UserError(tooLarge[0]!);
    const reason = fileError(error, "read", path);
    throw reason === error
      ? new UserError(`${path}: the archive is damaged or cut short: ${(error as Error).message}`)
      : reason;
  }
  if (tooLarge.length > 0) throw new UserError(tooLarge[0]!);
  const members = new Map<string, Buffer>();
  for (const name of wanted.keys()) {
    const bytes = await found.get(name);
    if (bytes === undefined) throw new UserError(`${path}: the archive does not hold ${name}`);
    members.set(name, bytes);
  }
  return members;
}

/**
 * The name of the first member of a `.tar.gz`, by the first bytes of the file; undefined when it is none.
 */
export function firstNameInTarGz(head: Uint8Array): string | undefined {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return undefined;
  try {
    // What these bytes hold of the stream: tar headers are mostly zeros.
    const bytes = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 20 });
    return firstNameInTar(bytes);
  } catch {
    return undefined;
  }
}
