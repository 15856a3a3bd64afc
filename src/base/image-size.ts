/**
 * The size of images: one number for squares, height and width for others.
 *
 * A square is always the number, so that what is stored of square images (recipes, packs, runs) has one form. In texts
 * the height comes first, as in the shapes of tensors, [C, H, W].
 */
import { z } from "zod";

/** Height and width in pixels. */
export interface Sides {
  readonly height: number;
  readonly width: number;
}

/** The side of a square in pixels, or height and width. */
export type ImageSize = number | Sides;

/** Height and width of a size. */
export const sidesOf = (size: ImageSize): Sides => (typeof size === "number" ? { height: size, width: size } : size);

/** The size with these sides. */
export const sizeOf = ({ height, width }: Sides): ImageSize => (height === width ? height : { height, width });

/** Number of pixels. */
export function areaOf(size: ImageSize): number {
  const { height, width } = sidesOf(size);
  return height * width;
}

/** The longer side. */
export function longerSide(size: ImageSize): number {
  const { height, width } = sidesOf(size);
  return Math.max(height, width);
}

/** Whether two sizes are the same. */
export const isSameSize = (a: ImageSize, b: ImageSize): boolean => sizeText(a) === sizeText(b);

/** "64x64", or "64x48" for a height of 64 and a width of 48. */
export function sizeText(size: ImageSize): string {
  const { height, width } = sidesOf(size);
  return `${height}x${width}`;
}

/** "64 x 64", or "64 x 48 (height x width)". */
export function sizeInWords(size: ImageSize): string {
  const { height, width } = sidesOf(size);
  return height === width ? `${height} x ${width}` : `${height} x ${width} (height x width)`;
}

/** Schema of a side from 1 on. */
const side = z.int().min(1);

/** Schema of a stored {@link ImageSize}. */
export const storedSize = z.union([side, z.object({ height: side, width: side })]);
