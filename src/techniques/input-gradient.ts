/** The gradient of the critic with respect to its input: what gradient penalties are made of. */
import { enableGrad, grad, type Tensor } from "../tensor/index.ts";
import type { DiscriminatorPass } from "./technique.ts";

/**
 * The squared L2 norms of dD(x)/dx, one a sample [B], differentiable with respect to the critic's weights.
 *
 * Each sample's own gradient is meant: a critic with batch norm couples samples, which Gulrajani et al. (section 4)
 * advise against.
 */
export function squaredGradientNorms(
  pass: Pick<DiscriminatorPass, "discriminate">,
  images: Tensor,
  labels: Tensor | undefined,
): Tensor {
  return enableGrad(() => {
    const x = images.detach().requiresGrad_(true);
    const { score } = pass.discriminate(x, labels);
    const [gradient] = grad(score.sum(), [x], { createGraph: true });
    return gradient.square().flatten(1).sum(1);
  });
}

/** mean((|dD/dx| - target)^2); the small constant keeps the root's derivative finite at 0. */
export function normPenalty(squaredNorms: Tensor, target: number): Tensor {
  return squaredNorms.add(1e-12).sqrt().sub(target).square().mean();
}

/** Numbers a sample for broadcasting over its other dimensions: [B, 1, ...]. */
export function perSample(images: Tensor): number[] {
  return [images.shape[0]!, ...images.shape.slice(1).map(() => 1)];
}
