/** What a file system refuses, in words: which path, and why. */
import { accessSync, constants, existsSync, lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UserError } from "./errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  EEXIST: "a file stands where a folder is needed",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  EMFILE: "too many files are open",
  EIO: "the device reports an input/output error",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
  EFBIG: "the file would be too large for the file system",
  EBUSY: "it is in use",
  ENXIO: "there is no such device",
  ENODEV: "there is no such device",
  EINVAL: "the file system does not take such a file",
};

/**
 * Node reports ENOENT for a folder that cannot be made on a read-only file system. This is what the nearest folder
 * reports.
 */
function refusalAbove(path: string): string | undefined {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** The link to nowhere that a path leads through, if it does. */
function brokenLink(path: string): string | undefined {
  for (let part = resolve(path); dirname(part) !== part; part = dirname(part)) {
    if (existsSync(part)) return undefined;
    if (isLink(part)) return part;
  }
  return undefined;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // There is nothing, or a part of the path is a file.
    return false;
  }
}

/** Turns a file system's error into a UserError that names the path. Other errors are returned unchanged. */
export function fileError(error: unknown, action: "read" | "write", path: string): unknown {
  const reported = (error as NodeJS.ErrnoException | undefined)?.code;
  const link = reported === "ENOENT" || reported === "EEXIST" ? brokenLink(path) : undefined;
  if (link !== undefined) {
    return new UserError(`cannot ${action} ${path}: ${link} is a link to a place that does not exist (${reported})`);
  }
  const code = action === "write" && reported === "ENOENT" ? (refusalAbove(path) ?? reported) : reported;
  const { path: refused } = error as NodeJS.ErrnoException;
  // /proc answers a new name as if the folder that it belongs into were missing.
  const isOdd = action === "write" && code === "ENOENT" && refused !== undefined && existsSync(dirname(refused));
  const reason = isOdd ? "its file system takes no new files there" : code && reasons[code];
  return reason === undefined
    ? error
    : new UserError(`cannot ${action} ${path}: ${reason} (${code})`, { cause: error });
}
