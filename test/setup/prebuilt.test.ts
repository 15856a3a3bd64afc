/** The bindings that a package carries: which fits, how it is moved to another machine's libtorch, and what makes it unfit. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  bindingPath,
  factsOf,
  hashSources,
  hasPrebuilt,
  newerSymbol,
  placePrebuilt,
  refuseUnguardedVectors,
  whyNotUsable,
  writeBinding,
} from "../../scripts/pack/index.js";
import { type Engine, ensureBinding, type Host, thisHost } from "../../scripts/setup/index.js";
import { Machine } from "./machine.ts";

const machine = new Machine();
afterAll(() => machine.remove());

const sourceHash = hashSources(join(import.meta.dirname, "../../native"));
const carried = join(machine.folder, "prebuilt");
let host: Host;
let engine: Engine;
let carriedFile: string;
beforeAll(() => {
  engine = ensureBinding().engine;
  const version = writeBinding(thisHost(), undefined, carried);
  carriedFile = join(carried, `${process.platform}-${process.arch}-libtorch-${version}`, "gantry.node");
  // The engine of these tests, and a cache that has no binding yet.
  host = { ...thisHost(), env: { ...process.env, GANTRY_CACHE: machine.cache } };
});

/** Places the carried binding for an engine. */
function place(change: Partial<Engine> = {}, hash = sourceHash, folders = [carried]) {
  const path = bindingPath(host, { ...engine, ...change }, hash);
  return {
    path,
    placed: placePrebuilt({ host, engine: { ...engine, ...change }, sourceHash: hash, path, quiet: false }, folders),
  };
}

/** What a file says about the folder of its libtorch. */
const rpath = (file: string) => /RPATH +(.*)/.exec(execFileSync("objdump", ["-p", file], { encoding: "utf8" }))?.[1];

describe("a carried binding", () => {
  test("names no folder, and computes once it has been given that of this libtorch", () => {
    expect(rpath(carriedFile)).toBe("");
    expect(readFileSync(carriedFile).includes(engine.libDirs[0]!)).toBe(false);
    const { path, placed } = place();
    expect(placed).toBe(true);
    expect(rpath(path)).toBe(engine.libDirs[0]);
    expect(whyNotUsable(host, path, "--compute")).toBeUndefined();
  });

  test("fits nothing but what it was compiled for", () => {
    expect(place({ version: "1.13.2" }).placed).toBe(false);
    expect(place({ cxx11Abi: !engine.cxx11Abi }).placed).toBe(false);
    expect(place({ gloo: !engine.gloo }).placed).toBe(false);
    expect(place({ accelerator: "cuda" }).placed).toBe(false);
    expect(place({}, "0".repeat(64)).placed).toBe(false);
    // Another build of the same version, whose libraries have other names.
    expect(place({ libDirs: [machine.folder] }).placed).toBe(false);
    expect(place({}, sourceHash, [machine.folder, "/nowhere"]).placed).toBe(false);
    expect(factsOf(host, { ...engine, version: `${engine.version}+cpu` }, sourceHash)).toEqual(
      factsOf(host, engine, sourceHash),
    );
  });

  test("is looked for by platform and sources before a compiler is installed", () => {
    expect(hasPrebuilt(host, sourceHash, [carried])).toBe(true);
    expect(hasPrebuilt({ ...host, arch: "arm64" }, sourceHash, [carried])).toBe(false);
    expect(hasPrebuilt(host, "0".repeat(64), [carried])).toBe(false);
  });

  test("that does not run is left out in one line, and nothing of it stays", () => {
    const whole = readFileSync(carriedFile);
    const broken = Buffer.from(whole);
    // A name that the binding asks libtorch for, changed: as if this libtorch had been built otherwise.
    const name = Buffer.from("_ZNK2at10TensorBase");
    for (let at = broken.indexOf(name); at >= 0; at = broken.indexOf(name, at + 1))
      broken.write("_ZNK2at10TensorBose", at);
    writeFileSync(carriedFile, broken);
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    // Another size of libtorch is another place in the cache.
    const { path, placed } = place({ librarySize: 1 });
    const said = stderr.mock.calls.map(([text]) => String(text)).join("");
    stderr.mockRestore();
    writeFileSync(carriedFile, whole);
    expect(placed).toBe(false);
    expect(said).toMatch(
      /^gantry: the binding that came with the package does not run .*TensorBose.*; compiling one\n$/,
    );
    expect(existsSync(dirname(path))).toBe(false);
  });
});

describe("a binding that others shall run", () => {
  const compile = (...flags: string[]) => {
    const output = join(machine.folder, `${flags.join("")}.node`);
    machine.write(
      "sum.c",
      "float sum(const float* x) { float s = 0; for (int i = 0; i < 64; i++) s += x[i]; return s; }\n",
    );
    execFileSync("cc", ["-O3", "-ffast-math", "-shared", ...flags, join(machine.folder, "sum.c"), "-o", output]);
    return output;
  };

  test.runIf(process.arch === "x64")("has vector instructions only where the processor chooses", () => {
    expect(() => refuseUnguardedVectors(compile("-mavx2"))).toThrow(/: sum has instructions that not every/);
    expect(() => refuseUnguardedVectors(compile())).not.toThrow();
  });

  test("asks for nothing newer than Debian 12", () => {
    expect(newerSymbol("  0x1 0x00 02 GLIBC_2.34\n  0x1 0x00 03 GLIBCXX_3.4.30\n")).toBeUndefined();
    expect(newerSymbol("  0x1 0x00 02 GLIBC_2.4\n  0x1 0x00 03 GLIBC_2.38\n")).toBe("GLIBC_2.38");
    expect(newerSymbol("  0x1 0x00 03 GLIBCXX_3.4.31\n")).toBe("GLIBCXX_3.4.31");
  });
});
