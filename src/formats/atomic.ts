/**
 * Atomic file writes: a reader sees the old file or the whole new one, never a part.
 *
 * The bytes go to a temporary name in the same folder, are flushed to the disk, and the name is then swapped by
 * `rename`, which POSIX makes atomic within a file system. The folder is flushed too: without that a power cut can undo
 * the rename after it was reported done.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeFolders } from "../../scripts/setup/index.js";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";

/** The most bytes of one write call: below Linux's limit of 2 GiB, and short enough that signals do not wait long. */
const LARGEST_WRITE = 1 << 28;

/** A hidden name in the folder of `path` that no other process picks: it has the process id and 48 random bits. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
}

/** Flushes a folder's entries to the disk. Does nothing where that is not supported (Windows, some network mounts). */
export function flushFolder(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // Not supported here. The rename is atomic all the same.
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes `parts` one after the other to `path`, atomically and durably. Missing folders are made.
 *
 * @throws UserError when the file system refuses (no space, no permission, not a folder); the temporary file is removed
 * and an older file at `path` stays as it is.
 *
 * @example
 * writeFileAtomic("runs/a/state.json", [JSON.stringify(state), "\n"]);
 */
export function writeFileAtomic(path: string, parts: Iterable<Uint8Array | string>): void {
  const temporary = temporaryName(path);
  let descriptor: number;
  try {
    makeFolders(dirname(path));
    descriptor = openSync(temporary, "wx");
  } catch (error) {
    throw fileError(error, "write", path);
  }
  try {
    try {
      for (const part of parts) writeFully(descriptor, typeof part === "string" ? Buffer.from(part) : part);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeIfPossible(temporary);
    throw fileError(error, "write", path);
  }
  flushFolder(dirname(path));
}

/**
 * Cleans up after a failure, or where nothing depends on it. It gives no error, which would hide the first one: a file system that has
 * become read-only refuses this as well.
 */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It stays.
  }
}

/** Writes all of `bytes` at the descriptor's position: a single call may take only a part. */
export function writeFully(descriptor: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.byteLength - done, LARGEST_WRITE));
  }
}

/**
 * The bytes of a file.
 *
 * @param most - the largest size that is read, in bytes; default: any.
 *
 * @throws UserError when it cannot be read or is larger, and for a pipe or a device, which may have no end.
 */
export function readBytes(path: string, most = Number.POSITIVE_INFINITY): Buffer<ArrayBuffer> {
  try {
    const status = statSync(path);
    if (!status.isFile() && !status.isDirectory()) throw new UserError(`cannot read ${path}: it is not a regular file`);
    if (status.size > most) throw new UserError(`${path}: larger than ${most} bytes`);
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, "read", path);
  }
}
