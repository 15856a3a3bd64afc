/** The processor as the system describes it: its model, its instruction sets, and the widest vectors that they give. */
import { readFileSync } from "node:fs";
import os from "node:os";

/** The widest vectors that all of a processor's arithmetic can use. */
export type VectorInstructions = "AVX-512" | "AVX2" | "AVX" | "SSE" | "SVE" | "NEON";

/** A processor. Without /proc/cpuinfo (macOS) there are no flags and no vectors. */
export interface Processor {
  readonly model: string;
  /** The instruction sets by Linux' names. */
  readonly flags: readonly string[];
  readonly vectors: VectorInstructions | undefined;
}

/** Widest first, each with all that libraries ask for before they use it. */
const sets: readonly (readonly [VectorInstructions, readonly string[]])[] = [
  ["AVX-512", ["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]],
  ["AVX2", ["avx2", "fma"]],
  ["AVX", ["avx"]],
  ["SSE", ["sse2"]],
  ["SVE", ["sve"]],
  ["NEON", ["asimd"]],
];

/**
 * Reads the text of `/proc/cpuinfo` (x86 says "flags", Arm "Features" and no model).
 *
 * @example
 * parseProcessor("model name\t: X\nflags\t\t: fma avx2\n"); // { model: "X", flags: ["fma", "avx2"], vectors: "AVX2" }
 */
export function parseProcessor(text: string): Omit<Processor, "model"> & { readonly model: string | undefined } {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(text)?.[1]?.trim();
  const flags = (field("flags") ?? field("Features"))?.split(/\s+/) ?? [];
  const vectors = sets.find(([, needed]) => needed.every((flag) => flags.includes(flag)))?.[0];
  return { model: field("model name"), flags, vectors };
}

/**
 * The processor of this machine.
 *
 * @example
 * thisProcessor().vectors; // "AVX2" on an AMD EPYC of 2017
 */
export function thisProcessor(): Processor {
  const found = parseProcessor(cpuinfo());
  return { ...found, model: found.model ?? os.cpus()[0]?.model.trim() ?? os.arch() };
}

function cpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}
