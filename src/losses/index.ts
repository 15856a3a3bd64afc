/** Objectives of the two players. */

export { crossEntropy } from "./cross-entropy.ts";
export { defineLoss, type Loss, type LossTargets, refuseTargets } from "./loss.ts";
export * from "./registry.ts";
export { clipWeights } from "./wasserstein.ts";
