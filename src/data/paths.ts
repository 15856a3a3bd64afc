/** Where Gantry keeps what it downloads and prepares. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { UserError } from "../base/errors.ts";

const fromEnvironment = (name: string): string | undefined => process.env[name] || undefined;

/**
 * The cache folder: `GANTRY_CACHE`, else `gantry` under `XDG_CACHE_HOME`, else `~/.cache/gantry`. Holds downloads too.
 */
export function cacheFolder(): string {
  const own = fromEnvironment("GANTRY_CACHE");
  if (own !== undefined) return resolve(own);
  return join(fromEnvironment("XDG_CACHE_HOME") ?? join(homeFolder(), ".cache"), "gantry");
}

/** @throws UserError where the user has none, as in some containers. */
function homeFolder(): string {
  try {
    const home = homedir();
    if (home !== "") return home;
  } catch {
    // The system knows no such user.
  }
  throw new UserError("this user has no home folder; set GANTRY_CACHE to a folder for what is downloaded and prepared");
}

/** The folder of prepared packs, one folder a pack. */
export function packsFolder(cache: string = cacheFolder()): string {
  return join(cache, "packs");
}

/** The folder of downloaded datasets, one folder per name: `GANTRY_DATA`, else `datasets` in the cache folder. */
export function datasetsFolder(): string {
  const own = fromEnvironment("GANTRY_DATA");
  return own !== undefined ? resolve(own) : join(cacheFolder(), "datasets");
}
