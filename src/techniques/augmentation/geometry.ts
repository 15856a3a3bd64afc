/**
 * The pixel blitting and geometric transformations of adaptive discriminator augmentation (Karras et al. 2020, appendix B): the
 * draws for an image, as one affine map.
 */
import { type ImageSize, sidesOf } from "../../base/image-size.ts";
import type { Generator } from "../../tensor/index.ts";
import { type Affine, compose, rotation, scaling, translation } from "./affine.ts";
import { normalRows, uniformRows } from "./images.ts";

/** The transformations of one image, in this order. Angles in radians, lengths in pixels, y downwards, about the centre. */
export interface Geometry {
  /** Left and right exchanged. */
  readonly mirrored: boolean;
  /** 0 to 3. */
  readonly quarterTurns: number;
  /** Whole pixels. */
  readonly shift: readonly [right: number, down: number];
  /** Larger than 1 enlarges. */
  readonly scale: number;
  /** Before the stretch. */
  readonly turn: number;
  /** Widths times this, heights divided by it. */
  readonly stretch: number;
  /** After the stretch. */
  readonly secondTurn: number;
  /** Any fraction of a pixel. */
  readonly drift: readonly [right: number, down: number];
}

/** Whether it is the identity. */
export function isStill({ mirrored, quarterTurns, shift, scale, turn, stretch, secondTurn, drift }: Geometry): boolean {
  const moves = [quarterTurns, ...shift, turn, secondTurn, ...drift];
  return !mirrored && scale === 1 && stretch === 1 && moves.every((move) => move === 0);
}

/** Exact, unlike a rotation by Math.PI / 2. */
const QUARTERS: readonly Affine[] = [
  [1, 0, 0, 0, 1, 0],
  [0, -1, 0, 1, 0, 0],
  [-1, 0, 0, 0, -1, 0],
  [0, 1, 0, -1, 0, 0],
];

/** The map from places in the transformed image to places in the original, which resampling needs. */
export function inverseOf(geometry: Geometry): Affine {
  const { mirrored, quarterTurns, shift, scale, turn, stretch, secondTurn, drift } = geometry;
  // The inverse of a product is the product of the inverses in reverse order.
  return [
    scaling(mirrored ? -1 : 1, 1),
    QUARTERS[(4 - quarterTurns) % 4]!,
    translation(-shift[0], -shift[1]),
    scaling(1 / scale, 1 / scale),
    rotation(-turn),
    scaling(1 / stretch, stretch),
    rotation(-secondTurn),
    translation(-drift[0], -drift[1]),
  ].reduce(compose);
}

/** The probability of each transformation in the two groups. */
export interface GeometryShares {
  /** Mirror images, quarter turns, whole translations. */
  readonly blit: number;
  /** Scalings, rotations, fractional translations. */
  readonly geometry: number;
}

/**
 * Draws for `count` images of a size, each transformation independently with its group's probability p:
 *
 * - mirror image with probability 1/2; 0 to 3 quarter turns; whole translation U(-1/8, 1/8) of the side along each axis
 * - scale exp2(N(0, 0.2^2)); stretch exp2(N(0, 0.2^2)); rotation U(-pi, pi) before and after the stretch, each with probability
 *   1 - sqrt(1 - p), so that p is the probability of any rotation; fractional translation N(0, (1/8)^2) of the side per axis
 */
export function drawGeometries(
  count: number,
  size: ImageSize,
  { blit, geometry }: GeometryShares,
  random: Generator,
): Geometry[] {
  const { height, width } = sidesOf(size);
  const uniform = uniformRows(count, 14, random);
  const normal = normalRows(count, 4, random);
  const rotating = 1 - Math.sqrt(1 - geometry);
  return uniform.map((u, row): Geometry => {
    const [zScale, zStretch, zRight, zDown] = normal[row] as [number, number, number, number];
    const happens = (column: number, probability: number): boolean => u[column]! < probability;
    const angle = (column: number): number => (2 * u[column]! - 1) * Math.PI;
    return {
      mirrored: happens(0, blit) && u[1]! < 0.5,
      quarterTurns: happens(2, blit) ? Math.floor(4 * u[3]!) : 0,
      shift: happens(4, blit) ? [wholeShift(u[5]!, width), wholeShift(u[6]!, height)] : [0, 0],
      scale: happens(7, geometry) ? 2 ** (0.2 * zScale) : 1,
      turn: happens(8, rotating) ? angle(9) : 0,
      stretch: happens(10, geometry) ? 2 ** (0.2 * zStretch) : 1,
      secondTurn: happens(11, rotating) ? angle(12) : 0,
      drift: happens(13, geometry) ? [(zRight * width) / 8, (zDown * height) / 8] : [0, 0],
    };
  });
}

/** U(-1/8, 1/8) of the side, rounded to whole pixels. */
function wholeShift(u: number, side: number): number {
  return Math.round(((2 * u - 1) * side) / 8);
}
