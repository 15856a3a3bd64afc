/** Where the records of an experiment are: a folder of small JSON files, one for each thing that was measured. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { fileError } from "../formats/atomic.ts";

/**
 * Paths of the files of a folder whose names match, by name. Throws UserError when there is none, so that a mistyped folder
 * never becomes an empty page.
 *
 * @param experiment the sub-command of `gantry lab` that writes them
 */
export function recordFiles(folder: string, pattern: RegExp, experiment: string): string[] {
  const names = namesIn(folder).filter((name) => pattern.test(name));
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new UserError(`${folder} holds no records; name a folder with those of gantry lab ${experiment}`);
}

function namesIn(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch (error) {
    throw fileError(error, "read", folder);
  }
}
