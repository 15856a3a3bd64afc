/** Scores: pure formulas on features and logits, one a file. */
export { classifierNames, classifierPath, openClassifier } from "./classifier.ts";
export { type CollectOptions, type CollectProgress, collect, disposeSample } from "./collect.ts";
export { type DensityCoverage, type DensityCoverageOptions, densityCoverage } from "./density-coverage.ts";
export { BYTES, type Evaluation, evaluate, type Judged, QUANTISER } from "./evaluate.ts";
export type { FeatureNetwork, Features, OpenFeatureNetwork } from "./feature-network.ts";
export { type FidInfinity, type FidInfinityOptions, fidInfinity } from "./fid-infinity.ts";
export { type FolderOptions, folderImages } from "./folder-images.ts";
export { type FactoredGaussian, factored, frechetDistance, frechetToFactored } from "./frechet-distance.ts";
export { datasetImages, hashOf, type ImageSet } from "./image-set.ts";
export { type InceptionScoreOptions, inceptionScore } from "./inception-score.ts";
export {
  type KernelDistanceOptions,
  kernelDistance,
  kernelDistanceOfSubsets,
  type SubsetPair,
} from "./kernel-distance.ts";
export type { Measured, Metric, MetricDescriptor, Part, Sample } from "./metric.ts";
export { type ModeCoverage, type ModeCoverageOptions, modeCoverage } from "./mode-coverage.ts";
export { type Gaussian, gaussianOf, Moments } from "./moments.ts";
export {
  type Memorisation,
  type MemorisationOptions,
  memorisation,
  type Neighbours,
  nearestNeighbours,
} from "./nearest-neighbours.ts";
export { npzImages } from "./npz-images.ts";
export { featureNames, openFeatures } from "./open-features.ts";
export { type PrecisionRecall, type PrecisionRecallOptions, precisionRecall } from "./precision-recall.ts";
export { type Preset, preset, presets } from "./presets.ts";
export {
  type Difference,
  type Drawing,
  differences,
  type Protocol,
  type RealSide,
  requireSameProtocol,
} from "./protocol.ts";
export { isBetter, overSeeds, type Score, scoreName, scoreSchema } from "./score.ts";
export type { Spread } from "./spread.ts";
