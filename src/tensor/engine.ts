/** The engine: versions and settings that the bits of a run depend on. */
import { binding } from "./native.ts";

/** libtorch's version, its threads, the instruction set whose kernels it runs, and those of the products. */
export interface EngineSummary {
  readonly libtorch: string;
  readonly threads: number;
  readonly instructionSet: string;
  /**
   * The processor that OpenBLAS's kernels are made for (OPENBLAS_CORETYPE chooses); absent where another library does
   * the products.
   */
  readonly blasKernels?: string;
}

/** Summarises the engine that runs in this process; loads it if need be. */
export function engineSummary(): EngineSummary {
  const { version, threads, cpuCapability, blas } = binding();
  const kernels = blas()?.core;
  return {
    libtorch: version(),
    threads: threads(),
    instructionSet: cpuCapability(),
    ...(kernels === undefined ? {} : { blasKernels: kernels }),
  };
}
