/** Element types, devices and memory formats, and the typed arrays for values. */

/** Element types, with PyTorch's names. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

/** A device by libtorch's name: "cpu", "cuda", "cuda:1", "mps" ... */
export type Device = string;

/** How the dimensions of a tensor lie in memory. */
export type MemoryFormat = "contiguous" | "channelsLast" | "preserve";

/** The type and device of a new tensor. */
export interface TensorOptions {
  /** Default "float32". */
  readonly dtype?: DType | undefined;
  /** Default "cpu". */
  readonly device?: Device | undefined;
  /** Whether gradients with respect to this tensor will be asked for; default false. */
  readonly requiresGrad?: boolean | undefined;
}

/** The arrays that hold a tensor's values on JavaScript's side. float16 and bfloat16 come out as Float32Array. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray;

/** Numbers nested to any depth, row by row. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

/** Bytes of one element. */
export const ITEM_SIZE: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};
