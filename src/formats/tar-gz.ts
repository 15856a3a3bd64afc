/**
 * Tar archives compressed by gzip (`.tar.gz`), read from their beginning: nothing in them can be reached in another way. Nothing
 * is written to the disk, and no more than the wanted members are kept in memory, each until it is taken.
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";

/** Bytes that are inflated at once. */
const AT_ONCE = 2 ** 18;

/** A member of an archive. */
export interface PackedMember {
  /** Its place in the archive. */
  readonly number: number;
  readonly name: string;
  readonly kind: "file" | "folder" | "other";
  readonly size: number;
  /** As many of its first bytes as were wanted. */
  readonly bytes: Buffer;
}

/**
 * The members in their order.
 *
 * @param wanted - how many of a member's first bytes are kept; asked once of each, in their order
 * @throws UserError when the archive is damaged or cut short, and the reason of `stop` once that is raised.
 */
export async function* membersOfTarGz(
  path: string,
  wanted: (member: Omit<PackedMember, "bytes">) => number,
  stop?: AbortSignal,
): AsyncGenerator<PackedMember> {
  const found: PackedMember[] = [];
  let number = 0;
  let damage: Error | undefined;
  const take = (entry: ReadEntry): void => {
    const member = { number: number++, name: entry.path, kind: kindOf(entry), size: entry.size };
    const pieces: Buffer[] = [];
    let missing = Math.min(wanted(member), entry.size);
    entry.on("data", (piece: Buffer) => {
      if (missing > 0) pieces.push(Buffer.from(piece.subarray(0, missing)));
      missing = Math.max(0, missing - piece.length);
    });
    entry.on("end", () => found.push({ ...member, bytes: Buffer.concat(pieces) }));
  };
  const parser = new Parser({ strict: true, onReadEntry: take });
  parser.on("error", (error: Error) => {
    damage ??= error;
  });
  const ended = new Promise((resolve) => parser.on("end", resolve).on("error", resolve));
  const file = createReadStream(path);
  const inflated = file.pipe(createGunzip({ chunkSize: AT_ONCE }));
  file.on("error", (error) => inflated.destroy(error));
  try {
    for await (const piece of inflated) {
      stop?.throwIfAborted();
      parser.write(piece as Buffer);
      if (damage !== undefined) throw damage;
      yield* found.splice(0);
    }
    parser.end();
    await ended;
    if (damage !== undefined) throw damage;
    yield* found.splice(0);
  } catch (error) {
    if (error instanceof UserError || stop?.aborted) throw error;
    const reason = fileError(error, "read", path);
    throw reason === error
      ? new UserError(`${path}: the archive is damaged or cut short: ${(error as Error).message}`, { cause: error })
      : reason;
  } finally {
    file.destroy();
    inflated.destroy();
  }
}

function kindOf({ type }: ReadEntry): PackedMember["kind"] {
  if (["File", "OldFile", "ContiguousFile"].includes(type)) return "file";
  return ["Directory", "GNUDumpDir"].includes(type) ? "folder" : "other";
}
