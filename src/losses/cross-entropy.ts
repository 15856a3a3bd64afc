/**
 * The discriminator's half of the cross-entropy game (Goodfellow et al. 2014, equation 1), which the minimax and the
 * non-saturating loss share: it classifies, with D(x) = sigmoid(x).
 */
import type { Tensor } from "../tensor/index.ts";
import type { LossTargets } from "./loss.ts";

/** D(x) of real images should be 1, of generated ones 0. */
export const CROSS_ENTROPY_TARGETS = { real: 1, fake: 0 } as const;

/**
 * Cross-entropy per sample of real scores against their target (default 1) and of generated scores against theirs
 * (default 0).
 *
 * @example
 * const { real, fake } = crossEntropy(scoresOfReal, scoresOfFake, { real: 0.9 });
 */
export function crossEntropy(real: Tensor, fake: Tensor, targets?: LossTargets): { real: Tensor; fake: Tensor } {
  return {
    real: against(real, targets?.real ?? CROSS_ENTROPY_TARGETS.real),
    fake: against(fake, targets?.fake ?? CROSS_ENTROPY_TARGETS.fake),
  };
}

/** -t log D - (1 - t) log(1 - D) */
function against(score: Tensor, t: number | Tensor): Tensor {
  if (t === 0) return score.softplus(); // -log(1 - D)
  // t = 1 has its own form, exact where the difference below cancels.
  if (t === 1) return score.neg().softplus(); // -log D
  return score.softplus().sub(score.mul(t));
}
