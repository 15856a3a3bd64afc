import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureBinding } from "../../scripts/setup/index.js";
import { isRunning, Machine, until } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  machine.env.GANTRY_TORCH = machine.libtorch("libtorch");
});
afterEach(() => machine.remove());

const ensure = (options = {}) =>
  ensureBinding({ host: machine.host, nativeDir: machine.nativeDir, quiet: true, ...options });
const bindings = () => readdirSync(join(machine.cache, "native"));

test("compiles once, and the result loads", () => {
  const { path, engine } = ensure();
  expect(createRequire(import.meta.url)(path).answer).toBe(42);
  expect(engine).toMatchObject({ source: "GANTRY_TORCH", version: "2.1.0" });
  expect(ensure().path).toBe(path);
  expect(machine.compiled).toBe(1);
  expect(bindings()).toEqual([dirname(path).split("/").pop()]);
});

test("a cache that cannot be written is used as it is", () => {
  const { path } = ensure();
  const lookups = join(machine.cache, "lookups");
  rmSync(lookups, { recursive: true });
  writeFileSync(lookups, "no folder");
  expect(ensure().path).toBe(path);
  expect(machine.compiled).toBe(1);
});

test("says what it does and for how long, on stderr, and only when it does something", async () => {
  const first = await machine.ensure();
  expect(first.stderr).toMatch(/compiling the binding for libtorch 2\.1\.0 .*usually/);
  expect((await machine.ensure()).stderr).toBe("");
});

test("only a changed source or libtorch compiles again", () => {
  const original = ensure().path;
  const count = (change: () => void) => {
    const before = machine.compiled;
    change();
    const { path } = ensure();
    return { path, compiled: machine.compiled - before };
  };
  const later = new Date(Date.now() + 5000);
  const source = join(machine.nativeDir, "tiny.cc");
  const library = join(machine.folder, "libtorch/lib/libtorch_cpu.so");

  expect(count(() => utimesSync(source, later, later))).toEqual({ path: original, compiled: 0 });
  expect(count(() => machine.write("native/notes.md", "not a source"))).toEqual({ path: original, compiled: 0 });
  expect(count(() => (machine.env.PATH = `/nowhere:${machine.env.PATH}`))).toEqual({ path: original, compiled: 0 });
  expect(count(() => machine.source(43)).compiled).toBe(1);
  expect(count(() => machine.source(42))).toEqual({ path: original, compiled: 0 });
  expect(count(() => machine.write("native/added.h", "#pragma once\n")).compiled).toBe(1);
  expect(count(() => utimesSync(library, later, later)).compiled).toBe(1);
  expect(count(() => writeFileSync(library, `${readFileSync(library)}\n`)).compiled).toBe(1);
});

test("the same change is noticed when libtorch was found through python3, which is not asked again before that", () => {
  delete machine.env.GANTRY_TORCH;
  machine.python(machine.libtorch("site/torch"));
  const { path } = ensure();
  ensure();
  expect(machine.log("questions")).toHaveLength(1);

  // What installing any package does to the folder: asked again, not compiled again.
  mkdirSync(join(machine.folder, "site/another"));
  expect(ensure().path).toBe(path);
  expect(machine.log("questions")).toHaveLength(2);
  expect(machine.compiled).toBe(1);

  // Torch uninstalled: the system's is next.
  machine.libtorch("usr", { version: "1.13.0" });
  machine.python(undefined);
  expect(ensure().engine.source).toBe("system");
  // And installed again: python3 comes first.
  machine.python(join(machine.folder, "site/torch"));
  expect(ensure()).toMatchObject({ path, engine: { source: "python" } });
});

test("a libtorch that appears in an earlier place is noticed", () => {
  delete machine.env.GANTRY_TORCH;
  machine.libtorch("cache/torch-2.13.0/torch");
  expect(ensure().engine.source).toBe("pip");
  machine.libtorch("usr");
  expect(ensure().engine.source).toBe("system");
});

test("a binding that was deleted is made again", () => {
  const { path } = ensure();
  rmSync(dirname(path), { recursive: true });
  expect(ensure().path).toBe(path);
  expect(existsSync(path)).toBe(true);
});

test("a damaged record of the lookup is looked past", () => {
  const { path } = ensure();
  const records = join(machine.cache, "lookups");
  for (const name of readdirSync(records)) writeFileSync(join(records, name), "{");
  expect(ensure().path).toBe(path);
  expect(machine.compiled).toBe(1);
});

test("build: false compiles nothing", () => {
  expect(() => ensure({ build: false })).toThrow("is not compiled yet");
  ensure();
  expect(ensure({ build: false }).path).toContain("gantry.node");
});

test("two set-ups at once compile once", async () => {
  machine.compiler({ seconds: 0.5 });
  const outcomes = await Promise.all([machine.ensure(), machine.ensure(), machine.ensure()]);
  expect(new Set(outcomes.map((outcome) => outcome.path)).size).toBe(1);
  expect(machine.compiled).toBe(1);
  expect(outcomes.filter((outcome) => outcome.stderr.includes("waiting for it"))).toHaveLength(2);
  expect(bindings()).toHaveLength(1);
});

test("a killed set-up ends its compilers, and the next one completes it", async () => {
  machine.compiler({ seconds: 60 });
  const { child, outcome } = machine.start();
  await until(() => machine.log("compiler-pid").length === 1);
  const compiler = Number(machine.log("compiler-pid")[0]);
  expect(isRunning(compiler)).toBe(true);
  child.kill("SIGKILL");
  await until(() => !isRunning(compiler));
  await outcome;
  expect(bindings().some((name) => name.includes("building"))).toBe(true);

  machine.compiler();
  const next = await machine.ensure();
  expect(createRequire(import.meta.url)(next.path ?? "").answer).toBe(42);
  expect(bindings()).toHaveLength(1);
});

test("a failure of the compiler is shown from its first error, and leaves nothing behind", () => {
  machine.write("native/broken.cc", "int f() { return missing; }\n");
  expect(() => ensure()).toThrow(/could not be compiled for libtorch 2\.1\.0.*GANTRY_TORCH[\s\S]*'missing'/);
  expect(bindings()).toEqual([]);
});

test("a binding that cannot be loaded is refused when it is made, not at first use", () => {
  machine.write("native/more.cc", "void nowhere();\nvoid later() { nowhere(); }\n");
  expect(() => ensure()).toThrow(/cannot be loaded[\s\S]*nowhere/);
  expect(bindings()).toEqual([]);
});

test("without a compiler the message says which to install", () => {
  delete machine.env.CXX;
  machine.env.PATH = machine.bin;
  expect(() => ensure()).toThrow(/no C\+\+ compiler was found .*apt-get install g\+\+/);
});

test("a missing compiler in CXX is named", () => {
  machine.env.CXX = "nowhere-c++ -v";
  expect(() => ensure()).toThrow("CXX (=nowhere-c++ -v) names a C++ compiler, and there is no program nowhere-c++.");
});

test("a cache that cannot be written is named", () => {
  machine.env.GANTRY_CACHE = machine.write("a-file", "");
  expect(() => ensure()).toThrow(/cannot write to .*a-file.*GANTRY_CACHE/);
});
