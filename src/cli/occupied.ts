/** Folders that hold something already, where a command makes a run and never continues one. */
import { readdirSync, type Stats, statSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";

/** @throws UserError unless the folder is new or empty. */
export function refuseOccupied(directory: string): void {
  let stats: Stats | undefined;
  try {
    stats = statSync(directory, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, "write", directory);
  }
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw new UserError(`--out ${directory} is a file; give the path of a new directory`);
  if (readdirSync(directory).length === 0) return;
  throw new UserError(`--out ${directory} exists and is not empty, and nothing is overwritten; give another --out`);
}
