/**
 * The discriminator's half of the cross-entropy game (Goodfellow et al. 2014, equation 1), which the minimax and the
 * non-saturating loss share: it classifies, with D(x) = sigmoid(x).
 */
import type { Tensor } from "../tensor/index.ts";
import type { LossTargets } from "./loss.ts";

/**
 * Cross-entropy per sample of real scores against the target t (default 1) and of generated scores against 0.
 *
 * @example
 * const { real, fake } = crossEntropy(scoresOfReal, scoresOfFake, { real: 0.9 });
 */
export function crossEntropy(real: Tensor, fake: Tensor, targets?: LossTargets): { real: Tensor; fake: Tensor } {
  const t = targets?.real ?? 1;
  return {
    // -t log D - (1 - t) log(1 - D) = softplus(x) - t x; t = 1 has its own form, exact where the difference cancels
    real: t === 1 ? real.neg().softplus() : real.softplus().sub(real.mul(t)),
    fake: fake.softplus(), // -log(1 - D)
  };
}
