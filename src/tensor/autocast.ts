/**
 * Mixed precision as PyTorch's autocast has it: matrix products and convolutions of float32 tensors are computed in bfloat16 or
 * float16 and give such tensors, everything else stays as it is. Which operators these are is in libtorch's lists
 * ("Automatic Mixed Precision package", pytorch.org/docs/stable/amp.html); Gantry's own convolutions and attention follow them.
 */
import { refusePromise } from "./handle.ts";
import { binding } from "./native.ts";
import type { Device } from "./types.ts";

/** The types that products can be computed in. */
export type AutocastType = "bfloat16" | "float16";

/**
 * Runs `callback` with matrix products and convolutions on the device in this type; null for that of their operands, inside
 * another autocast. Parameters stay float32 and get float32 gradients. A backward pass computes in the types of its forward pass,
 * wherever {@link grad} is called.
 *
 * A CPU needs AVX-512-BF16 or AMX-BF16 for bfloat16, or it is slower than float32, up to 90 times.
 *
 * @param device - "cpu" or "cuda". Default "cpu".
 * @throws TypeError when `callback` is asynchronous.
 *
 * @example
 * const score = autocast("bfloat16", () => network.forward(images)).to({ dtype: "float32" });
 */
export function autocast<T>(dtype: AutocastType | null, callback: () => T, device: Device = "cpu"): T {
  const outer = active;
  const before = binding().setAutocast(device, dtype ?? "");
  active = dtype === null ? undefined : device;
  try {
    const result = callback();
    refusePromise("autocast", result, "the precision ends when it returns");
    return result;
  } finally {
    binding().setAutocast(device, before);
    active = outer;
  }
}

/** The device of the {@link autocast} that runs. */
let active: Device | undefined;

/** @internal Runs `callback` in the precision of its tensors, also inside an {@link autocast}. */
export function withoutAutocast<T>(callback: () => T): T {
  return active === undefined ? callback() : autocast(null, callback, active);
}
