/** Sample grids as the images that they show, and the distances between images. */
import sharp from "sharp";
import { UserError } from "../base/errors.ts";
import { type ImageSize, sidesOf } from "../base/image-size.ts";
import type { PixelBatch } from "../formats/index.ts";

/** How a grid is laid out. */
export interface GridLayout {
  readonly count: number;
  readonly columns: number;
  readonly padding: number;
  readonly channels: number;
  readonly size: ImageSize;
}

/** Numbers of channels that a picture shows whole. */
const SHOWN_WHOLE = [1, 3, 4];

/**
 * The images of a grid that a run wrote.
 *
 * @throws UserError when the file is no such grid.
 */
export async function imagesOfGrid(file: string, layout: GridLayout): Promise<PixelBatch> {
  const { count, columns, padding, channels, size } = layout;
  if (!SHOWN_WHOLE.includes(channels))
    throw new UserError(`pictures do not show all ${channels} channels of the samples`);
  const image = sharp(file, { limitInputPixels: 2 ** 28 });
  const { data, info } = await (channels === 1 ? image.toColourspace("b-w") : image)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw new UserError(`${file} is no picture: ${error.message}`, { cause: error });
    });
  const { height, width } = sidesOf(size);
  const [across, down] = [width + padding, height + padding];
  const rows = Math.ceil(count / columns);
  const wanted = [padding + Math.min(columns, count) * across, padding + rows * down];
  if (info.width !== wanted[0] || info.height !== wanted[1] || info.channels < channels) {
    throw new UserError(
      `${file} has ${info.width} x ${info.height} pixels; a grid of ${count} samples of this run has ${wanted.join(" x ")}`,
    );
  }
  const pixels = new Uint8Array(count * channels * height * width);
  let to = 0;
  for (let i = 0; i < count; i++) {
    const left = padding + (i % columns) * across;
    const top = padding + Math.floor(i / columns) * down;
    for (let channel = 0; channel < channels; channel++) {
      for (let y = top; y < top + height; y++) {
        for (let x = left; x < left + width; x++) pixels[to++] = data[(y * info.width + x) * info.channels + channel]!;
      }
    }
  }
  return { pixels, count, channels, height, width };
}

/** The vectors of images: one row each. */
export function rowsOf({ pixels, count }: PixelBatch): Uint8Array[] {
  const length = pixels.length / count;
  return Array.from({ length: count }, (_, i) => pixels.subarray(i * length, (i + 1) * length));
}

/** The Euclidean distances of all pairs of rows. */
export function pairDistances(rows: readonly ArrayLike<number>[]): number[] {
  const found: number[] = [];
  for (const [i, a] of rows.entries()) {
    for (const b of rows.slice(i + 1)) {
      let sum = 0;
      for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
      found.push(Math.sqrt(sum));
    }
  }
  return found;
}
