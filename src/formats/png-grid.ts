/** Sample grids: a tensor of generated images as one PNG file. */
import { UserError } from "../base/errors.ts";
import { noGradScope, type Tensor } from "../tensor/index.ts";
import { writeFileAtomic } from "./atomic.ts";
import { encodePng, type GridOptions, type PixelBatch, tile } from "./tiles.ts";

/**
 * The bytes of images in [-1, 1]: round((x + 1) * 127.5), clamped; the inverse of x / 127.5 - 1. NaN becomes 0.
 *
 * @param images float tensor [N, C, H, W], on any device, in any memory format
 */
export function quantise(images: Tensor): PixelBatch {
  if (images.ndim !== 4) {
    throw new UserError(`images must have shape [N, C, H, W]; these have [${images.shape.join(", ")}]`);
  }
  const [count, channels, height, width] = images.shape as [number, number, number, number];
  const values = noGradScope(
    () => images.detach().to({ dtype: "float32", device: "cpu" }).contiguous().toArray() as Float32Array,
  );
  // The clamped array rounds to nearest (halves to even), clamps, and maps NaN to 0.
  const pixels = new Uint8ClampedArray(values.length);
  for (let i = 0; i < values.length; i++) pixels[i] = (values[i]! + 1) * 127.5;
  return { pixels: new Uint8Array(pixels.buffer), count, channels, height, width };
}

/**
 * Writes images in [-1, 1] as one PNG, atomically. The tensor is read before the first `await`, so the caller may free it
 * as soon as the call has returned its promise.
 *
 * @param images float tensor [N, C, H, W]; {@link tile} says which channels are shown
 * @returns the size of the grid in pixels
 *
 * @throws UserError when the shape does not fit or the file cannot be written.
 *
 * @example
 * await writePngGrid("runs/a/samples/000500.png", generator.forward(noise), { columns: 8 });
 */
export async function writePngGrid(
  path: string,
  images: Tensor,
  options: GridOptions = {},
): Promise<{ width: number; height: number }> {
  const grid = tile(quantise(images), options);
  writeFileAtomic(path, [await encodePng(grid)]);
  return { width: grid.width, height: grid.height };
}
