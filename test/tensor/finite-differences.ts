/** Gradients by central differences in float64: an oracle that knows nothing of derivatives. */
import { Generator, grad, noGrad, scope, Tensor } from "../../src/tensor/index.ts";

/** A function of tensors. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const STEP = 1e-6;

/** The sum of all results, each element weighted with a number of its own, so that no error cancels. */
function weighted(results: Tensor | readonly Tensor[]): Tensor {
  const list = (Array.isArray(results) ? results : [results]) as Tensor[];
  const generator = new Generator(7);
  return list
    .map((result) => result.mul(Tensor.rand(result.shape, { generator, dtype: "float64" }).add(0.5)).sum())
    .reduce((sum, part) => sum.add(part));
}

/** d scalar(inputs) / d inputs[which], one element at a time. */
function numeric(scalar: () => number, input: Tensor): number[] {
  const flat = noGrad(() => input.detach().view([-1]));
  return Array.from({ length: input.numel }, (_, i) => {
    const element = flat.narrow(0, i, 1);
    const value = element.item();
    element.fill_(value + STEP);
    const above = scalar();
    element.fill_(value - STEP);
    const below = scalar();
    element.fill_(value);
    return (above - below) / (2 * STEP);
  });
}

function largestDifference(analytic: Tensor | null, oracle: readonly number[]): number {
  const values = analytic === null ? oracle.map(() => 0) : Array.from(analytic.contiguous().toArray(), Number);
  return Math.max(0, ...values.map((value, i) => Math.abs(value - oracle[i]!) / Math.max(1, Math.abs(oracle[i]!))));
}

/**
 * The largest error of first-order gradients, and of second-order ones where asked, over all inputs. Inputs are float64
 * leaves, contiguous, and away from kinks.
 */
export function gradientErrors(
  f: Differentiable,
  inputs: readonly Tensor[],
  second = true,
): { first: number; second: number } {
  return scope(() => {
    const leaves = inputs.map((input) => input.detach().clone().requiresGrad_());
    const value = () => weighted(f(...leaves));
    const scalar = () => scope(() => noGrad(() => value().item()));
    const analytic = grad(value(), leaves, { allowUnused: true });
    const first = Math.max(...leaves.map((leaf, i) => largestDifference(analytic[i]!, numeric(scalar, leaf))));
    if (!second) return { first, second: 0 };

    // The gradients themselves as a function of the inputs.
    const slope = () => {
      const gradients = grad(value(), leaves, { createGraph: true, allowUnused: true });
      return weighted(gradients.map((gradient, i) => gradient ?? leaves[i]!.mul(0)));
    };
    const total = slope();
    const curvature = total.requiresGrad ? grad(total, leaves, { allowUnused: true }) : leaves.map(() => null);
    const slopeNumber = () => scope(() => slope().item());
    const secondError = Math.max(
      ...leaves.map((leaf, i) => largestDifference(curvature[i]!, numeric(slopeNumber, leaf))),
    );
    return { first, second: secondError };
  });
}
