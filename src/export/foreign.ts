/** Files of the user's own in a folder that an export is to be written into. */
import { existsSync } from "node:fs";
import { UserError } from "../base/errors.ts";

/**
 * Refuses to replace a file with a common name, such as README.md, that no earlier export has written.
 *
 * @param file - what is to be written
 * @param mark - a file that stands next to it after every export
 * @throws UserError when there is `file`, and no `mark`.
 */
export function refuseForeign(file: string, mark: string): void {
  if (!existsSync(file) || existsSync(mark)) return;
  throw new UserError(`${file} is of no earlier export, and is not replaced; remove it, or name another folder`);
}
