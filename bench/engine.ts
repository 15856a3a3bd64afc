/** What the arithmetic of this process is done with, for the head of a table. */
import { existsSync, readFileSync } from "node:fs";
import { thisProcessor } from "../src/base/processor.ts";
import { compiledFile, type Gantry } from "./compiled.ts";

/** libtorch, and the library of products. */
export interface Engine {
  /** libtorch's version. */
  readonly engine: string;
  /** The instruction set whose kernels libtorch runs. */
  readonly instructionSet: string;
  /** The library of products by name and version. */
  readonly blas: string;
  /** The processor that OpenBLAS's kernels are made for, or null where another library computes the products. */
  readonly kernels: string | null;
}

/** The engine of this process. */
export async function engineOf(gantry: Gantry): Promise<Engine> {
  const { blasInUse } = await compiledFile<typeof import("../src/cli/doctor/blas.ts")>("cli/doctor/blas.js");
  const { configuration, threads, blas: account } = gantry.binding();
  const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "utf8") : undefined;
  const { name, version, kernels = null } = blasInUse(maps, configuration(), threads(), account());
  const { libtorch: engine, instructionSet } = gantry.engineSummary();
  return { engine, instructionSet, blas: version === undefined ? name : `${name} ${version}`, kernels };
}

/** As one line: processor, vectors, libtorch, products. */
export function engineLine({ engine, instructionSet, blas, kernels }: Engine): string {
  const { model, vectors = "vectors unknown" } = thisProcessor();
  const products = kernels === null ? blas : `${blas} with ${kernels} kernels`;
  return `${model} (${vectors}), libtorch ${engine} with ${instructionSet} kernels, products by ${products}`;
}
