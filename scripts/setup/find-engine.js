/**
 * The order in which libtorch is looked for: `GANTRY_TORCH`, the python3 on PATH, the system, Gantry's private copy.
 *
 * To add a place, add a function that returns the result of `engineInFolder` for a folder, and name it in `places`.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { engineInFolder, markersOf } from "./engine-folder.js";
import { cacheFolder, findProgram } from "./host.js";
import { askPython } from "./python-torch.js";
import { SetupError } from "./say.js";

/** @typedef {import("./types.d.ts").Considered} Considered */
/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Found} Found */
/** @typedef {import("./types.d.ts").Host} Host */
/** @typedef {{ engine?: Engine, considered: Considered[], watch: string[] }} Place */

/** The version that is installed if none is found. */
export const pipVersion = "2.13.0";

/** @type {Record<"python" | "system" | "pip", (host: Host) => Place>} */
const places = { python: inPython, system: inSystem, pip: inPrivateFolder };

/**
 * The words that GANTRY_TORCH takes instead of a folder.
 * @typedef {keyof typeof places} PlaceName
 */

/**
 * The first engine in the order, and what was passed over. Throws SetupError when GANTRY_TORCH names a folder that
 * holds none: falling through to another engine would hide the mistake.
 * @param {Host} host
 * @returns {Found}
 */
export function findEngine(host) {
  const wanted = host.env.GANTRY_TORCH;
  if (wanted && !isPlaceName(wanted)) return inNamedFolder(host, wanted);
  /** @type {{ engine: Engine | undefined, considered: Considered[], watch: string[] }} */
  const found = { engine: undefined, considered: [], watch: [] };
  for (const name of isPlaceName(wanted) ? [wanted] : /** @type {PlaceName[]} */ (Object.keys(places))) {
    const place = places[name](host);
    found.watch.push(...place.watch);
    found.considered.push(...place.considered);
    found.engine = place.engine;
    if (found.engine) break;
  }
  return found;
}

/**
 * Whether a value of GANTRY_TORCH is a word for a place, not a folder.
 * @param {string | undefined} value
 * @returns {value is PlaceName}
 */
export function isPlaceName(value) {
  return value !== undefined && Object.hasOwn(places, value);
}

/**
 * Where Gantry keeps the libtorch that it installed by itself.
 * @param {Host} host
 */
export function privateFolder(host) {
  return join(cacheFolder(host), `torch-${pipVersion}`);
}

/**
 * @param {Host} host
 * @param {string} wanted
 * @returns {Found}
 */
function inNamedFolder(host, wanted) {
  const folder = resolve(host.cwd, wanted);
  const result = engineInFolder(host, "GANTRY_TORCH", folder);
  if ("engine" in result) return { engine: result.engine, considered: [], watch: [folder] };
  throw new SetupError(
    `GANTRY_TORCH=${wanted}: ${result.problem}. It takes a libtorch folder (with include/ and lib/), the torch folder of a Python, or one of the words system, python, pip.`,
  );
}

/**
 * @param {Host} host
 * @returns {Place}
 */
function inPython(host) {
  const python = askPython(host);
  if (!python) return { considered: [{ where: "python3", why: "not on PATH" }], watch: [] };
  const { command, folder, watch } = python;
  if (python.problem) return { considered: [{ where: command, why: python.problem }], watch: [...watch] };
  if (!folder) return { considered: [{ where: command, why: "has no package torch" }], watch: [...watch] };
  const result = engineInFolder(host, "python", folder, python.prefix ? [python.prefix] : []);
  const places = [...watch, folder, join(folder, "include"), join(folder, "lib")];
  if ("engine" in result) return { engine: debianVersion(host, result.engine), considered: [], watch: places };
  // Such as Debian's python3-torch without libtorch-dev: runnable from Python, but nothing to compile against.
  return { considered: [{ where: command, why: result.problem }], watch: places };
}

/**
 * @param {Host} host
 * @returns {Place}
 */
function inSystem(host) {
  /** @type {Considered[]} */
  const considered = [];
  const watch = host.systemRoots.flatMap((root) => markersOf(host, root));
  for (const root of host.systemRoots) {
    const result = engineInFolder(host, "system", root);
    if ("engine" in result) return { engine: debianVersion(host, result.engine), considered, watch };
    considered.push({ where: root, why: result.problem });
  }
  return { considered, watch };
}

/**
 * @param {Host} host
 * @returns {Place}
 */
function inPrivateFolder(host) {
  const folder = privateFolder(host);
  if (!existsSync(folder))
    return { considered: [{ where: folder, why: "nothing is installed there" }], watch: [folder] };
  const result = engineInFolder(host, "pip", join(folder, "torch"));
  if ("engine" in result) return { engine: result.engine, considered: [], watch: [folder] };
  return { considered: [{ where: folder, why: result.problem }], watch: [folder] };
}

/**
 * Debian's header says 1.13.0 where the package is 1.13.1; the package's own number is the one people know.
 * @param {Host} host
 * @param {Engine} engine
 * @returns {Engine}
 */
function debianVersion(host, engine) {
  const query = findProgram(host, "dpkg-query");
  if (!query || !engine.library.startsWith("/usr/lib/")) return engine;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is dpkg-query's own.
  const run = spawnSync(query, ["-W", "-f=${Version}", "libtorch-dev"], { encoding: "utf8", env: host.env });
  const version = /^(?:\d+:)?(\d+\.\d+\.\d+)/.exec(run.stdout ?? "")?.[1];
  const [major, minor] = engine.version.split(".");
  return version?.startsWith(`${major}.${minor}.`) ? { ...engine, version } : engine;
}
