/** The processor as the system describes it: model and the instruction sets that matter for matrix work. */
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";

/** Model and instruction sets of a processor. */
export interface Cpu {
  readonly model: string;
  readonly flags: readonly string[];
}

/** In the order of speed, x86 first, then Arm. */
const interesting = [
  ...["sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_bf16"],
  ...["asimd", "asimdhp", "sve", "bf16", "i8mm"],
];

/**
 * Reads the text of `/proc/cpuinfo` (x86 says "flags", Arm "Features").
 *
 * @example
 * parseCpuinfo("model name\t: X\nflags\t\t: fma avx2\n"); // { model: "X", flags: ["fma", "avx2"] }
 */
export function parseCpuinfo(text: string): Partial<Cpu> {
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(text)?.[1]?.trim();
  const model = field("model name");
  const flags = (field("flags") ?? field("Features"))?.split(/\s+/);
  return {
    ...(model === undefined ? {} : { model }),
    ...(flags === undefined ? {} : { flags: interesting.filter((flag) => flags.includes(flag)) }),
  };
}

/** The processor of this machine; without /proc/cpuinfo (macOS) the instruction sets are left out. */
export function thisCpu(): Cpu {
  const info = existsSync("/proc/cpuinfo") ? parseCpuinfo(readFileSync("/proc/cpuinfo", "utf8")) : {};
  return { model: info.model ?? os.cpus()[0]?.model ?? os.arch(), flags: info.flags ?? [] };
}
