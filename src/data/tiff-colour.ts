/**
 * TIFF files whose numbers are luminance and chrominance. libvips converts them where JPEG compresses them; otherwise it
 * takes Y, Cb and Cr for red, green and blue without a word.
 *
 * Layout: TIFF 6.0 (Adobe 1992), section 2: a header of 8 bytes, then a directory of 12 bytes an entry: tag, type, count,
 * value. Photometric interpretation is tag 262, of which 6 is YCbCr; compression is tag 259, of which 6 and 7 are JPEG.
 */
const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const YCBCR = 6;

/**
 * Refuses such a file. Says nothing about others, nor about damaged ones, which the decoder refuses.
 *
 * @throws an Error with what to do.
 */
export function refuseUnconvertedColour(bytes: Uint8Array): void {
  const tags = shortTags(bytes);
  const compression = tags.get(COMPRESSION);
  if (tags.get(PHOTOMETRIC) !== YCBCR || compression === 6 || compression === 7) return;
  throw new Error("its colours are YCbCr without JPEG's compression, which is not read; save it as RGB");
}

/** The first directory's values of one 16-bit number, by tag. */
function shortTags(bytes: Uint8Array): Map<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<number, number>();
  if (view.byteLength < 8) return found;
  const little = view.getUint16(0) === 0x4949;
  if (view.getUint16(2, little) !== 42) return found;
  const start = view.getUint32(4, little);
  if (start + 2 > view.byteLength) return found;
  const count = view.getUint16(start, little);
  for (let at = start + 2; at < start + 2 + 12 * count && at + 12 <= view.byteLength; at += 12) {
    const [tag, type] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    if (type === 3 && view.getUint32(at + 4, little) === 1) found.set(tag, view.getUint16(at + 8, little));
  }
  return found;
}
