/** The cutout of adaptive discriminator augmentation (Karras et al. 2020, "... with Limited Data", appendix B, figure 5). */
import { type Generator, Tensor } from "../../tensor/index.ts";
import { uniformRows } from "./images.ts";

/** The side of the hole as a fraction of the image's sides. */
const SIDE = 0.5;

/** The centre of an image's hole as fractions of width and height, from 0 to 1; null for no hole. */
export type Hole = readonly [right: number, down: number] | null;

/** Draws for `count` images: with probability `p` a hole whose centre is anywhere in the image. */
export function drawHoles(count: number, p: number, random: Generator): Hole[] {
  return uniformRows(count, 3, random).map(([u, right, down]) => (u! < p ? [right!, down!] : null));
}

/**
 * Each image of [B, C, H, W] with the pixels set to 0 whose centres lie less than a quarter of the side from the centre of its
 * hole, along both axes.
 */
export function cutHoles(images: Tensor, holes: readonly Hole[]): Tensor {
  const [batch, , height, width] = images.shape as [number, number, number, number];
  const inside = (axis: 0 | 1, length: number, shape: readonly number[]): Tensor => {
    const values = holes.flatMap((hole) =>
      Array.from({ length }, (_, at) =>
        hole !== null && Math.abs((at + 0.5) / length - hole[axis]) < SIDE / 2 ? 1 : 0,
      ),
    );
    return Tensor.fromArray(values, shape, { dtype: images.dtype }).to({ device: images.device });
  };
  const inHole = inside(1, height, [batch, 1, height, 1]).mul(inside(0, width, [batch, 1, 1, width]));
  return images.mul(inHole.rsub(1));
}
