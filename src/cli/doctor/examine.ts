/** Gathers what `gantry doctor` reports, and continues as far as possible after a failure. */
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { type Engine, ensureBinding } from "../../../scripts/setup/index.js";
import { gantryVersion } from "../../base/version.ts";
import { type Binding, binding, deviceMemory, Tensor } from "../../tensor/index.ts";
import { measuredConvolutionsFile, readConvolutions } from "../../training/index.ts";
import { asFailure } from "../errors.ts";
import { blasInUse, blasWarnings } from "./blas.ts";
import { type Cpu, thisCpu } from "./cpu.ts";
import { measureSpeed } from "./speed.ts";

/** The part of the report that needs a running engine. */
export type EngineReport = ReturnType<typeof examineEngine>;

/** The whole report; `ok` is false when Gantry cannot run. */
export type Report = ReturnType<typeof examine>;

/**
 * Examines the installation. Compiles the binding if that has not been done, but installs nothing, so that the report
 * changes nothing.
 *
 * @param seconds how long the speed reading takes, 3 by default
 */
export function examine(seconds = 3) {
  const cpu = thisCpu();
  const problems: string[] = [];
  const warnings: string[] = [];
  let engine: EngineReport | null = null;
  try {
    const found = ensureBinding({ install: false });
    engine = examineEngine(found.engine, found.path, binding(), seconds);
    warnings.push(...blasWarnings(engine.blas, cpu.vectors, process.env), ...capabilityWarnings(engine, cpu));
  } catch (error) {
    // A failure of the engine is part of the report and is not thrown.
    problems.push(asFailure(error).message);
  }
  return {
    ok: problems.length === 0,
    problems,
    warnings,
    gantry: gantryVersion(),
    node: process.versions.node,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    cores: os.availableParallelism(),
    cpu,
    engine,
  };
}

function examineEngine(found: Engine, path: string, native: Binding, seconds: number) {
  const threads = native.threads();
  const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "utf8") : undefined;
  const blas = blasInUse(maps, native.configuration(), threads, native.blas());
  return {
    version: found.version,
    source: found.source,
    root: found.root,
    library: found.library,
    binding: path,
    accelerator: found.accelerator ?? null,
    cpuCapability: native.cpuCapability(),
    threads,
    blas,
    devices: [
      { name: "cpu", available: true },
      { name: "cuda", available: native.hasCuda() },
      { name: "mps", available: native.hasMps() },
    ],
    ...(native.hasCuda() ? { memory: memoryOfGpu() } : {}),
    // On the reference BLAS one product of size 2048 takes six seconds.
    speed: measureSpeed(blas.name === "reference BLAS" ? 512 : 2048, seconds),
    convolutions: measuredConvolutions(),
  };
}

/** The memory of the GPU, which libtorch counts from the first tensor on. */
function memoryOfGpu() {
  Tensor.zeros([1], { device: "cuda" }).dispose();
  return deviceMemory("cuda");
}

/** The convolutions whose fastest algorithm was measured on this machine. */
function measuredConvolutions() {
  const file = measuredConvolutionsFile();
  return { count: Object.keys(readConvolutions(file)).length, file };
}

function capabilityWarnings(engine: EngineReport, cpu: Cpu): string[] {
  const forced = process.env.ATEN_CPU_CAPABILITY;
  const used = engine.cpuCapability;
  const fast = { "AVX-512": ["AVX512"], AVX2: ["AVX512", "AVX2"] }[String(cpu.vectors)];
  if (fast === undefined || fast.includes(used)) return [];
  if (forced) return [`ATEN_CPU_CAPABILITY=${forced} holds libtorch back to its ${used} kernels`];
  // libtorch 2 picks AVX2 for many processors on purpose; only a fall below AVX2 costs much.
  return used === "AVX2" ? [] : [`libtorch runs its ${used} kernels, although this processor has AVX2`];
}
