/** Arrays in files: checks of the shapes that a file claims, before memory is allocated for them, and the order of bytes. */

/** The most dimensions that libtorch's reductions take; NumPy has the same limit. */
export const MOST_DIMENSIONS = 64;

/** More elements than any memory holds, and few enough that their bytes are counted exactly. */
const MOST_ELEMENTS = 2 ** 49;

/** Whether a value is a whole number from 0 that JavaScript counts exactly. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Number of elements. */
export const numelOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * Whether a value can be a tensor's shape. Strides are products of sizes, so the other sizes count even next to a size
 * of 0, which counts as 1 here.
 */
export const isShape = (value: unknown): value is readonly number[] =>
  Array.isArray(value) &&
  value.length <= MOST_DIMENSIONS &&
  value.every(isCount) &&
  numelOf(value.map((size) => Math.max(1, size))) <= MOST_ELEMENTS;

/** Turns elements of `width` bytes from one byte order into the other, in place. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 2) buffer.swap16();
  if (width === 4) buffer.swap32();
  if (width === 8) buffer.swap64();
}
