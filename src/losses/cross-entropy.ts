/**
 * The cross-entropy of D as a classifier (Goodfellow et al. 2014, equation 1), with D(x) = sigmoid(score), which the minimax and
 * the non-saturating loss share.
 */
import type { Tensor } from "../tensor/index.ts";
import type { Loss, LossTargets } from "./loss.ts";

/** D(x) should be 1 for real images and 0 for generated ones. */
export const CROSS_ENTROPY_TARGETS = { real: 1, fake: 0 } as const;

/**
 * -t log D - (1 - t) log(1 - D) per sample, [B], of real scores with their target t (default 1) and of generated scores with
 * theirs (default 0).
 *
 * @example
 * const { real, fake } = crossEntropy(scoresOfReal, scoresOfFake, { real: 0.9 });
 */
export function crossEntropy(real: Tensor, fake: Tensor, targets?: LossTargets): { real: Tensor; fake: Tensor } {
  return {
    real: withTarget(real, targets?.real ?? CROSS_ENTROPY_TARGETS.real),
    fake: withTarget(fake, targets?.fake ?? CROSS_ENTROPY_TARGETS.fake),
  };
}

function withTarget(score: Tensor, t: number | Tensor): Tensor {
  if (t === 0) return score.softplus(); // -log(1 - D)
  // t = 1 has its own form, exact where the difference below cancels.
  if (t === 1) return score.neg().softplus(); // -log D
  return score.softplus().sub(score.mul(t));
}

/** A loss in which D minimises the cross-entropy. */
export const crossEntropyLoss = (name: string, generator: Loss["generator"]): Loss => ({
  name,
  usualTargets: CROSS_ENTROPY_TARGETS,
  discriminator: crossEntropy,
  generator,
  realness: (score) => score,
  probability: (score) => score.sigmoid(),
});
