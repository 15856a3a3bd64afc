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
  readonly channels: 1 | 3;
}

/**
 * Lays images out from the left and from the top; cells of the last row that no image fills show the background.
 *
 * @throws UserError when there is no image, the images have neither 1 nor 3 channels, or an option is out of range.
 */
export function tile(batch: PixelBatch, options: GridOptions = {}): RawImage {
  const { pixels, count, channels, height, width } = batch;
  const { columns = Math.ceil(Math.sqrt(count)), padding = 2, background = 0 } = options;
  if (count < 1) throw new UserError("an image grid needs at least one image");
  if (channels !== 1 && channels !== 3) {
    throw new UserError(`an image grid shows images of 1 or 3 channels; these have ${channels}`);
  }
  requireWhole("columns", columns, 1, 100_000);
  requireWhole("padding", padding, 0, 10_000);
  requireWhole("background", background, 0, 255);
  const used = Math.min(columns, count);
  const rows = Math.ceil(count / columns);
  const gridWidth = padding + used * (width + padding);
  const gridHeight = padding + rows * (height + padding);
  const data = new Uint8Array(gridWidth * gridHeight * channels).fill(background);
  for (let index = 0; index < count; index++) {
    const left = padding + (index % columns) * (width + padding);
    const top = padding + Math.floor(index / columns) * (height + padding);
    for (let channel = 0; channel < channels; channel++) {
      let from = (index * channels + channel) * height * width;
      for (let y = 0; y < height; y++) {
        let to = ((top + y) * gridWidth + left) * channels + channel;
        for (let x = 0; x < width; x++, to += channels) data[to] = pixels[from++]!;
      }
    }
  }
  return { data, width: gridWidth, height: gridHeight, channels };
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
