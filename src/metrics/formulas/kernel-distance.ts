/** The kernel distance, KID on Inception's features (Bińkowski et al. 2018). */
import { UserError } from "../../base/errors.ts";
import { type Generator, noGrad, scope, Tensor } from "../../tensor/index.ts";
import { inDouble, requireRows, requireSameWidth, requireWhole } from "./feature-rows.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Options of {@link kernelDistance}. */
export interface KernelDistanceOptions {
  /** How many pairs of subsets; default 100. */
  readonly subsets?: number;
  /** Samples in a subset; default 1000, at least 2. */
  readonly subsetSize?: number;
  /** Where subsets are drawn from; on the CPU. */
  readonly generator: Generator;
}

/** Rows of both sets that one estimate is made of, int64 vectors. */
export interface SubsetPair {
  readonly a: Tensor;
  readonly b: Tensor;
}

/**
 * The squared maximum mean discrepancy with the kernel k(x, y) = (x . y / D + 1)^3, unbiased:
 *
 *     sum over i != j of (k(a_i, a_j) + k(b_i, b_j)) / (n (n - 1)) - 2 mean over i, j of k(a_i, b_j)
 *
 * on random subsets (without replacement, drawn afresh for each); mean and population standard deviation over them.
 * Unbiased whatever the number of samples, so it may be slightly negative; the standard deviation is that of one
 * subset's estimate, not of the mean. Usually printed times 1000. In float64: the three sums are nearly equal, and
 * their difference is the result.
 *
 * @param a [N, D]
 * @param b [M, D]
 * @throws UserError when either set has fewer samples than a subset, for different dimensions, NaN and infinities.
 *
 * @example
 * const { mean, std } = kernelDistance(real, fake, { generator: new Generator(1) });
 */
export function kernelDistance(
  a: Tensor,
  b: Tensor,
  { subsets = 100, subsetSize = 1000, generator }: KernelDistanceOptions,
): Spread {
  requireWhole(subsets, "subsets", 1);
  requireWhole(subsetSize, "subsetSize", 2);
  requirePair(a, b);
  const least = Math.min(a.shape[0]!, b.shape[0]!);
  if (least < subsetSize)
    throw new UserError(
      `the kernel distance draws subsets of \`subsetSize\` (=${subsetSize}) samples, but one set has only ${least}`,
    );
  const draw = (rows: Tensor): Tensor =>
    Tensor.randperm(rows.shape[0]!, { generator }).narrow(0, 0, subsetSize).to({ device: rows.device });
  return spreadOf(Array.from({ length: subsets }, () => scope(() => estimate(a, b, { a: draw(a), b: draw(b) }))));
}

/**
 * {@link kernelDistance} on given subsets, for comparing with another implementation on the same ones.
 *
 * @param pairs int64 vectors of row numbers, on the devices of a and b; both of a pair of the same length, at least 2.
 *
 * @example
 * const rows = Tensor.arange(0, 100, 1, { dtype: "int64" });
 * kernelDistanceOfSubsets(real, fake, [{ a: rows, b: rows }]);
 */
export function kernelDistanceOfSubsets(a: Tensor, b: Tensor, pairs: readonly SubsetPair[]): Spread {
  requirePair(a, b);
  if (pairs.length === 0) throw new UserError("the kernel distance needs at least one pair of subsets");
  for (const [i, pair] of pairs.entries()) {
    const [sizeA, sizeB] = [pair.a.numel, pair.b.numel];
    if (sizeA !== sizeB || sizeA < 2)
      throw new UserError(
        `pair ${i} of subsets has ${sizeA} and ${sizeB} samples: two equal numbers of at least 2 were expected`,
      );
  }
  return spreadOf(pairs.map((pair) => scope(() => estimate(a, b, pair))));
}

function requirePair(a: Tensor, b: Tensor): void {
  requireRows(a, "the first features", 2);
  requireRows(b, "the second features", 2);
  requireSameWidth(a, b, "the first features", "the second features");
}

function estimate(a: Tensor, b: Tensor, pair: SubsetPair): number {
  return noGrad(() => {
    const x = inDouble(a.indexSelect(0, pair.a));
    const y = inDouble(b.indexSelect(0, pair.b)).to({ device: x.device });
    const n = x.shape[0]!;
    const within = sumOffDiagonal(kernel(x, x)) + sumOffDiagonal(kernel(y, y));
    return within / (n * (n - 1)) - 2 * kernel(x, y).mean().item();
  });
}

function kernel(x: Tensor, y: Tensor): Tensor {
  return x.mm(y.transpose(0, 1)).div_(x.shape[1]!).add_(1).pow(3);
}

function sumOffDiagonal(matrix: Tensor): number {
  return matrix.sum().sub(matrix.diagonal().sum()).item();
}
