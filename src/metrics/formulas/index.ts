/** The scores as pure formulas on features and logits, one per file. */
export { type DensityCoverage, type DensityCoverageOptions, densityCoverage } from "./density-coverage.ts";
export { type FidInfinity, type FidInfinityOptions, fidInfinity } from "./fid-infinity.ts";
export { type FactoredGaussian, factored, frechetDistance, frechetToFactored } from "./frechet-distance.ts";
export { type InceptionScoreOptions, inceptionScore } from "./inception-score.ts";
export {
  type KernelDistanceOptions,
  kernelDistance,
  kernelDistanceOfSubsets,
  type SubsetPair,
} from "./kernel-distance.ts";
export { type MineEstimate, type MineLook, type MineOptions, mine } from "./mine.ts";
export { HIGH_QUALITY_SIGMAS, type MixtureScores, mixtureScores, nearestModes } from "./mixture-scores.ts";
export { type ModeCoverage, type ModeCoverageOptions, modeCoverage } from "./mode-coverage.ts";
export { type Gaussian, gaussianOf, Moments } from "./moments.ts";
export {
  type Memorisation,
  type MemorisationOptions,
  memorisation,
  type Neighbours,
  nearestNeighbours,
} from "./nearest-neighbours.ts";
export { type PrecisionRecall, type PrecisionRecallOptions, precisionRecall } from "./precision-recall.ts";
export type { Spread } from "./spread.ts";
export { wilsonInterval } from "./wilson-interval.ts";
