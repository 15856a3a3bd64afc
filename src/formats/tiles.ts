/**
 * Tiling: a batch of byte images laid out in rows and columns with a margin between them, and its PNG.
 *
 * Knows nothing of tensors, so the contact sheet of a dataset can be made without an engine.
 */
import sharp from "sharp";
import { UserError } from "../base/errors.ts";

/** Images of one size as bytes: `pixels` is row-major [count, channels, height, width]. */
export interface PixelBatch {
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** How images are laid out. */
export interface GridOptions {
  /** Images in a row; default: the smallest number whose square holds them all. */
  readonly columns?: number;
  /** Margin around and between images, in pixels; default 2. */
  readonly padding?: number;
  /** Gray level of the margin, 0 (black, the default) to 255. */
  readonly background?: number;
}

/** An image as sharp takes it: row-major [height, width, channels]. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}

/** The most pixels of a grid: what libvips takes as an image. */
const MOST_PIXELS = 0x3fff ** 2;
/** The longest side of a grid. */
const LONGEST_SIDE = 0xffff;

/**
 * The size of a grid of images in pixels.
 *
 * @throws UserError when there is no image, an option is out of range, or the grid is larger than an image file can be.
 *
 * @example
 * gridSize({ count: 64, width: 32, height: 32 }, { columns: 8 }); // { width: 274, height: 274, columns: 8, padding: 2 }
 */
export function gridSize(
  { count, width, height }: Pick<PixelBatch, "count" | "width" | "height">,
  { columns = Math.ceil(Math.sqrt(count)), padding = 2 }: GridOptions = {},
): { width: number; height: number; columns: number; padding: number } {
  if (count < 1) throw new UserError("an image grid needs at least one image");
  requireWhole("columns", columns, 1, 100_000);
  requireWhole("padding", padding, 0, 10_000);
  const used = Math.min(columns, count);
  const rows = Math.ceil(count / columns);
  const size = { width: padding + used * (width + padding), height: padding + rows * (height + padding) };
  if (Math.max(size.width, size.height) > LONGEST_SIDE || size.width * size.height > MOST_PIXELS) {
    throw new UserError(
      `a grid of ${used} x ${rows} images of ${width} x ${height} pixels would be ${size.width} x ${size.height}; an image file has at most ${LONGEST_SIDE} on a side and ${Math.floor(MOST_PIXELS / 1e6)} million in all: take fewer images`,
    );
  }
  return { ...size, columns, padding };
}

/**
 * The channels of a picture, by the channels of its images: all of gray, colour, and colour with alpha; of five or more the first
 * three, as red, green and blue; of two the first, as gray.
 */
const shownOf = (channels: number): RawImage["channels"] =>
  channels === 1 || channels === 2 ? 1 : channels === 4 ? 4 : 3;

/**
 * Lays images out from the left and from the top; cells of the last row that no image fills show the background. Pictures
 * show images of any number of channels: gray (1), colour (3), colour with alpha (4); of five or more the first three, of two
 * the first.
 *
 * @throws UserError when there is no image, an option is out of range, or the grid is larger than an image file can be.
 */
export function tile(batch: PixelBatch, options: GridOptions = {}): RawImage {
  const { pixels, count, channels, height, width } = batch;
  const { background = 0 } = options;
  const { columns, padding, width: gridWidth, height: gridHeight } = gridSize(batch, options);
  requireWhole("background", background, 0, 255);
  const shown = shownOf(channels);
  const data = new Uint8Array(gridWidth * gridHeight * shown).fill(background);
  // The margin is opaque.
  if (shown === 4) for (let at = 3; at < data.length; at += 4) data[at] = 255;
  for (let index = 0; index < count; index++) {
    const left = padding + (index % columns) * (width + padding);
    const top = padding + Math.floor(index / columns) * (height + padding);
    for (let channel = 0; channel < shown; channel++) {
      let from = (index * channels + channel) * height * width;
      for (let y = 0; y < height; y++) {
        let to = ((top + y) * gridWidth + left) * shown + channel;
        for (let x = 0; x < width; x++, to += shown) data[to] = pixels[from++]!;
      }
    }
  }
  return { data, width: gridWidth, height: gridHeight, channels: shown };
}

/** The pixels row-major [count, height, width, channels], as most image libraries keep them. */
export function interleaved({ pixels, count, channels, height, width }: PixelBatch): Uint8Array {
  if (channels === 1) return pixels;
  const area = height * width;
  const data = new Uint8Array(pixels.length);
  for (let index = 0; index < count; index++) {
    for (let channel = 0; channel < channels; channel++) {
      let from = (index * channels + channel) * area;
      let to = index * area * channels + channel;
      for (let i = 0; i < area; i++, to += channels) data[to] = pixels[from++]!;
    }
  }
  return data;
}

/** Images number `start` to `start + count - 1` of a batch, without copying. */
export function imagesOf(batch: PixelBatch, start: number, count = 1): PixelBatch {
  const size = batch.channels * batch.height * batch.width;
  return { ...batch, count, pixels: batch.pixels.subarray(start * size, (start + count) * size) };
}

/** All images of batches of one shape, in order. */
export function joinImages(batches: readonly PixelBatch[]): PixelBatch {
  const pixels = new Uint8Array(Buffer.concat(batches.map((batch) => batch.pixels)));
  return { ...batches[0]!, count: batches.reduce((sum, { count }) => sum + count, 0), pixels };
}

/** Images enlarged `factor` times: each pixel becomes a square of factor x factor, so no value is mixed. */
export function enlarge(batch: PixelBatch, factor: number): PixelBatch {
  if (factor === 1) return batch;
  requireWhole("scale", factor, 1, 64);
  const { pixels, count, channels, height, width } = batch;
  const larger = new Uint8Array(pixels.length * factor ** 2);
  let to = 0;
  for (let row = 0; row < count * channels * height; row++) {
    const first = to;
    for (let x = 0; x < width; x++, to += factor) larger.fill(pixels[row * width + x]!, to, to + factor);
    for (let copy = 1; copy < factor; copy++, to += width * factor)
      larger.copyWithin(to, first, first + width * factor);
  }
  return { pixels: larger, count, channels, height: height * factor, width: width * factor };
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new UserError(`\`${name}\` (=${value}) must be a whole number from ${low} to ${high}`);
}

/** The bytes of a PNG file of `image`. */
export async function encodePng(image: RawImage): Promise<Buffer> {
  const { data, width, height, channels } = image;
  return sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 6 }).toBuffer();
}
