/**
 * Affine maps of images without aliasing, as in adaptive discriminator augmentation (Karras et al. 2020, appendix B): reflect at
 * the edges, double the resolution, interpolate bilinearly, halve the resolution.
 *
 * Doubling and halving use the low-pass filter of the wavelet sym6. It is orthogonal to its own even shifts, so halving after
 * doubling is the identity: a map that moves by whole pixels is exact up to rounding.
 */
import { Tensor } from "../../tensor/index.ts";
import { type Affine, compose, scaling, translation } from "./affine.ts";
import type { ImageForm } from "./images.ts";
import { reflected } from "./shift.ts";

/** Daubechies's least asymmetric wavelet with six vanishing moments: its scaling filter, of length 1. */
const SYM6 = [
  0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
  0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
  0.0017677118642428036, -0.007800708325034148,
];
/** With sum 1. */
const FILTER = SYM6.map((value) => value / Math.SQRT2);
/** Reach of the filter in pixels on each side. */
const REACH = 3;

/** One axis of `side` pixels, reflected by `before` and `after` pixels at its ends, at double resolution. */
function doubling(side: number, before: number, after: number): Float64Array {
  const doubled = 2 * (side + before + after);
  const values = new Float64Array(side * doubled);
  for (let padded = 0; padded < side + before + after; padded++) {
    const row = reflected(padded - before, side) * doubled;
    for (const [tap, weight] of FILTER.entries()) {
      const at = 2 * padded + tap - 5;
      // The gain of 2 makes up for the zeros that are inserted between pixels.
      if (at >= 0 && at < doubled) values[row + at]! += 2 * weight;
    }
  }
  return values;
}

/** `side` pixels and REACH more at each end, at double resolution. */
const doubledSide = (side: number): number => 2 * (side + 2 * REACH);

/** From there back to the pixels. */
function halving(side: number): Float64Array {
  const values = new Float64Array(doubledSide(side) * side);
  for (let pixel = 0; pixel < side; pixel++) {
    for (const [tap, weight] of FILTER.entries()) values[(2 * pixel + tap + 1) * side + pixel] = weight;
  }
  return values;
}

/** Pixels needed outside each edge [left, right, top, bottom], at most as many as can be reflected. */
function margins(
  inverses: readonly Affine[],
  sides: readonly [width: number, height: number],
): [number, number, number, number] {
  const halves = sides.map((side) => (side - 1) / 2) as [number, number];
  const [across, along] = halves;
  const corners = [-across, across].flatMap((x) => [-along, along].map((y) => [x, y] as const));
  const places = inverses.flatMap(([a, b, c, d, e, f]) =>
    corners.map(([x, y]) => [a * x + b * y + c, d * x + e * y + f] as const),
  );
  const beyond = (axis: 0 | 1, sign: 1 | -1): number => {
    const farthest = places.reduce((most, place) => Math.max(most, sign * place[axis]), -Infinity);
    return Math.ceil(Math.min(Math.max(farthest + 2 * REACH - halves[axis], 0), sides[axis] - 1));
  };
  return [beyond(0, -1), beyond(0, 1), beyond(1, -1), beyond(1, 1)];
}

/** Matrices of a {@link warp}. */
export type WarpMatrices = {
  /** Reflection and doubling of columns and rows: [H, 2 height] and [W, 2 width]. */
  readonly doubleRows: Tensor;
  readonly doubleColumns: Tensor;
  /** From places of the doubled result to places of the doubled image, [B, 2, 3], in the units of a grid. */
  readonly maps: Tensor;
  /** Halving: [doubled rows, H] and [doubled columns, W]. */
  readonly halveRows: Tensor;
  readonly halveColumns: Tensor;
};

/**
 * The matrices for images [B, C, H, W], on the CPU: `inverses[b]` takes places of the result b to places of the image b, in pixels
 * about the centre, x to the right and y down.
 */
export function warpMatrices(inverses: readonly Affine[], { shape, dtype }: ImageForm): WarpMatrices {
  const [batch, , rows, columns] = shape;
  const tensor = (values: Float64Array, form: readonly number[]): Tensor =>
    Tensor.fromArray(values, form).to({ dtype });

  const [left, right, top, bottom] = margins(inverses, [columns, rows]);
  const [width, height] = [columns + left + right, rows + top + bottom];
  // Places in units of doubled pixels about the centre. A pixel's centre is half a doubled pixel off twice its place, because the
  // filter's centre is: that of sym6 is its sixth tap, not the middle of its twelve.
  const maps = inverses.flatMap((inverse) => {
    const padded = compose(translation((left - right) / 2, (top - bottom) / 2), inverse);
    const [a, b, c, d, e, f] = [
      translation(-0.5, -0.5),
      scaling(2, 2),
      padded,
      scaling(0.5, 0.5),
      translation(0.5, 0.5),
    ].reduce(compose);
    // From edge to edge is 2 in the units of a grid, and 2 * width doubled pixels.
    return [a / width, b / width, c / width, d / height, e / height, f / height];
  });
  return {
    doubleRows: tensor(doubling(rows, top, bottom), [rows, 2 * height]),
    doubleColumns: tensor(doubling(columns, left, right), [columns, 2 * width]),
    maps: tensor(Float64Array.from(maps), [batch, 2, 3]),
    halveRows: tensor(halving(rows), [doubledSide(rows), rows]),
    halveColumns: tensor(halving(columns), [doubledSide(columns), columns]),
  };
}

/** Images [B, C, H, W] transformed. Differentiable once with respect to the images. */
export function warp(images: Tensor, matrices: WarpMatrices): Tensor {
  const [batch, , rows, columns] = images.shape as [number, number, number, number];
  const { device, dtype } = images;
  const doubled = images.transpose(2, 3).matmul(matrices.doubleRows).transpose(2, 3).matmul(matrices.doubleColumns);

  const [down, across] = [doubledSide(rows), doubledSide(columns)];
  const axis = (places: number): Tensor => Tensor.arange(0, places, 1, { dtype, device }).sub((places - 1) / 2);
  const plane = [down, across];
  const base = Tensor.stack(
    [
      axis(across).view([1, -1]).expand(plane),
      axis(down).view([-1, 1]).expand(plane),
      Tensor.ones(plane, { dtype, device }),
    ],
    2,
  ).view([1, down * across, 3]);
  const grid = base.expand([batch, -1, -1]).bmm(matrices.maps.transpose(1, 2)).view([batch, down, across, 2]);
  return doubled
    .gridSample(grid)
    .matmul(matrices.halveColumns)
    .transpose(2, 3)
    .matmul(matrices.halveRows)
    .transpose(2, 3)
    .contiguous();
}
