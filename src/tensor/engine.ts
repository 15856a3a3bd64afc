/** What the engine is: versions and settings that the bits of a run depend on. */
import { binding } from "./native.ts";

/** libtorch's version, its threads, and the instruction set whose kernels it runs. */
export interface EngineSummary {
  readonly libtorch: string;
  readonly threads: number;
  readonly instructionSet: string;
}

/** Summarises the engine that runs in this process; loads it if need be. */
export function engineSummary(): EngineSummary {
  return { libtorch: binding().version(), threads: binding().threads(), instructionSet: binding().cpuCapability() };
}
