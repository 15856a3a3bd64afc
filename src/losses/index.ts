/** Objectives of the game, one a file. */
export { crossEntropy } from "./cross-entropy.ts";
export { hinge } from "./hinge.ts";
export { leastSquares } from "./least-squares.ts";
export { defineLoss, type Loss, type LossTargets, refuseTargets } from "./loss.ts";
export { minimax } from "./minimax.ts";
export { nonSaturating } from "./non-saturating.ts";
export { clipWeights, wasserstein } from "./wasserstein.ts";
