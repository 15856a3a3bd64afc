/**
 * Images of more than 8 bits a channel, as bytes, by one rule for each kind:
 *
 * - 16 bits: round(value x 255 / 65,535). An image none of whose values exceeds 4,095 is refused: it has 12 bits or fewer
 *   and would be almost black.
 * - floats: round(value x 255) where all values lie in [0, 1], else refused with the range that was found. No other white is
 *   known.
 * - whole numbers of other sizes, and gray floats of 16 bits, of which libvips keeps 0 and 1 only: refused.
 *
 * libvips by itself makes floats black or white without a word, and cuts off the lower 8 of 16 bits.
 */
import type { Metadata, Sharp } from "sharp";

/** Interleaved bytes with their form. */
export interface Bytes {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: 1 | 2 | 3 | 4 };
}

/** A 16-bit image with no larger value is taken for one of 12 bits or fewer: it would become 0 to 15 of 255. */
const LARGEST_OF_12_BITS = 4095;
const WHITE_OF_16_BITS = 65535;

/** Whether the values of an image are no bytes, and stand for gray or colour directly. */
export function isDeep({ depth, space }: Metadata): boolean {
  return depth !== "uchar" && (depth !== "ushort" || space === "grey16" || space === "rgb16");
}

/**
 * The bytes of such an image.
 * @throws an Error when its values have no white that is known.
 */
export async function bytesOfDeep(image: Sharp, { depth, space, hasAlpha }: Metadata): Promise<Bytes> {
  if (depth !== "ushort" && depth !== "float" && depth !== "double") {
    throw new Error(
      `its values are of type ${depth}, of which no value is known to be white; save it with 8 or 16 bits`,
    );
  }
  const isFloat = depth !== "ushort";
  if (isFloat && space === "grey16") {
    throw new Error(
      "its gray values are floats of 16 bits, which are not read; save it with floats of 32 bits, or with 8 bits",
    );
  }
  const raw = image.toColourspace(space!).raw({ depth: isFloat ? "float" : "ushort" });
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const form = { width, height, channels: channels as Bytes["info"]["channels"] };
  const count = width * height * channels;
  const { buffer, byteOffset } = data;
  return isFloat
    ? { data: ofFloats(new Float32Array(buffer, byteOffset, count)), info: form }
    : { data: ofShorts(new Uint16Array(buffer, byteOffset, count), hasAlpha ? channels : 0), info: form };
}

function ofFloats(values: Float32Array): Uint8Array {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) throw new Error("its values are floats, and at least one is NaN");
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least < 0 || most > 1) {
    throw new Error(
      `its values are floats from ${short(least)} to ${short(most)}; floats are read where they lie in [0, 1], black to white: ` +
        "scale them, or save it with 8 or 16 bits",
    );
  }
  return Uint8Array.from(values, (value) => Math.round(value * 255));
}

const short = (value: number): string => String(Number(value.toPrecision(6)));

/** @param alphaEvery - of how many values the last is alpha; 0 for none */
function ofShorts(values: Uint16Array, alphaEvery: number): Uint8Array {
  let most = 0;
  for (const [i, value] of values.entries()) {
    if (value > most && (alphaEvery === 0 || i % alphaEvery !== alphaEvery - 1)) most = value;
  }
  if (most > 0 && most <= LARGEST_OF_12_BITS) {
    throw new Error(
      `the largest of its 16-bit values is ${most} of ${WHITE_OF_16_BITS}, so it would be almost black; scale its values (12 bits by 16)`,
    );
  }
  return Uint8Array.from(values, (value) => Math.round((value * 255) / WHITE_OF_16_BITS));
}
