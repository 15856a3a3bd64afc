/** Makes folders. */
import { makeFolders } from "../../scripts/setup/index.js";
import { fileError } from "../base/file-error.ts";

/**
 * Makes a folder and the missing ones above it. Does nothing where it is.
 *
 * @throws UserError when the file system refuses: a file or a link to nowhere is in the way, or nothing can be written.
 */
export function makeFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    throw fileError(error, "write", path);
  }
}
