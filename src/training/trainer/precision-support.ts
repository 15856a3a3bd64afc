/** Whether the machine computes fast in a precision: libtorch itself computes in any, some of them 90 times slower than in float32. */

import { UserError } from "../../base/errors.ts";
import { type Processor, thisProcessor } from "../../base/processor.ts";
import type { Recipe } from "../../recipe/index.ts";
import { engineSummary } from "../../tensor/index.ts";

/** What a precision needs of a CPU. */
const CPU = {
  bf16: {
    flags: ["avx512_bf16", "amx_bf16", "bf16"],
    named: "AVX-512-BF16, AMX-BF16 or Arm's BF16",
    libtorch: [1, 13],
    instead: "precision=float32",
  },
  fp16: {
    flags: ["avx512_fp16", "amx_fp16"],
    named: "AVX-512-FP16 or AMX-FP16",
    libtorch: [2, 4],
    instead: "precision=bf16 or float32",
  },
} as const;

/** Where a run is computed. */
export interface Machine {
  readonly processor: Pick<Processor, "model" | "flags">;
  /** The version of libtorch. */
  readonly libtorch: string;
}

/** How {@link refusePrecision} is called. */
export interface PrecisionOptions {
  /** Default: this one. */
  readonly machine?: Machine;
  /** The folder of the run that is to be continued: its precision is part of it. */
  readonly run?: string;
}

/**
 * @throws UserError when the device has no instructions for the recipe's precision.
 */
export function refusePrecision(
  { precision = "float32", device }: Pick<Recipe, "precision" | "device">,
  { machine, run }: PrecisionOptions = {},
): void {
  if (precision === "float32") return;
  const { processor, libtorch } = machine ?? { processor: thisProcessor(), libtorch: engineSummary().libtorch };
  const { model, flags } = processor;
  const [kind] = device.split(":");
  if (kind === "cuda") return;
  const given = `precision (=${precision})`;
  const continued =
    run &&
    `a run keeps its precision: continue it on a machine that has this one, or on a GPU (--set device=cuda), or begin another run with its networks (gantry train ... --from ${run} --set precision=float32)`;
  if (kind !== "cpu")
    throw new UserError(
      `${given} is for the devices cpu and cuda, not for ${device}; ${continued ?? "use precision=float32"}`,
    );
  const { flags: any, named, libtorch: least, instead } = CPU[precision];
  if (!any.some((flag) => flags.includes(flag))) {
    const has = flags.length === 0 ? "of which this system does not tell" : `which this one (${model}) does not have`;
    throw new UserError(
      `${given} needs a CPU with ${named}, ${has}: without it libtorch takes kernels up to 90 times slower than those of float32; ${continued ?? `use ${instead}, or a GPU`}`,
    );
  }
  const [major = 0, minor = 0] = libtorch.split(".").map(Number);
  if (major < least[0] || (major === least[0] && minor < least[1]))
    throw new UserError(
      `${given} on a CPU needs libtorch ${least.join(".")} or newer, this is ${libtorch}; ${continued ?? `use ${instead}`}`,
    );
}
