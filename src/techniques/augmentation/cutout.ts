/** The cutout of adaptive discriminator augmentation (Karras et al. 2020, "... with Limited Data", appendix B, figure 5). */
import { type Generator, Tensor } from "../../tensor/index.ts";
import { type Holes, type ImageForm, uniformRows } from "./images.ts";

/** The side of the hole as a fraction of the image's sides. */
const SIDE = 0.5;

/** The centre of an image's hole as fractions of width and height, from 0 to 1; null for no hole. */
export type Hole = readonly [right: number, down: number] | null;

/** Draws for `count` images: with probability `p` a hole whose centre is anywhere in the image. */
export function drawHoles(count: number, p: number, random: Generator): Hole[] {
  return uniformRows(count, 3, random).map(([u, right, down]) => (u! < p ? [right!, down!] : null));
}

/**
 * Inside of a hole are the pixels whose centres lie less than a quarter of the side from its centre, along both axes. On the CPU.
 */
export function insideOf(holes: readonly Hole[], { shape: [batch, , height, width], dtype }: ImageForm): Holes {
  const inside = (axis: 0 | 1, length: number, shape: readonly number[]): Tensor => {
    const values = holes.flatMap((hole) =>
      Array.from({ length }, (_, at) =>
        hole !== null && Math.abs((at + 0.5) / length - hole[axis]) < SIDE / 2 ? 1 : 0,
      ),
    );
    return Tensor.fromArray(values, shape, { dtype });
  };
  return { holeRows: inside(1, height, [batch, 1, height, 1]), holeColumns: inside(0, width, [batch, 1, 1, width]) };
}
