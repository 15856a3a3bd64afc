/** The set-up of a clone, which every script does first: npm packages, dist/, libtorch and the binding, each if needed. */

import { createHash } from "node:crypto";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { distIsCurrent, ensureDist } from "./dist.js";
import { cacheFolder, thisHost } from "./host.js";
import { ensureBinding } from "./index.js";
import { withLock } from "./lock.js";
import { ensurePackages, packagesAreCurrent } from "./packages.js";
import { SetupError, say } from "./say.js";

/** The folder of the clone or of the installed package. */
export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

/** Whether this is a clone, which is built here, and not an installed package, which comes built. */
export function isClone() {
  return existsSync(join(projectRoot, "tsconfig.build.json"));
}

/** The lock of the process that changes this clone's node_modules and dist/. */
export function cloneLock() {
  const key = createHash("sha256").update(projectRoot).digest("hex").slice(0, 20);
  return join(cacheFolder(thisHost()), "clones", `${key}.lock`);
}

/** Brings node_modules and dist/ up to date, one process at a time; takes no lock where nothing is to be done. */
export function prepareClone() {
  if (cloneIsCurrent()) return;
  requireWritable(projectRoot);
  withLock(
    cloneLock(),
    () => {
      ensurePackages(projectRoot);
      ensureDist(projectRoot);
    },
    (holder) => say(`another process (${holder.pid}) is setting up ${projectRoot}; waiting for it`),
  );
}

/**
 * A clone that belongs to another user can be used, but not built.
 * @param {string} root
 * @throws SetupError when this user cannot write into the folder.
 */
export function requireWritable(root) {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new SetupError(
      `${root} is not built for the sources that are there, and this user cannot write to it; its owner builds it with npm run build, or use a clone of your own.`,
    );
  }
}

function cloneIsCurrent() {
  try {
    return packagesAreCurrent(projectRoot) && distIsCurrent(projectRoot);
  } catch {
    // What was being read went away: another process is replacing it, and is waited for under the lock.
    return false;
  }
}

/** The whole set-up. Returns the binding and its engine. */
export function prepare() {
  prepareClone();
  return ensureBinding();
}
