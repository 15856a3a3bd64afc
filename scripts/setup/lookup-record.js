/**
 * Remembers what the lookup found together with the state of every file that it depended on, so that the next start
 * neither runs Python nor reads the sources: a few dozen stat calls show whether anything changed.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bindingPath, nativeSources } from "./binding-cache.js";
import { cacheFolder } from "./host.js";
import { makeFolder } from "./lock.js";
import { pythonIdentity } from "./python-torch.js";
import { SetupError } from "./say.js";

/** @typedef {import("./types.d.ts").Binding} Binding */
/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Host} Host */
/** @typedef {{ watched: [path: string, state: string][], sourceHash: string, engine: Engine }} Record */

/** Records kept; there is one for each combination of clone, GANTRY_TORCH and Python. */
const kept = 40;

/**
 * The binding that was last found under the same conditions, if nothing that it depends on has changed.
 * @param {Host} host
 * @param {string} nativeDir
 * @returns {Binding | undefined}
 */
export function recall(host, nativeDir) {
  const file = recordFile(host, nativeDir);
  if (!existsSync(file)) return undefined;
  /** @type {Record} */
  let record;
  try {
    record = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
  if (record.watched.some(([path, state]) => stateOf(path) !== state)) return undefined;
  // Computed again, not remembered: another version of Gantry may compile with other flags.
  const path = bindingPath(host, record.engine, record.sourceHash);
  return existsSync(path) ? { path, engine: record.engine } : undefined;
}

/**
 * Keeps a result for {@link recall}, where the cache can be written: the next start is slower without.
 * @param {Host} host
 * @param {string} nativeDir
 * @param {Engine} engine
 * @param {string} sourceHash
 * @param {readonly string[]} watch the files that the lookup depended on, without the sources and the engine
 */
export function remember(host, nativeDir, engine, sourceHash, watch) {
  const paths = new Set([...watch, engine.library, nativeDir, ...nativeSources(nativeDir)]);
  /** @type {Record} */
  const record = { watched: [...paths].map((path) => [path, stateOf(path)]), sourceHash, engine };
  const file = recordFile(host, nativeDir);
  const unfinished = `${file}.${process.pid}`;
  try {
    makeFolder(dirname(file));
    writeFileSync(unfinished, JSON.stringify(record));
    renameSync(unfinished, file);
    prune(dirname(file));
  } catch (error) {
    if (!(error instanceof SetupError) && !(error instanceof Error && "code" in error)) throw error;
    // A cache that belongs to another user, or a full disk, which leaves the beginning of the record.
    if (existsSync(unfinished)) rmSync(unfinished);
  }
}

/**
 * Size and time of a file; of a folder the time, which changes with what it holds.
 * @param {string} path
 */
function stateOf(path) {
  if (!existsSync(path)) return "absent";
  const stat = statSync(path);
  return stat.isDirectory() ? `folder ${stat.mtimeMs}` : `${stat.size} ${stat.mtimeMs}`;
}

/**
 * @param {Host} host
 * @param {string} nativeDir
 */
function recordFile(host, nativeDir) {
  const conditions = [
    nativeDir,
    host.env.GANTRY_TORCH,
    host.platform,
    host.arch,
    host.systemRoots,
    pythonIdentity(host),
  ];
  const key = createHash("sha256").update(JSON.stringify(conditions)).digest("hex").slice(0, 20);
  return join(cacheFolder(host), "lookups", `${key}.json`);
}

/** @param {string} folder */
function prune(folder) {
  const names = readdirSync(folder);
  if (names.length <= kept) return;
  const byAge = names.map((name) => ({
    name,
    time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }));
  for (const { name } of byAge.sort((a, b) => b.time - a.time).slice(kept)) rmSync(join(folder, name), { force: true });
}
