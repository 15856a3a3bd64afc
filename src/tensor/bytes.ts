/** A tensor as the row-major little-endian bytes that files hold, and back. */
import { scope, TensorHandle } from "./handle.ts";
import { binding } from "./native.ts";
import type { Tensor } from "./tensor.ts";
import { type DType, ITEM_SIZE } from "./types.ts";

/**
 * A copy of a tensor's elements as bytes, whatever its memory format or device. No element is converted: float16 and
 * bfloat16 keep their bit patterns.
 *
 * @example
 * bytesOf(Tensor.fromArray([1, 2])); // the 8 bytes of two float32 numbers
 */
export function bytesOf(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(tensor.numel * ITEM_SIZE[tensor.dtype]);
  binding().copyOut(TensorHandle.numberOf(tensor, "bytesOf", "tensor"), bytes);
  return bytes;
}

/**
 * The CPU tensor that {@link bytesOf} wrote as `bytes`; copies them. A byte of a bool is true when it is not zero.
 * @throws Error when dtype and shape take another number of bytes.
 */
export function tensorOf(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Tensor {
  if (dtype !== "bool") return TensorHandle.of(binding().fromArray(bytes, dtype, shape));
  return scope(() => tensorOf(bytes, "uint8", shape).to({ dtype }));
}
