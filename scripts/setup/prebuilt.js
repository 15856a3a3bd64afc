/**
 * Bindings that were compiled before: those that the package carries (`prebuilt/`, made by `npm pack`), and those of a package
 * `gantry-bindings-<platform>-<arch>` if it is installed. One is used where everything that would be compiled is the same: sources,
 * flags (with them the C++ standard and the ABI of std::string), libtorch's version and the names of its libraries. It is then
 * tried in a process of its own; where it fails, the binding is compiled.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bindingName, makeBinding } from "./binding-cache.js";
import { flagsFor } from "./compile-flags.js";
import { setRpath } from "./rpath.js";
import { say } from "./say.js";
import { whyNotUsable } from "./try-binding.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Host} Host */
/** @typedef {import("./types.d.ts").PrebuiltFacts} PrebuiltFacts */

/** The file next to a carried binding that says what it fits. */
export const factsName = "binding.json";

/** In a clone and in an installed package. */
export const ownPrebuiltFolder = fileURLToPath(new URL("../../prebuilt", import.meta.url));

/**
 * What a binding for this engine must have been made of.
 * @param {Host} host
 * @param {Engine} engine
 * @param {string} sourceHash
 * @returns {PrebuiltFacts}
 */
export function factsOf(host, engine, sourceHash) {
  return {
    platform: host.platform,
    arch: host.arch,
    // What comes after a plus names only the build: 2.13.0+cpu.
    libtorch: engine.version.replace(/\+.*/, ""),
    accelerator: engine.accelerator ?? null,
    flags: flagsFor(host, { ...engine, includeDirs: [], libDirs: [] }).compile,
    sourceHash,
  };
}

/**
 * Whether a binding for some libtorch is at hand, so that a compiler may not be needed.
 * @param {Host} host
 * @param {string} sourceHash
 * @param {readonly string[]} [folders]
 */
export function hasPrebuilt(host, sourceHash, folders = prebuiltFolders(host)) {
  return carried(folders).some(
    ({ facts }) => facts.platform === host.platform && facts.arch === host.arch && facts.sourceHash === sourceHash,
  );
}

/**
 * Puts the fitting carried binding in its place in the cache. False if there is none, or it does not run here.
 * @param {{ host: Host, engine: Engine, sourceHash: string, path: string, quiet: boolean }} job
 * @param {readonly string[]} [folders]
 */
export function placePrebuilt({ host, engine, sourceHash, path, quiet }, folders = prebuiltFolders(host)) {
  const wanted = factsOf(host, engine, sourceHash);
  const found = carried(folders).find(
    ({ facts, libraries }) =>
      JSON.stringify(facts) === JSON.stringify(wanted) &&
      libraries.every((name) => engine.libDirs.some((folder) => existsSync(join(folder, name)))),
  );
  if (!found) return false;
  const fill = (/** @type {string} */ folder) => {
    const file = join(folder, bindingName);
    copyFileSync(join(found.folder, bindingName), file);
    setRpath(file, engine.libDirs.join(":"));
    const problem = whyNotUsable(host, file, "--compute");
    if (problem && !quiet)
      say(
        `the binding that came with the package does not run with libtorch ${engine.version} at ${engine.root} (${problem.trim()}); compiling one`,
      );
    writeFileSync(join(folder, "engine.json"), `${JSON.stringify(engine, undefined, 2)}\n`);
    return !problem;
  };
  makeBinding(path, fill, quiet);
  return existsSync(path);
}

/** @param {Host} host */
function prebuiltFolders(host) {
  try {
    const other = `gantry-bindings-${host.platform}-${host.arch}/package.json`;
    return [ownPrebuiltFolder, dirname(createRequire(import.meta.url).resolve(other))];
  } catch {
    return [ownPrebuiltFolder];
  }
}

/**
 * The bindings in folders, each in a folder of its own.
 * @param {readonly string[]} folders
 * @returns {{ folder: string, facts: PrebuiltFacts, libraries: string[] }[]}
 */
function carried(folders) {
  const inside = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return inside
    .filter((folder) => existsSync(join(folder, factsName)))
    .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, factsName), "utf8")) }));
}
