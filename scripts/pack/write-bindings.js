/** Takes the bindings that set-up compiled into a folder that a package can carry to other machines. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bindingName, hashSources } from "../setup/binding-cache.js";
import { ensureBinding } from "../setup/index.js";
import { factsName, factsOf } from "../setup/prebuilt.js";
import { projectRoot } from "../setup/prepare.js";
import { setRpath } from "../setup/rpath.js";
import { SetupError } from "../setup/say.js";
import { whyNotUsable } from "../setup/try-binding.js";
import { libtorchNeeded, refuseNewerSymbols, refuseUnguardedVectors } from "./portable.js";

/** @typedef {import("../setup/types.d.ts").Host} Host */

const nativeDir = join(projectRoot, "native");

/**
 * Writes the bindings for the libtorch of each place, whole or not at all.
 * @param {Host} host
 * @param {Readonly<Record<string, string>>} versions the libtorch that each word of GANTRY_TORCH must stand for
 * @param {string} folder
 */
export function writeBindings(host, versions, folder) {
  const work = `${folder}-${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  for (const [place, version] of Object.entries(versions)) {
    const found = writeBinding(host, place, work);
    if (found === version) continue;
    rmSync(work, { recursive: true });
    throw new SetupError(
      `GANTRY_TORCH=${place} is libtorch ${found} here, and the package promises a binding for ${version}; pack it on Debian 12.`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
}

/**
 * Makes a package of this machine's bindings, which is published for others as an optional dependency.
 * @param {Host} host
 * @param {readonly (string | undefined)[]} places words of GANTRY_TORCH; undefined is what set-up finds by itself
 */
export function platformPackage(host, places) {
  const name = `gantry-bindings-${host.platform}-${host.arch}`;
  const folder = join(projectRoot, name);
  rmSync(folder, { recursive: true, force: true });
  const versions = [...new Set(places.map((place) => writeBinding(host, place, folder)))];
  const { version, license } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
  const manifest = {
    ...{ name, version, license },
    description: `Compiled bindings of gantry ${version} for ${host.platform} on ${host.arch}: libtorch ${versions.join(", ")}.`,
    ...{ os: [host.platform], cpu: [host.arch] },
    files: [`${host.platform}-${host.arch}-*`],
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyFileSync(join(projectRoot, "LICENSE"), join(folder, "LICENSE"));
  return { folder: name, versions };
}

/**
 * Writes the binding for one libtorch into a folder of its own, and gives the version of the libtorch.
 * @param {Host} host
 * @param {string | undefined} place a word of GANTRY_TORCH; undefined is what set-up finds by itself
 * @param {string} into
 */
export function writeBinding(host, place, into) {
  const env = place === undefined ? host.env : { ...host.env, GANTRY_TORCH: place };
  const { path, engine } = ensureBinding({ host: { ...host, env } });
  const problem = whyNotUsable(host, path, "--compute");
  if (problem) throw new SetupError(`the binding for libtorch ${engine.version} does not compute: ${problem}`);
  const facts = factsOf(host, engine, hashSources(nativeDir));
  const folder = join(into, `${host.platform}-${host.arch}-libtorch-${facts.libtorch}`);
  if (existsSync(folder)) return facts.libtorch;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, bindingName);
  copyFileSync(path, file);
  setRpath(file, "");
  if (host.platform === "linux") refuseNewerSymbols(file);
  if (host.arch === "x64") refuseUnguardedVectors(file);
  writeFileSync(
    join(folder, factsName),
    `${JSON.stringify({ facts, libraries: libtorchNeeded(file) }, undefined, 2)}\n`,
  );
  return facts.libtorch;
}
