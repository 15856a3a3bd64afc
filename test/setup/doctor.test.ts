import { afterEach, describe, expect, test } from "vitest";
import { parseProcessor } from "../../src/base/processor.ts";
import { blasInUse, blasWarnings } from "../../src/cli/doctor/blas.ts";
import { cpuOf, kindOfCpu } from "../../src/cli/doctor/cpu.ts";
import { examine } from "../../src/cli/doctor/examine.ts";
import { reportText } from "../../src/cli/doctor/print.ts";

/** Lines of a memory map, as the kernel writes them. */
const maps = (...files: string[]) =>
  files.map((file) => `7f1c4a000000-7f1c4a021000 r-xp 00000000 fe:00 1234   ${file}\n`).join("");
const lib = "/usr/lib/x86_64-linux-gnu";

describe("the BLAS in use", () => {
  const openBlas = `${lib}/openblas-openmp/libopenblasp-r0.3.21.so`;

  test("Debian's OpenBLAS, whose libblas.so.3 is a front to it", () => {
    const files = maps(`${lib}/openblas-openmp/libblas.so.3`, openBlas);
    expect(blasInUse(files, "BLAS_INFO=generic", 2, { core: "SkylakeX", threads: 2 })).toEqual({
      name: "OpenBLAS",
      version: "0.3.21",
      library: openBlas,
      threading: "OpenMP",
      kernels: "SkylakeX",
      threads: 2,
    });
    const pthread = maps(`${lib}/openblas-pthread/libopenblasp-r0.3.21.so`);
    expect(blasInUse(pthread, "", 2, null)).toMatchObject({ threading: "own threads", threads: undefined });
  });

  test("the reference implementation draws a warning that names it and the remedy", () => {
    const files = maps(`${lib}/blas/libblas.so.3.11.0`, `${lib}/lapack/liblapack.so.3.11.0`);
    const blas = blasInUse(files, "", 2, null);
    expect(blas).toMatchObject({ name: "reference BLAS", version: "3.11.0", threading: "none", threads: 1 });
    expect(blasWarnings(blas, null, {})).toEqual([
      expect.stringMatching(/blas\/libblas\.so\.3\.11\.0.*80 times slower.*libopenblas0-openmp/),
    ]);
  });

  test("a wheel's is inside libtorch, and its summary names it", () => {
    const summary = "  - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build\n BLAS_INFO=mkl, X=1";
    expect(blasInUse(maps("/somewhere/torch/lib/libtorch_cpu.so"), summary, 3, null)).toEqual({
      name: "MKL",
      version: "2024.2",
      library: undefined,
      threading: "OpenMP",
      kernels: undefined,
      threads: 3,
    });
    expect(blasInUse(undefined, "BLAS_INFO=accelerate, ", 3, null).name).toBe("Accelerate");
  });

  test.each([
    ["AVX-512", "Haswell", 1],
    ["AVX-512", "ZEN", 1],
    ["AVX-512", "SkylakeX", 0],
    ["AVX2", "Haswell", 0],
    ["AVX2", "Nehalem", 1],
    ["AVX", "Nehalem", 0],
    [null, "Nehalem", 0],
  ] as const)("on a processor with %s, kernels for %s give %i warnings", (vectors, core, count) => {
    const warnings = (coretype?: string) =>
      blasWarnings(blasInUse(maps(openBlas), "", 2, { core, threads: 2 }), vectors, { OPENBLAS_CORETYPE: coretype });
    expect(warnings()).toHaveLength(count);
    if (count > 0) expect(warnings(core)[0]).toContain(`OPENBLAS_CORETYPE=${core}`);
    expect(blasWarnings(blasInUse(maps(openBlas), "", 2, null), vectors, {})).toEqual([]);
  });
});

describe("the processor", () => {
  const avx512 = ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"];

  test("is read from /proc/cpuinfo on x86 and on Arm", () => {
    expect(parseProcessor("model name\t: Some CPU\nflags\t\t: fpu avx2 fma bf16x\n")).toEqual({
      model: "Some CPU",
      flags: ["fpu", "avx2", "fma", "bf16x"],
      vectors: "AVX2",
    });
    const arm = "processor\t: 0\nFeatures\t: fp asimd sve i8mm\n";
    expect(parseProcessor(arm)).toEqual({ model: undefined, flags: ["fp", "asimd", "sve", "i8mm"], vectors: "SVE" });
    expect(parseProcessor("")).toEqual({ model: undefined, flags: [], vectors: undefined });
  });

  test.each([
    [["sse2", "avx", "fma", "avx2", ...avx512], "AVX-512"],
    // Knights Landing: AVX-512, but not what libraries ask for.
    [["sse2", "avx", "fma", "avx2", "avx512f", "avx512cd"], "AVX2"],
    [["sse2", "avx", "avx2"], "AVX"],
    [["sse2", "sse4_2"], "SSE"],
    [["asimd"], "NEON"],
  ])("with %j has %s", (flags, vectors) => {
    expect(parseProcessor(`flags : ${flags.join(" ")}`).vectors).toBe(vectors);
  });

  test.each([
    ["AVX-512", /AVX-512.* tables named AVX-512 apply/],
    ["AVX2", /without AVX-512.* tables named AVX2 apply/],
    ["SSE", /with SSE, without AVX2: no table/],
    [undefined, /does not tell: no table/],
  ] as const)("with %s is said to be of a kind", (vectors, words) => {
    const cpu = cpuOf({ model: "Some CPU", flags: ["fpu", "fma", "avx2"], vectors });
    expect(cpu).toEqual({ model: "Some CPU", flags: ["fma", "avx2"], vectors: vectors ?? null });
    expect(kindOfCpu(cpu)).toMatch(words);
  });
});

describe("the report", () => {
  const given = process.env.GANTRY_TORCH;
  afterEach(() => {
    if (given === undefined) delete process.env.GANTRY_TORCH;
    else process.env.GANTRY_TORCH = given;
  });

  test("says what is wrong when there is no engine, and what there is to say otherwise", () => {
    process.env.GANTRY_TORCH = "/not/there";
    const report = examine(0.1);
    expect(report).toMatchObject({ ok: false, engine: null, node: process.versions.node });
    expect(report.problems).toEqual([expect.stringContaining("GANTRY_TORCH=/not/there")]);
    expect(reportText(report)).toMatch(/^Gantry +\d[\s\S]*^CPU[\s\S]*^Problem +GANTRY_TORCH=\/not\/there/m);
  });

  test("describes the engine that runs", () => {
    const report = examine(0.3);
    expect(report.problems).toEqual([]);
    expect(JSON.parse(JSON.stringify(report))).toEqual({ ...report, engine: { ...report.engine } });
    const { speed, blas, devices, threads } = report.engine!;
    expect(devices[0]).toEqual({ name: "cpu", available: true });
    expect(blas.name).not.toBe("unknown");
    expect(threads).toBeGreaterThan(0);
    for (const rate of [speed.matrixProduct, speed.convolutionForward, speed.convolutionBackward]) {
      expect(rate).toBeGreaterThan(0.1);
      expect(rate).toBeLessThan(1e5);
    }
    expect(reportText(report)).toContain(kindOfCpu(report.cpu));
    expect(reportText(report)).toContain(`libtorch ${report.engine!.version}`);
  });
});
