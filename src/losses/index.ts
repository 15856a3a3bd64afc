/** Losses: the objectives of G and D. */

export { crossEntropy } from "./cross-entropy.ts";
export { defineLoss, type Loss, type LossTargets, refuseTargets } from "./loss.ts";
export * from "./registry.ts";
export { clipWeights } from "./wasserstein.ts";
