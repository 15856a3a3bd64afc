/**
 * Which BLAS computes the matrix products of this process, read from what is mapped into it: a system's libtorch uses
 * whatever libblas.so.3 leads to, a wheel brings its own inside libtorch_cpu.
 */
import { isReferenceBlas } from "../../../scripts/setup/index.js";
import type { VectorInstructions } from "../../base/processor.ts";

/** The BLAS of this process. */
export interface Blas {
  /** Such as `OpenBLAS`, `MKL`, `reference BLAS`. */
  readonly name: string;
  readonly version: string | undefined;
  /** The library's file; undefined when it is inside libtorch_cpu or when the system does not tell. */
  readonly library: string | undefined;
  /** Its kind of threads, if it has several: those of OpenMP are libtorch's own. */
  readonly threading: "OpenMP" | "own threads" | "none" | undefined;
  /** The kernels that OpenBLAS chose, by the processor that they were written for; only OpenBLAS tells. */
  readonly kernels: string | undefined;
  /** Undefined when the library does not tell. */
  readonly threads: number | undefined;
}

/** OpenBLAS's description of itself, from the binding. */
export interface OpenBlasAccount {
  readonly core: string;
  readonly threads: number;
}

/**
 * Finds the BLAS in the process's memory map.
 *
 * @param maps the text of `/proc/self/maps` after libtorch was loaded, or undefined where there is none (macOS)
 * @param configuration libtorch's own summary of how it was compiled
 * @param engineThreads how many threads libtorch computes with
 * @param openBlasAccount OpenBLAS's description of itself, or null where there is none
 * @example
 * const { configuration, threads, blas } = binding();
 * blasInUse(readFileSync("/proc/self/maps", "utf8"), configuration(), threads(), blas()).name; // "OpenBLAS"
 */
export function blasInUse(
  maps: string | undefined,
  configuration: string,
  engineThreads: number,
  openBlasAccount: OpenBlasAccount | null,
): Blas {
  const untold = { version: undefined, threading: undefined, kernels: undefined, threads: undefined };
  const files = [...new Set((maps ?? "").split("\n").flatMap((line) => /\s(\/\S+)$/.exec(line)?.[1] ?? []))];
  const mapped = (pattern: RegExp) => files.find((file) => pattern.test(file));

  const openBlas = mapped(/\/libopenblas[^/]*$/);
  if (openBlas !== undefined) {
    const version = /r(\d+\.\d+\.\d+)/.exec(openBlas)?.[1];
    const threading = openBlasThreading(openBlas);
    const { core: kernels, threads } = openBlasAccount ?? { core: undefined, threads: undefined };
    return { name: "OpenBLAS", version, library: openBlas, threading, kernels, threads };
  }
  for (const [pattern, name] of otherLibraries) {
    const library = mapped(pattern);
    if (library !== undefined) return { ...untold, name, library };
  }
  const reference = files.find(isReferenceBlas);
  if (reference !== undefined) {
    const version = /\.so\.(\d+\.\d+\.\d+)$/.exec(reference)?.[1];
    return { ...untold, name: "reference BLAS", version, library: reference, threading: "none", threads: 1 };
  }
  const inside = insideLibtorch(configuration);
  return { ...untold, ...inside, library: undefined, threads: inside.name === "MKL" ? engineThreads : undefined };
}

/** A sentence of warning when the BLAS is a slow one, or runs slower kernels than the processor has. */
export function blasWarnings(
  blas: Blas,
  vectors: VectorInstructions | null,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  if (blas.name === "reference BLAS") {
    return [
      `the BLAS in use is the reference implementation (${blas.library}), about 80 times slower than OpenBLAS: on Debian or Ubuntu, apt-get install libopenblas0-openmp`,
    ];
  }
  if (blas.kernels === undefined) return [];
  const fast = vectors === "AVX-512" ? avx512Kernels : [...avx512Kernels, ...avx2Kernels];
  if ((vectors !== "AVX-512" && vectors !== "AVX2") || fast.includes(blas.kernels.toLowerCase())) return [];
  const forced = environment.OPENBLAS_CORETYPE ? ` (OPENBLAS_CORETYPE=${environment.OPENBLAS_CORETYPE})` : "";
  return [
    `OpenBLAS runs its kernels for ${blas.kernels}${forced}; this processor has ${vectors}, which they do not use`,
  ];
}

/** OpenBLAS's names of kernels, in lower case. Zen's are AVX2 although newer Zen processors have AVX-512. */
const avx512Kernels = ["skylakex", "cooperlake", "sapphirerapids"];
const avx2Kernels = ["haswell", "zen", "excavator"];

const otherLibraries: readonly (readonly [RegExp, string])[] = [
  [/\/libmkl_(rt|core)[^/]*$/, "MKL"],
  [/\/libblis[^/]*$/, "BLIS"],
  [/\/lib(nvpl_blas|armpl)[^/]*$/, "Arm performance library"],
  [/\/lib(atlas|satlas|tatlas)[^/]*$|\/atlas\/libblas/, "ATLAS"],
];

/** Debian names the flavour in the folder; other builds do not tell. */
function openBlasThreading(path: string): Blas["threading"] {
  if (path.includes("openmp")) return "OpenMP";
  if (path.includes("pthread")) return "own threads";
  return path.includes("serial") ? "none" : undefined;
}

function insideLibtorch(configuration: string): Pick<Blas, "name" | "version" | "threading"> {
  const info = /BLAS_INFO=(\w+)/.exec(configuration)?.[1] ?? "unknown";
  const names: Record<string, string> = {
    mkl: "MKL",
    open: "OpenBLAS",
    accelerate: "Accelerate",
    vecLib: "Accelerate",
  };
  const name = names[info] ?? info;
  const version = name === "MKL" ? /Math Kernel Library Version ([\w.]+)/.exec(configuration)?.[1] : undefined;
  return { name, version, threading: name === "MKL" ? "OpenMP" : undefined };
}
