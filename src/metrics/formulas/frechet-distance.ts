/**
 * The Fréchet distance between Gaussians (Dowson & Landau 1982), which on Inception's features is the FID
 * (Heusel et al. 2017).
 */
import { UserError } from "../../base/errors.ts";
import { noGradScope, scope, type Tensor } from "../../tensor/index.ts";
import { deviceOfSums } from "./feature-rows.ts";
import type { Gaussian } from "./moments.ts";

const EPSILON = 2 ** -52;
/** The error that squares of singular values may bring, as a share of the traces, before squares are avoided. */
const TOLERANCE = 1e-8;

/**
 * The squared Fréchet distance (squared, as FID is):
 *
 *     |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2))
 *
 * With A = F F^T and B = G G^T the trace of the root is the sum of the singular values of F^T G, which are real and not
 * negative by construction: no square root of an unsymmetric matrix, no imaginary parts.
 *
 * **Singular covariances** (fewer samples than dimensions, constant or dependent features, all zero): the same formula
 * holds and is what is computed. Directions whose variance is below D * 2.2e-16 times the largest are taken as exactly
 * without variance, and nothing is ever added to the diagonals. pytorch-fid adds 1e-6 to both diagonals when its matrix
 * square root is not finite, and otherwise gives the root's round-off; there, its numbers differ from these.
 *
 * Error, where covariances are regular or exactly singular: about 1e-8 of the traces' sum at most, usually below 1e-12
 * of it; each variance between, near the limit above, may add its root times that of the largest. Two equal Gaussians give that much, not
 * exactly 0; a result that round-off makes negative is given as 0. Symmetric in a and b to the same accuracy.
 *
 * @throws UserError when the dimensions differ.
 *
 * @example
 * const fid = frechetDistance(real.result(), fake.result());
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  return scope(() => frechetToFactored(a, factored(b)));
}

/** A Gaussian with a factor F [D, r] of its covariance F F^T, r its rank: for many distances to the same one. */
export interface FactoredGaussian extends Gaussian {
  readonly factor: Tensor;
}

/** Adds a factor; see {@link frechetDistance} for how the rank is found. */
export function factored(gaussian: Gaussian): FactoredGaussian {
  requireGaussian(gaussian);
  return { ...gaussian, factor: noGradScope(() => factorOf(gaussian.covariance)) };
}

/** {@link frechetDistance} to a Gaussian whose factor is known. */
export function frechetToFactored(a: Gaussian, b: FactoredGaussian): number {
  requireGaussian(a);
  const [dimensionsA, dimensionsB] = [a.mean.shape[0]!, b.mean.shape[0]!];
  if (dimensionsA !== dimensionsB)
    throw new UserError(
      `the Fréchet distance needs Gaussians of the same dimensions, got ${dimensionsA} and ${dimensionsB}`,
    );
  return noGradScope(() => {
    const device = deviceOfSums(a.mean.device);
    const [mean, covariance, factor] = [b.mean, b.covariance, b.factor].map((tensor) => tensor.to({ device }));
    const means = a.mean.sub(mean!).square().sum().item();
    const traces = a.covariance.diagonal().sum().item() + covariance!.diagonal().sum().item();
    const product = factorOf(a.covariance).transpose(0, 1).mm(factor!);
    return means + Math.max(0, traces - 2 * sumOfSingularValues(product, traces));
  });
}

function requireGaussian({ mean, covariance }: Gaussian): void {
  const dimensions = mean.shape[0]!;
  const shape = covariance.shape;
  if (mean.ndim !== 1 || shape.length !== 2 || shape[0] !== dimensions || shape[1] !== dimensions)
    throw new UserError(
      `a Gaussian of mean [${mean.shape.join(", ")}] needs a covariance of that size squared, got [${shape.join(", ")}]`,
    );
  if (mean.dtype !== "float64" || covariance.dtype !== "float64")
    throw new UserError(`a Gaussian is kept in float64, got ${mean.dtype} and ${covariance.dtype}`);
  if (!Number.isFinite(mean.sum().item()) || !Number.isFinite(covariance.sum().item()))
    throw new UserError("a Gaussian has values that are NaN or infinite");
}

/** F [D, r] with F F^T = covariance. */
function factorOf(covariance: Tensor): Tensor {
  const dimensions = covariance.shape[0]!;
  // Cholesky's factor takes a twentieth of the time of eigenvectors, but is one only of a matrix of full rank: its
  // pivots are the variances that remain once the earlier features are known.
  const [lower, info] = covariance.linalgCholeskyEx();
  const least = dimensions * EPSILON;
  if (info.item() === 0) {
    const pivots = lower.diagonal().square();
    if (pivots.amin().item() > least * covariance.diagonal().amax().item()) return lower;
  }
  const [values, vectors] = covariance.linalgEigh();
  const rank = values
    .gt(least * Math.max(values.amax().item(), 0))
    .long()
    .sum()
    .item();
  // Eigenvalues ascend: those that count stand last.
  const kept = values.narrow(0, dimensions - rank, rank);
  return vectors.narrow(1, dimensions - rank, rank).mul(kept.sqrt());
}

/** The nuclear norm. */
function sumOfSingularValues(matrix: Tensor, scale: number): number {
  const [rows, columns] = matrix.shape as [number, number];
  if (rows === 0 || columns === 0) return 0;
  // Eigenvalues of the smaller product with itself take a quarter of the time of singular values, but what is small
  // drowns in the squares' round-off d = 16 epsilon |M|^2: a singular value s is off by the lesser of d / 2s and
  // sqrt(d).
  const transposed = matrix.transpose(0, 1);
  const values = (rows < columns ? matrix.mm(transposed) : transposed.mm(matrix)).linalgEigvalsh();
  const largest = values.amax().item();
  if (largest <= 0) return 0;
  const roots = values.clampMin(0).sqrt();
  const noise = 16 * EPSILON * largest;
  const error = roots.mul(2).reciprocal().mul(noise).clamp(0, Math.sqrt(noise)).sum().item();
  if (error <= TOLERANCE * scale) return roots.sum().item();
  return matrix.linalgSvdvals().sum().item();
}
