/** Compiles `native/` against an engine. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bindingName, makeBinding, nativeSources } from "./binding-cache.js";
import { flagsFor, openMp } from "./compile-flags.js";
import { findProgram } from "./host.js";
import { setRpath } from "./rpath.js";
import { SetupError, say } from "./say.js";
import { whyNotUsable } from "./try-binding.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Host} Host */

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
  const fill = (/** @type {string} */ folder) => {
    compileInto(folder, job);
    return true;
  };
  makeBinding(job.path, fill, job.quiet);
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
  const compileFlags = [
    ...flags.compile.filter((flag) => !(isClang && flag === openMp)),
    // The texts of errors name files; where those lay when this was compiled concerns nobody.
    ...[nativeDir, ...engine.includeDirs].map((path) => `-ffile-prefix-map=${path}=${basename(path)}`),
  ];
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const objects = files.map((file) => join(folder, `${basename(file, ".cc")}.o`));
  const output = join(folder, bindingName);
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
  if (flags.roomForRpath) setRpath(output, engine.libDirs.join(":"));
  const problem = whyNotUsable(host, output, "--load");
  if (problem) throw failure("was compiled but cannot be loaded with", engine, problem);
  // Not shown: GCC 12 warns about code inlined from 1.13's headers, which users cannot change.
  writeFileSync(join(folder, "messages.txt"), run.stdout);
  writeFileSync(join(folder, "engine.json"), `${JSON.stringify(engine, undefined, 2)}\n`);
  for (const name of [jobFile, ...objects]) rmSync(name);
  if (!quiet) say(`the binding is ready (${Math.round((Date.now() - start) / 1000)} s)`);
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
