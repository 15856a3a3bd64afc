/** A tensor as the row-major little-endian bytes that files hold, and back. */
import { type DType, Tensor, type TypedArray } from "../tensor/index.ts";
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from "./half.ts";

/** The bytes of a tensor in row-major order, whatever its memory format or device; a copy. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const { dtype } = tensor;
  let values: TypedArray | Uint16Array = tensor.detach().toArray();
  if (dtype === "float16") values = toFloat16Bits(values as Float32Array);
  if (dtype === "bfloat16") values = toBfloat16Bits(values as Float32Array);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * A CPU tensor of row-major bytes; copies them. `bytes` must lie at the start of its buffer or at a multiple of the element
 * size, and must have exactly the length that dtype and shape take.
 */
export function tensorOf(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Tensor {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array<ArrayBuffer>;
  switch (dtype) {
    case "float16":
      return Tensor.fromArray(fromFloat16Bits(new Uint16Array(buffer, byteOffset, byteLength / 2)), shape, { dtype });
    case "bfloat16":
      return Tensor.fromArray(fromBfloat16Bits(new Uint16Array(buffer, byteOffset, byteLength / 2)), shape, { dtype });
    case "float32":
      return Tensor.fromArray(new Float32Array(buffer, byteOffset, byteLength / 4), shape);
    case "float64":
      return Tensor.fromArray(new Float64Array(buffer, byteOffset, byteLength / 8), shape);
    case "int64":
      return Tensor.fromArray(new BigInt64Array(buffer, byteOffset, byteLength / 8), shape);
    case "int32":
      return Tensor.fromArray(new Int32Array(buffer, byteOffset, byteLength / 4), shape);
    case "int16":
      return Tensor.fromArray(new Int16Array(buffer, byteOffset, byteLength / 2), shape);
    case "int8":
      return Tensor.fromArray(new Int8Array(buffer, byteOffset, byteLength), shape);
    case "uint8":
      return Tensor.fromArray(bytes, shape);
    case "bool":
      return Tensor.fromArray(bytes, shape, { dtype });
  }
}
