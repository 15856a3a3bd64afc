/** Losses: the objectives of G and D. */

export { CROSS_ENTROPY_TARGETS, crossEntropy } from "./cross-entropy.ts";
export { donskerVaradhan, informationObjective, MovingDenominator } from "./donsker-varadhan.ts";
export { defineLoss, type Loss, type LossTargets, refuseTargets } from "./loss.ts";
export * from "./registry.ts";
export { clipWeights } from "./wasserstein.ts";
