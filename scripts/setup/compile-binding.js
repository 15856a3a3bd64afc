/**
 * Compiles `native/` against an engine, into a folder of the cache that is named after the hash of all inputs.
 *
 * The result appears whole or not at all: it is built under another name, flushed, and renamed.
 */
import { spawnSync } from "node:child_process";
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
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { flagsFor, openMp } from "./compile-flags.js";
import { cacheFolder, findProgram } from "./host.js";
import { makeFolder, withLock } from "./lock.js";
import { SetupError, say } from "./say.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Host} Host */

/** Bindings kept in the cache; older ones belong to sources and engines that are gone. */
const kept = 12;

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
  const { library, librarySize, libraryTime, version } = engine;
  const inputs = { sourceHash, flags: flagsFor(host, engine), library, librarySize, libraryTime, version };
  const hash = createHash("sha256").update(JSON.stringify({ ...inputs, platform: host.platform, arch: host.arch }));
  return join(cacheFolder(host), "native", hash.digest("hex").slice(0, 20), "gantry.node");
}

/**
 * The compiler and its leading arguments: `CXX`, or the first of the usual names on PATH.
 * @param {Host} host
 */
export function findCompiler(host) {
  if (host.env.CXX?.trim()) return host.env.CXX.trim().split(/\s+/);
  const found = ["c++", "g++", "clang++"].map((name) => findProgram(host, name)).find(Boolean);
  return found ? [found] : undefined;
}

/**
 * Compiles the binding to `path`, unless another process does so first.
 * @param {{ host: Host, engine: Engine, nativeDir: string, compiler: string[], path: string, quiet: boolean }} job
 */
export function compileBinding(job) {
  const target = dirname(job.path);
  withLock(
    `${target}.lock`,
    () => {
      if (existsSync(job.path)) return;
      removeLeftovers(target);
      const workFolder = `${target}.building-${process.pid}`;
      makeFolder(workFolder);
      try {
        compileInto(workFolder, job);
        renameSync(workFolder, target);
      } catch (error) {
        rmSync(workFolder, { recursive: true, force: true });
        throw error;
      }
      prune(dirname(target));
    },
    (holder) => job.quiet || say(`another process (${holder.pid}) is compiling the binding; waiting for it`),
  );
}

/**
 * @param {string} folder
 * @param {Parameters<typeof compileBinding>[0]} job
 */
function compileInto(folder, { host, engine, nativeDir, compiler, quiet }) {
  const files = nativeSources(nativeDir).filter((file) => file.endsWith(".cc"));
  if (files.length === 0) throw new SetupError(`there are no C++ sources (*.cc) in ${nativeDir}`);
  const flags = flagsFor(host, engine);
  const isClang = compiler.some((word) => basename(word).startsWith("clang"));
  const compileFlags = flags.compile.filter((flag) => !(isClang && flag === openMp));
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const objects = files.map((file) => join(folder, `${basename(file, ".cc")}.o`));
  const output = join(folder, "gantry.node");
  const stages = [
    files.map((file, i) => [
      ...compileFlags,
      "-I",
      headers,
      "-I",
      join(nativeDir, "declarations"),
      "-c",
      file,
      "-o",
      objects[i],
    ]),
    [["-o", output, ...objects, ...flags.link]],
  ];
  const jobFile = join(folder, "job.json");
  writeFileSync(jobFile, JSON.stringify({ compiler, stages, progress: !quiet }));
  if (!quiet)
    say(`compiling the binding for libtorch ${engine.version} at ${engine.root} (once; usually 15 to 90 seconds)`);
  const start = Date.now();
  const worker = fileURLToPath(new URL("compile-process.js", import.meta.url));
  const run = spawnSync(process.execPath, [worker, jobFile], {
    env: host.env,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0)
    throw failure("could not be compiled for", engine, run.stdout || String(run.error ?? run.signal));
  const problem = whyNotLoadable(host, output);
  if (problem) throw failure("was compiled but cannot be loaded with", engine, problem);
  // Not shown: GCC 12 warns about code inlined from 1.13's headers, which users cannot change.
  writeFileSync(join(folder, "messages.txt"), run.stdout);
  writeFileSync(join(folder, "engine.json"), `${JSON.stringify(engine, undefined, 2)}\n`);
  for (const name of [jobFile, ...objects]) rmSync(name);
  flush(output);
  flush(folder);
  if (!quiet) say(`the binding is ready (${Math.round((Date.now() - start) / 1000)} s)`);
}

/**
 * Loads the binding in a process of its own: what is missing (a driver, a library) shows now, in words, not at first use.
 * @param {Host} host
 * @param {string} path
 */
function whyNotLoadable(host, path) {
  const script = "process.dlopen({ exports: {} }, process.argv[1])";
  const run = spawnSync(process.execPath, ["-e", script, path], {
    env: host.env,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (run.status === 0) return undefined;
  return (
    run.stderr.split("\n").find((line) => /^Error: /.test(line)) ?? (run.stderr || `the process ended by ${run.signal}`)
  );
}

/**
 * @param {string} what
 * @param {Engine} engine
 * @param {string} messages
 */
function failure(what, engine, messages) {
  const lines = messages.trim().split("\n");
  const first = Math.max(0, lines.findIndex((line) => /error/i.test(line)) - 1);
  const shown = lines.slice(first, first + 40).join("\n");
  return new SetupError(
    `the binding ${what} libtorch ${engine.version} at ${engine.root}. GANTRY_TORCH chooses another libtorch (a folder, system, python or pip). The messages were:\n${shown}`,
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
