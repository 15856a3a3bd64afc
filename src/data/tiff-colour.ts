/**
 * TIFF files whose numbers are not the colours that libvips takes them for, by their tags:
 *
 * - luminance and chrominance. libvips converts them where JPEG compresses them; otherwise it takes Y, Cb and Cr for red, green
 *   and blue without a word.
 * - floats whose 0 is white. libvips turns whole numbers round, and takes floats as they are.
 * - Lab, numbers of a camera's sensor, and others that are neither gray, RGB, a palette nor CMYK. What libvips makes of them
 *   depends on their bits.
 * - channels besides those of the colours. One that the file calls alpha is alpha, and so is a single one that it says nothing
 *   of, as other readers have it. One that it calls unspecified may be anything, such as infrared; libvips takes it for alpha.
 *
 * Layout: TIFF 6.0 (Adobe 1992), section 2: a header of 8 bytes, then a directory of 12 bytes an entry: tag, type, count,
 * value. BigTIFF (libtiff's design) has 16 bytes, then 20 an entry, and numbers of 64 bits. Photometric interpretation is tag 262;
 * compression is tag 259, of which 6 and 7 are JPEG, and those above 30,000 were registered later (libtiff's tiff.h); channels are tag 277, and what the additional ones mean is tag 338: 0
 * unspecified, 1 alpha with colours multiplied by it, 2 alpha. The type of values is tag 339, 3 for floats.
 */
import { counted } from "../base/counted.ts";

const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const CHANNELS = 277;
const ADDITIONAL = 338;
const FORMAT = 339;

/** Channels of the colours, by photometric interpretation: gray, RGB, a palette's index, CMYK, YCbCr, Lab. */
const colourChannels: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3, 8: 3 };
const WHITE_IS_ZERO = 0;
const YCBCR = 6;
const FLOAT = 3;

const otherColours: ReadonlyMap<number, string> = new Map([
  ...[8, 9, 10].map((code) => [code, "Lab"] as const),
  [32803, "those of a camera's sensor (CFA)"],
  [32844, "LogL"],
  [32845, "LogLuv"],
  [34892, "those of a camera's sensor (LinearRaw)"],
]);

const compressions: ReadonlyMap<number, string> = new Map([
  [34661, "JBIG"],
  [34676, "SGILog"],
  [34677, "SGILog"],
  [34712, "JPEG 2000"],
  [34887, "LERC"],
  [34925, "LZMA"],
  [50000, "Zstandard"],
  [50002, "JPEG XL"],
  [52546, "JPEG XL"],
]);

/**
 * Refuses such a file. Says nothing about others, nor about damaged ones, which the decoder refuses.
 *
 * @throws an Error with what to do.
 */
export function refuseUnknownColour(bytes: Uint8Array): void {
  const tags = shortTags(bytes);
  const [photometric = -1, compression, channels = 1] = [PHOTOMETRIC, COMPRESSION, CHANNELS].map((tag) =>
    tags.get(tag),
  );
  if (photometric === YCBCR && compression !== 6 && compression !== 7) {
    throw new Error("its colours are YCbCr without JPEG's compression, which is not read; save it as RGB");
  }
  const colours = otherColours.get(photometric);
  if (colours !== undefined) throw new Error(`its colours are ${colours}, which are not read; save it as RGB`);
  if (photometric === WHITE_IS_ZERO && tags.get(FORMAT) === FLOAT) {
    throw new Error(
      "its values are floats of which 0 is white (TIFF's WhiteIsZero), which is not read; save it with 0 as black",
    );
  }
  const additional = channels - (colourChannels[photometric] ?? channels);
  if (additional > 1 || (additional === 1 && tags.get(ADDITIONAL) === 0)) {
    throw new Error(
      `it has ${counted(additional, "channel")} besides its colours, of unspecified meaning (TIFF's ExtraSamples); save it without, or with one as alpha`,
    );
  }
}

/** The name of a compression that libvips may have been built without; undefined of others. */
export const rareCompression = (bytes: Uint8Array): string | undefined =>
  compressions.get(shortTags(bytes).get(COMPRESSION) ?? 0);

/** The first directory's values of one 16-bit number, by tag. */
function shortTags(bytes: Uint8Array): Map<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<number, number>();
  if (view.byteLength < 16) return found;
  const little = view.getUint16(0) === 0x4949;
  const isBig = view.getUint16(2, little) === 43;
  const word = (at: number): number => (isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const start = word(isBig ? 8 : 4);
  const [head, entry, value] = isBig ? [8, 20, 12] : [2, 12, 8];
  if (start + head > view.byteLength) return found;
  const count = isBig ? word(start) : view.getUint16(start, little);
  const end = Math.min(start + head + entry * count, view.byteLength - entry + 1);
  for (let at = start + head; at < end; at += entry) {
    const [tag, type] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    // Of several numbers, such as one for each channel, the first stands here if all have room.
    if (type === 3 && (word(at + 4) === 1 || (tag === FORMAT && word(at + 4) === 2)))
      found.set(tag, view.getUint16(at + value, little));
  }
  return found;
}
