/** Paths as Windows writes them, given on another system, where a backslash is a letter of a name. */
import { existsSync } from "node:fs";
import { UserError } from "./errors.ts";
import { visible } from "./visible.ts";

/**
 * Refuses a path of Windows that is nothing here, with the path to write instead.
 *
 * @param what - what the path is given as, such as "`data.path`" or "the recipe"
 * @throws UserError when the path has a drive's letter or backslashes and does not exist.
 *
 * @example
 * refuseWindowsPath("C:\\photos\\cats", "`data.path`"); // ...; under WSL it is /mnt/c/photos/cats
 */
export function refuseWindowsPath(path: string, what: string): void {
  const drive = /^([A-Za-z]):/.exec(path);
  if (process.platform === "win32" || (drive === null && !path.includes("\\")) || existsSync(path)) return;
  const slashes = path.replaceAll("\\", "/");
  const given = `${what} (=${visible(path)})`;
  if (drive !== null && /^[A-Za-z]:\//.test(slashes)) {
    const mounted = `/mnt/${drive[1]!.toLowerCase()}${slashes.slice(2)}`;
    throw new UserError(
      `${given} is a path of Windows, and this is another system; under WSL it is ${visible(mounted)}`,
    );
  }
  if (drive !== null) {
    throw new UserError(
      `${given} looks like a path of Windows; in JavaScript and JSON a backslash begins an escape, so write it with forward slashes`,
    );
  }
  if (slashes.startsWith("//")) {
    throw new UserError(
      `${given} is a share of Windows, and this is another system; mount it, and give the path of the mount`,
    );
  }
  throw new UserError(`${given} does not exist; folders are divided by forward slashes here: ${visible(slashes)}`);
}
