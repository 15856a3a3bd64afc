/** What `gantry doctor` says of the processor: the instruction sets that matter for matrix work, and which figures apply. */
import { type Processor, thisProcessor, type VectorInstructions } from "../../base/processor.ts";

/** A processor with those of its instruction sets that matter; `vectors` is null where the system does not tell. */
export interface Cpu {
  readonly model: string;
  readonly flags: readonly string[];
  readonly vectors: VectorInstructions | null;
}

/** In the order of speed, x86 first, then Arm. */
const interesting = [
  ...["sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_bf16"],
  ...["asimd", "asimdhp", "sve", "bf16", "i8mm"],
];

/** The part of a processor that is reported. */
export function cpuOf({ model, flags, vectors }: Processor): Cpu {
  return { model, flags: interesting.filter((flag) => flags.includes(flag)), vectors: vectors ?? null };
}

/** The processor of this machine. */
export function thisCpu(): Cpu {
  return cpuOf(thisProcessor());
}

/** Which kind of processor this is, and which tables of docs/explanation/performance.md were measured on one of its kind. */
export function kindOfCpu({ vectors }: Cpu): string {
  if (vectors === "AVX-512") return "with AVX-512: of docs/explanation/performance.md the tables named AVX-512 apply";
  if (vectors === "AVX2")
    return "with AVX2, without AVX-512: of docs/explanation/performance.md the tables named AVX2 apply";
  const kind = vectors === null ? "of a kind that the system does not tell" : `with ${vectors}, without AVX2`;
  return `${kind}: no table of docs/explanation/performance.md was measured on one like it; \`npm run bench\` in a clone measures this one`;
}
