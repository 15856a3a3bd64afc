/** Where the records of an experiment are: a folder of small JSON files, one for each thing that was measured. */
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { namesIn } from "../formats/names-in.ts";

/**
 * Paths of the files of a folder whose names match, by name.
 *
 * @param experiment the sub-command of `gantry lab` that writes them
 * @throws UserError when there is none, so that a mistyped folder never becomes an empty page.
 */
export function recordFiles(folder: string, pattern: RegExp, experiment: string): string[] {
  const names = namesIn(folder).filter((name) => pattern.test(name));
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new UserError(`${folder} holds no records; name a folder with those of gantry lab ${experiment}`);
}
