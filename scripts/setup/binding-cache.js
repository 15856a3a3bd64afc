/**
 * Where bindings are kept: each in a folder of the cache that is named after the hash of all that it depends on.
 *
 * A binding appears whole or not at all: it is made under another name, flushed, and renamed.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { flagsFor } from "./compile-flags.js";
import { cacheFolder } from "./host.js";
import { makeFolder, withLock } from "./lock.js";
import { say } from "./say.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Host} Host */

/** Bindings kept in the cache; older ones belong to sources and engines that are gone. */
const kept = 12;

/** The name of a binding's file, in the cache and in a package. */
export const bindingName = "gantry.node";

/**
 * The C++ sources and headers of a folder, in a fixed order.
 * @param {string} nativeDir
 */
export function nativeSources(nativeDir) {
  const names = readdirSync(nativeDir, { recursive: true, encoding: "utf8" }).filter((name) => /\.(cc|h)$/.test(name));
  return names.sort().map((name) => join(nativeDir, name));
}

/**
 * A digest of the contents of the native sources.
 * @param {string} nativeDir
 */
export function hashSources(nativeDir) {
  const hash = createHash("sha256");
  for (const file of nativeSources(nativeDir)) {
    const content = readFileSync(file);
    hash.update(`${relative(nativeDir, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * Where the binding of these sources for this engine is, or will be.
 * @param {Host} host
 * @param {Engine} engine
 * @param {string} sourceHash from {@link hashSources}
 */
export function bindingPath(host, engine, sourceHash) {
  const { library, librarySize, version } = engine;
  // Deno cuts a file's time to milliseconds, and takes the same binding as Node.
  const libraryTime = Math.floor(engine.libraryTime);
  const inputs = { sourceHash, flags: flagsFor(host, engine), library, librarySize, libraryTime, version };
  const hash = createHash("sha256").update(JSON.stringify({ ...inputs, platform: host.platform, arch: host.arch }));
  return join(cacheFolder(host), "native", hash.digest("hex").slice(0, 20), bindingName);
}

/**
 * Lets `fill` make the binding of `path` in a folder that is then renamed, unless another process does so first.
 * @param {string} path from {@link bindingPath}
 * @param {(folder: string) => boolean} fill writes the binding into the folder; false if it could not
 * @param {boolean} quiet
 */
export function makeBinding(path, fill, quiet) {
  const target = dirname(path);
  withLock(
    `${target}.lock`,
    () => {
      if (existsSync(path)) return;
      removeLeftovers(target);
      const workFolder = `${target}.building-${process.pid}`;
      makeFolder(workFolder);
      try {
        if (!fill(workFolder)) return;
        flush(join(workFolder, bindingName));
        flush(workFolder);
        renameSync(workFolder, target);
      } finally {
        rmSync(workFolder, { recursive: true, force: true });
      }
      prune(dirname(target));
    },
    (holder) => quiet || say(`another process (${holder.pid}) is making the binding; waiting for it`),
  );
}

/**
 * What an interrupted build of this binding left behind. Only called while holding its lock.
 * @param {string} target
 */
function removeLeftovers(target) {
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(`${basename(target)}.building-`)) continue;
    rmSync(join(dirname(target), name), { recursive: true, force: true });
  }
}

/**
 * Removes the oldest bindings. A process that still runs one keeps its mapping of the file.
 * @param {string} folder
 */
function prune(folder) {
  const bindings = readdirSync(folder).filter((name) => /^[0-9a-f]{20}$/.test(name));
  const byAge = bindings.map((name) => ({
    name,
    time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }));
  for (const { name } of byAge.sort((a, b) => b.time - a.time).slice(kept))
    rmSync(join(folder, name), { recursive: true, force: true });
}

/** @param {string} path */
function flush(path) {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}
