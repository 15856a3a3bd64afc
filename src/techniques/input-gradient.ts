/** The gradient of D with respect to its input, of which gradient penalties are made. */
import { drawFor, enableGrad, type Generator, grad, type Tensor } from "../tensor/index.ts";
import type { DiscriminatorPass } from "./technique.ts";

/** |g|^2 of each sample's gradient g, [B]. */
export function squaredNorms(gradients: Tensor): Tensor {
  return gradients.square().flatten(1).sum(1);
}

/**
 * |dD(x)/dx|^2 of each sample, [B], differentiable with respect to D's weights: at images that D's main pass does not
 * see, in a pass of their own.
 *
 * It means each sample's own gradient. D with batch norm couples samples; Gulrajani et al. (section 4) advise against it.
 */
export function squaredGradientNorms(
  pass: Pick<DiscriminatorPass, "discriminate"> & Partial<Pick<DiscriminatorPass, "lossScale">>,
  images: Tensor,
  labels: Tensor | undefined,
): Tensor {
  return enableGrad(() => {
    const x = images.detach().requiresGrad_(true);
    const { score } = pass.discriminate(x, labels);
    const { lossScale = 1 } = pass;
    const [gradient] = grad(lossScale === 1 ? score.sum() : score.sum().mul(lossScale), [x], { createGraph: true });
    return squaredNorms(lossScale === 1 ? gradient : gradient.div(lossScale));
  });
}

/** mean((|dD/dx| - target)^2). The small constant keeps the root's derivative finite at 0. */
export function normPenalty(squaredNorms: Tensor, target: number): Tensor {
  return squaredNorms.add(1e-12).sqrt().sub(target).square().mean();
}

/** One number of U(0, 1) for each sample, [B, 1, ...], on the images' device and in their dtype. */
export function uniformPerSample(images: Tensor, generator: Generator): Tensor {
  const shape = images.shape.map((size, axis) => (axis === 0 ? size : 1));
  return drawFor(images.device, { of: "uniform", shape }, generator).to({ dtype: images.dtype });
}
