/** Makes folders, for set-up and for everything that writes. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and the missing ones above it. Node's own `recursive` does not return where a file system answers a new
 * name as if the folder above were missing, as /proc does.
 * @param {string} path
 */
export function makeFolders(path) {
  let folder = resolve(path);
  if (isFolder(folder)) return;
  const missing = [folder];
  while (!existsSync(dirname(folder))) {
    folder = dirname(folder);
    missing.push(folder);
  }
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another process may have made it.
      if (!isFolder(folder)) throw error;
    }
  }
}

/**
 * Says no below a file on every Node: `statSync` throws there on some, and answers undefined on others.
 * @param {string} path
 */
function isFolder(path) {
  return existsSync(path) && statSync(path).isDirectory();
}
