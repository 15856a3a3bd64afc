/** Maximum mean discrepancy between two samples (Gretton et al. 2012, "A Kernel Two-Sample Test"). */
import { noGrad, Tensor } from "../tensor/index.ts";

/** Lower bound of the median of squared distances, which would be 0 for equal samples, and is a divisor. */
const SMALLEST = 1e-12;

/**
 * The biased estimate of
 *
 *     MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)      (equation 5: all pairs, each point with itself as well)
 *     k(a, b) = mean over s of exp(-|a - b|^2 / (2 (s median)^2))
 *
 * The kernel is a mean of Gaussians. Their widths are `bandwidths` times the median distance between two points of both samples
 * together (section 8), which is a constant to the gradient. So scaling both samples changes nothing, and the value is in
 * [0, 2]; it is defined for a single point.
 *
 * @param x - [N, F]
 * @param y - [M, F]
 * @returns a number, differentiable with respect to both
 *
 * @example
 * squaredDiscrepancy(real, fake, [0.25, 0.5, 1, 2, 4]);
 */
export function squaredDiscrepancy(x: Tensor, y: Tensor, bandwidths: readonly number[]): Tensor {
  const both = Tensor.cat([x, y]);
  // The kernel depends on differences only; near the origin they survive float32.
  const points = both.sub(noGrad(() => both.mean([0])));
  const lengths = points.square().sum([1]);
  const products = points.matmul(points.transpose(0, 1));
  const distances = lengths.unsqueeze(0).add(lengths.unsqueeze(1)).sub(products.mul(2)).clampMin(0);
  const scaled = distances.div(noGrad(() => medianOf(distances)));
  const kernel = bandwidths
    .map((s) => scaled.mul(-1 / (2 * s * s)).exp())
    .reduce((sum, part) => sum.add(part))
    .div(bandwidths.length);
  const n = x.shape[0]!;
  const m = y.shape[0]!;
  const between = (row: number, rows: number, column: number, columns: number): Tensor =>
    kernel.narrow(0, row, rows).narrow(1, column, columns).mean();
  return between(0, n, 0, n)
    .add(between(n, m, n, m))
    .sub(between(0, n, n, m).mul(2));
}

/** The lower median of the squared distances between different points, from the matrix of all. */
function medianOf(distances: Tensor): Tensor {
  const size = distances.shape[0]!;
  const pairs = (size * (size - 1)) / 2;
  // Sorted, the matrix holds a zero for each point with itself, then every pair twice.
  const [sorted] = distances.flatten().sort();
  return sorted.select(0, size + 2 * Math.floor((pairs - 1) / 2)).clampMin(SMALLEST);
}
