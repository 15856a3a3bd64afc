/**
 * The two 16-bit float types as bit patterns: IEEE 754 binary16 ("half") and bfloat16 (the upper half of a float32).
 *
 * JavaScript has no array of either, so their values travel as float32, which holds all of them exactly.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Bit patterns of values that came from bfloat16: their float32 without the lower 16 bits, which are zero. */
export function toBfloat16Bits(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (word) => word >>> 16);
}

/** The values of bfloat16 bit patterns. */
export function fromBfloat16Bits(patterns: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(patterns, (pattern) => pattern << 16).buffer);
}

/**
 * Bit patterns of values that came from float16, each of which is exact: no rounding takes place. NaN keeps its sign and
 * becomes the quiet NaN.
 */
export function toFloat16Bits(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    float[0] = value;
    const word = bits[0]!;
    const sign = (word >>> 16) & 0x8000;
    const exponent = ((word >>> 23) & 0xff) - 127;
    const fraction = word & 0x7fffff;
    if (exponent === 128) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
    if (exponent >= -14) return sign | ((exponent + 15) << 10) | (fraction >>> 13);
    // Subnormal: the value is a whole multiple of 2^-24.
    return sign | (Math.abs(value) * 2 ** 24);
  });
}

/** The values of float16 bit patterns. */
export function fromFloat16Bits(patterns: Uint16Array): Float32Array {
  return Float32Array.from(patterns, (pattern) => {
    const sign = pattern & 0x8000 ? -1 : 1;
    const exponent = (pattern >>> 10) & 0x1f;
    const fraction = pattern & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
