/** Checks before long work: that what it will write can be written, and fits on the disk. */
import { closeSync, existsSync, openSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { makeFolders } from "../../scripts/setup/index.js";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { temporaryName } from "./atomic.ts";

/**
 * Checks that a file, or a new folder, can be written at `path`. The missing folders above it are made, as when it is
 * written.
 *
 * @throws UserError with the reason when it cannot.
 */
export function requireWritable(path: string, what: "file" | "folder" = "file"): void {
  const trial = temporaryName(path);
  try {
    makeFolders(dirname(path));
    closeSync(openSync(trial, "wx"));
    rmSync(trial, { force: true });
  } catch (error) {
    throw fileError(error, "write", path);
  }
  if (what === "file" && existsSync(path) && statSync(path).isDirectory()) {
    throw new UserError(`cannot write ${path}: it is a folder, not a file`);
  }
}

/**
 * Checks that the disk has room for `bytes` at `path`, which need not exist yet.
 *
 * @param what - What takes them, for the message: "50000 images".
 * @throws UserError when it has not.
 */
export function requireSpace(path: string, bytes: number, what: string): void {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  if (bytes <= bavail * bsize) return;
  throw new UserError(
    `${what} would take ${gigabytes(bytes)}, and the disk of ${folder} has ${gigabytes(bavail * bsize)} left`,
  );
}

const gigabytes = (bytes: number): string => `${Number((bytes / 1e9).toPrecision(3))} GB`;
