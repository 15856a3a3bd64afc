/**
 * GIF files whose first picture does not cover the canvas. The specification (CompuServe 1990, section 18) fills the rest with
 * the background colour, browsers leave it transparent, and libvips makes it black.
 *
 * Layout: a header of 6 bytes, then the canvas: width, height, flags, background, aspect. Flag 0x80: a table of colours follows,
 * of 3 x 2^(1 + flags & 7) bytes. Then blocks: 0x21 an extension (a label, then parts of up to 255 bytes, each after its length,
 * up to an empty one), 0x2c a picture (left, top, width, height).
 */

const CANVAS = 6;
const BLOCKS = 13;
const EXTENSION = 0x21;
const PICTURE = 0x2c;

/** Whether the first picture leaves a part of the canvas free; false of a damaged file, which the decoder refuses. */
export function leavesCanvasFree(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < BLOCKS) return false;
  const [width, height, flags] = [view.getUint16(CANVAS, true), view.getUint16(CANVAS + 2, true), view.getUint8(10)];
  let at = BLOCKS + ((flags & 0x80) === 0 ? 0 : 3 * 2 ** (1 + (flags & 7)));
  while (at + 9 < view.byteLength && view.getUint8(at) === EXTENSION) {
    for (at += 2; at < view.byteLength && view.getUint8(at) > 0; ) at += view.getUint8(at) + 1;
    at++;
  }
  if (at + 9 > view.byteLength || view.getUint8(at) !== PICTURE) return false;
  const [left, top, wide, high] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true)) as [
    number,
    number,
    number,
    number,
  ];
  return left > 0 || top > 0 || left + wide < width || top + high < height;
}
