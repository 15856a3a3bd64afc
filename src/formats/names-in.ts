/** The names in a folder, which may not exist yet. */
import { existsSync, readdirSync } from "node:fs";
import { fileError } from "../base/file-error.ts";

/**
 * The names in a folder; none if it does not exist.
 * @throws UserError when it cannot be read.
 */
export function namesIn(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch (error) {
    // Removed since.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileError(error, "read", folder);
  }
}
