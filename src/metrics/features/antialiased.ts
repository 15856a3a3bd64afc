/**
 * Resampling that averages where it reduces: the triangle and the cubic filter of Pillow's resize.
 *
 * A filter that only ever looks at the nearest pixels aliases, and Parmar et al. 2022 (arXiv 2104.11222) show that this
 * alone moves FID by several points.
 */
import { Tensor } from "../../tensor/index.ts";

/** A filter: its weights, and beyond which distance they are 0. */
interface Filter {
  readonly reach: number;
  weight(distance: number): number;
}

/** Keys' cubic with a = -1/2 (Keys 1981), which is Pillow's. */
const A = -0.5;

const filters = {
  /** 1 - t. */
  triangle: { reach: 1, weight: (t) => Math.max(0, 1 - t) },
  cubic: {
    reach: 2,
    weight: (t) => (t < 1 ? ((A + 2) * t - (A + 3)) * t * t + 1 : t < 2 ? (((t - 5) * t + 8) * t - 4) * A : 0),
  },
} satisfies Record<string, Filter>;

/** How images are resampled. */
export interface ResizeOptions {
  /** Default "triangle". */
  readonly filter?: keyof typeof filters;
  /** Whether each pass rounds to bytes, as Pillow does with images of bytes. Default false: as it does with floats. */
  readonly bytes?: boolean;
}

/**
 * Images [N, C, H, W] (float) at the size `height` x `width`, each side on its own, columns first.
 *
 * With s = input size / output size, r = max(s, 1) and the filter w, pixel i of a side is the mean of the input pixels x
 * around c = (i + 1/2) s, weighted by w(|x + 1/2 - c| / r); weights that fall outside the image are left out and the rest
 * scaled to the sum 1. A side that has its size already is left as it is. The cubic filter can leave the range of the
 * pixels.
 *
 * @example
 * resizeAntialiased(photos, 32, 32); // [N, 3, 64, 64] -> [N, 3, 32, 32]
 */
export function resizeAntialiased(
  images: Tensor,
  height: number,
  width: number,
  { filter = "triangle", bytes = false }: ResizeOptions = {},
): Tensor {
  const [, , rows, columns] = images.shape as [number, number, number, number];
  const done = (pass: Tensor): Tensor => (bytes ? pass.add(0.5).floor().clamp(0, 255) : pass);
  let result = images;
  if (columns !== width) result = done(result.matmul(weights(columns, width, images, filter).transpose(0, 1)));
  if (rows !== height) result = done(weights(rows, height, images, filter).matmul(result));
  return result;
}

/** The matrix [to, from] of one side. */
function weights(from: number, to: number, like: Tensor, name: keyof typeof filters): Tensor {
  const filter: Filter = filters[name];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const reach = filter.reach * stretch;
  const matrix = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const row = matrix.subarray(i * from, (i + 1) * from);
    let sum = 0;
    for (let x = Math.max(0, Math.floor(centre - reach)); x < Math.min(from, centre + reach); x++) {
      row[x] = filter.weight(Math.abs(x + 0.5 - centre) / stretch);
      sum += row[x]!;
    }
    for (let x = 0; x < from; x++) row[x]! /= sum;
  }
  return Tensor.fromArray(matrix, [to, from]).to({ dtype: like.dtype, device: like.device });
}
