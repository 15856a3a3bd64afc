import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engineInFolder, findEngine, flagsFor } from "../../scripts/setup/index.js";
import { Machine } from "./machine.ts";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

const debianLib = `lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
const sourceOf = () => findEngine(machine.host).engine?.source;

describe("the order of lookup", () => {
  test("GANTRY_TORCH, then python3, then the system, then the private copy", () => {
    expect(findEngine(machine.host).engine).toBeUndefined();
    machine.libtorch("cache/torch-2.13.0/torch");
    expect(sourceOf()).toBe("pip");
    machine.libtorch("usr", { libDir: debianLib });
    expect(sourceOf()).toBe("system");
    machine.python(machine.libtorch("site/torch"));
    expect(sourceOf()).toBe("python");
    machine.env.GANTRY_TORCH = machine.libtorch("mine");
    expect(sourceOf()).toBe("GANTRY_TORCH");
  });

  test.each([
    ["python", "python"],
    ["system", "system"],
    ["pip", "pip"],
  ])("GANTRY_TORCH=%s takes that place alone", (word, source) => {
    machine.env.GANTRY_TORCH = word;
    expect(findEngine(machine.host).engine).toBeUndefined();
    machine.libtorch("cache/torch-2.13.0/torch");
    machine.libtorch("usr", { libDir: debianLib });
    machine.python(machine.libtorch("site/torch"));
    expect(sourceOf()).toBe(source);
  });

  test("a python3 whose torch has no headers is passed over, and said to be", () => {
    machine.write("site/torch/__init__.py", "");
    machine.python(join(machine.folder, "site/torch"));
    machine.libtorch("usr");
    const { engine, considered } = findEngine(machine.host);
    expect(engine?.source).toBe("system");
    expect(considered[0]?.why).toContain("no libtorch headers");
  });

  test("a python3 that fails is passed over with its last words", () => {
    machine.program("python3", "echo 'no such interpreter' >&2; exit 1");
    expect(findEngine(machine.host).considered[0]?.why).toBe("no such interpreter");
  });

  test("no python3 at all", () => {
    machine.env.PATH = machine.folder;
    expect(findEngine(machine.host).considered[0]).toEqual({ where: "python3", why: "not on PATH" });
  });
});

describe("a real python3", () => {
  const real = execFileSync("sh", ["-c", "command -v python3 || true"], { encoding: "utf8" }).trim();

  test.skipIf(!real)("is asked without importing torch, and a folder called torch next to it is no engine", () => {
    machine.env.PATH = process.env.PATH ?? "";
    machine.env.GANTRY_TORCH = "python";
    // The current folder of the question.
    machine.libtorch("torch");
    machine.write("torch/__init__.py", "");
    expect(findEngine(machine.host).engine?.root).not.toBe(join(machine.folder, "torch"));

    machine.libtorch("packages/torch");
    machine.write("packages/torch/__init__.py", "raise Exception('it was imported')");
    machine.env.PYTHONPATH = join(machine.folder, "packages");
    expect(findEngine(machine.host).engine?.root).toBe(join(machine.folder, "packages/torch"));
  });
});

describe("an engine's folder", () => {
  const inspect = (folder: string) => engineInFolder(machine.host, "GANTRY_TORCH", folder);

  test.each(["", "torch", "libtorch"])("may hold it directly or in a folder %s", (inner) => {
    machine.libtorch(join("given", inner));
    expect(inspect(join(machine.folder, "given"))).toMatchObject({ engine: { version: "2.1.0" } });
  });

  test("states the full version where it has one", () => {
    const folder = machine.libtorch("wheel");
    machine.write("wheel/version.py", "from typing import Optional\n__version__ = '2.1.0+cu118'\ncuda = '11.8'\n");
    expect(inspect(folder)).toMatchObject({ engine: { version: "2.1.0+cu118" } });
    const archive = machine.libtorch("archive");
    machine.write("archive/build-version", "2.1.0+cpu\n");
    expect(inspect(archive)).toMatchObject({ engine: { version: "2.1.0+cpu" } });
  });

  test("may keep headers and libraries in the prefix around it", () => {
    machine.libtorch("conda");
    machine.write("conda/site/torch/__init__.py", "");
    const [package_, prefix] = [join(machine.folder, "conda/site/torch"), join(machine.folder, "conda")];
    expect(inspect(package_)).toHaveProperty("problem");
    expect(engineInFolder(machine.host, "python", package_, [prefix])).toMatchObject({
      engine: { libDirs: [join(prefix, "lib")] },
    });
  });

  test("is known by the real library behind links", () => {
    const folder = machine.libtorch("real");
    symlinkSync(folder, join(machine.folder, "link"));
    expect(inspect(join(machine.folder, "link"))).toMatchObject({
      engine: { library: join(folder, "lib/libtorch_cpu.so") },
    });
  });

  test.each([
    ["not-there", "does not exist"],
    ["empty", "no libtorch headers"],
    ["headers", "no libtorch libraries"],
    ["old", "libtorch 1.12.1; Gantry needs 1.13 or newer"],
  ])("%s is refused with the reason", (name, reason) => {
    mkdirSync(join(machine.folder, "empty"));
    machine.libtorch("old", { version: "1.12.1" });
    machine.libtorch("headers", { libDir: "elsewhere" });
    machine.env.GANTRY_TORCH = name;
    expect(() => findEngine(machine.host)).toThrow(reason);
    expect(() => findEngine(machine.host)).toThrow(`GANTRY_TORCH=${name}: ${machine.folder}`);
    expect(() => findEngine(machine.host)).toThrow("libtorch folder");
  });
});

describe("compiler flags", () => {
  const flags = (options: Parameters<Machine["libtorch"]>[1], change: object = {}) => {
    const result = engineInFolder(machine.host, "GANTRY_TORCH", machine.libtorch("flags", options));
    if ("problem" in result) throw new Error(result.problem);
    return flagsFor({ ...machine.host, ...change }, result.engine);
  };

  test("the C++ standard follows the version", () => {
    expect(flags({ version: "1.13.0" }).compile).toContain("-std=c++17");
    expect(flags({ version: "2.8.0" }).compile).toContain("-std=c++17");
    expect(flags({ version: "2.9.0" }).compile).toContain("-std=c++20");
    expect(flags({ version: "2.13.0+cpu" }).compile).toContain("-std=c++20");
    expect(flags({ version: "3.0.0" }).compile).toContain("-std=c++20");
  });

  test("loops are parallel, by the OpenMP that libtorch loads", () => {
    const { compile, link } = flags({});
    expect(compile).toContain("-fopenmp");
    expect(link.filter((flag) => /openmp|gomp/.test(flag))).toEqual([]);
  });

  test("the ABI of strings is the library's", () => {
    expect(flags({ oldAbi: false }).compile).toContain("-D_GLIBCXX_USE_CXX11_ABI=1");
    expect(flags({ oldAbi: true }).compile).toContain("-D_GLIBCXX_USE_CXX11_ABI=0");
  });

  test("several processes can train as one where the library carries gloo, wherever its name stands", () => {
    expect(flags({}).compile).not.toContain("-DGANTRY_GLOO");
    const symbol = "_ZN4c10d16ProcessGroupGlooC1ERKN3c1013intrusive_ptr";
    for (const before of [0, 2 ** 24 - 12, 2 ** 24 + 5]) {
      const folder = machine.libtorch("gloo");
      machine.write("gloo/lib/libtorch_cpu.so", `${" ".repeat(before)}${symbol}`);
      const result = engineInFolder(machine.host, "GANTRY_TORCH", folder);
      if ("problem" in result) throw new Error(result.problem);
      expect(flagsFor(machine.host, result.engine).compile, String(before)).toContain("-DGANTRY_GLOO");
    }
  });

  test("the libraries of a GPU build are linked even if nothing names them", () => {
    machine.write("flags/lib/libtorch_cuda.so", "");
    machine.write("flags/lib/libc10_cuda.so", "");
    const { link } = flags({});
    expect(link.indexOf("-Wl,--no-as-needed")).toBeLessThan(link.indexOf("-ltorch_cuda"));
    expect(link).toContain("-lc10_cuda");
  });

  test("graphs are compiled for CUDA builds, with CUDA's headers from where pip puts them, and from a toolkit", () => {
    expect(flags({}).compile).not.toContain("-DGANTRY_CUDA");
    const places = ["nvidia/cu13/include", "triton/backends/nvidia/include", "toolkit/include"];
    for (const place of places) machine.write(`${place}/cuda_runtime_api.h`, "");
    machine.write("nvidia/cudnn/include/cudnn.h", "");
    machine.write("flags/lib/libtorch_cuda.so", "");
    const host = { ...machine.host, env: { ...machine.host.env, CUDA_HOME: join(machine.folder, "toolkit") } };
    const result = engineInFolder(host, "GANTRY_TORCH", machine.libtorch("flags"));
    if ("problem" in result) throw new Error(result.problem);
    const { compile } = flagsFor(host, result.engine);
    expect(compile).toContain("-DGANTRY_CUDA");
    const cuda = compile.filter((word) => places.some((place) => word.endsWith(place)));
    expect(cuda).toEqual(places.map((place) => join(machine.folder, place)));
    expect(compile).not.toContain(join(machine.folder, "nvidia/cudnn/include"));
  });

  test("the system's include folder is left to the compiler", () => {
    const result = engineInFolder(machine.host, "system", machine.libtorch("flags"));
    if ("problem" in result) throw new Error(result.problem);
    const engine = { ...result.engine, includeDirs: ["/usr/include", "/usr/include/torch/csrc/api/include"] };
    const { compile } = flagsFor(machine.host, engine);
    expect(compile).not.toContain("/usr/include");
    expect(compile).toContain("/usr/include/torch/csrc/api/include");
  });
});
