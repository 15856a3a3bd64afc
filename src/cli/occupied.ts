/** Folders that hold something already, where a command makes a run. */
import { readdirSync, type Stats, statSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";

/** Whether the folder of `--out` is there and not empty. @throws UserError for a file and for what cannot be looked at. */
export function isOccupied(directory: string): boolean {
  let stats: Stats | undefined;
  try {
    stats = statSync(directory, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, "write", directory);
  }
  if (stats === undefined) return false;
  if (!stats.isDirectory()) throw new UserError(`--out ${directory} is a file; give the path of a new directory`);
  return readdirSync(directory).length > 0;
}

/** Says that a folder is occupied, and what can be done. */
export const occupied = (directory: string, way = "give another --out"): UserError =>
  new UserError(`--out ${directory} exists and is not empty, and nothing is overwritten; ${way}`);

/** @throws UserError unless the folder is new or empty: for commands that never continue a run. */
export function refuseOccupied(directory: string): void {
  if (isOccupied(directory)) throw occupied(directory);
}
