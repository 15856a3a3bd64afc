/** Scores: features, formulas on them, and the protocols that make numbers comparable. */

export { type CollectOptions, type CollectProgress, collect, disposeSample } from "./collect.ts";
export { costText } from "./cost.ts";
export { evaluate } from "./evaluate.ts";
export { BYTES, type Evaluation, type EvaluationCost, type FakeImages, isStatistics, QUANTISER } from "./evaluation.ts";
export { classifierNames, classifierPath, openClassifier } from "./features/classifier.ts";
export { importDinov2 } from "./features/dinov2-file.ts";
export type { FeatureNetwork, Features } from "./features/feature-network.ts";
export { importInception, inceptionFile, inceptionPath, presentInception } from "./features/inception-file.ts";
export { featureNames, openFeatures } from "./features/open-features.ts";
export * as formulas from "./formulas/index.ts";
export { mixtureScores, nearestModes, wilsonInterval } from "./formulas/index.ts";
export { type MineOptions, mine } from "./formulas/mine.ts";
export type { Gaussian } from "./formulas/moments.ts";
export { type FolderOptions, folderImages } from "./images/folder-images.ts";
export { datasetImages, hashOf, type ImageSet, requireSeen, resizerFor } from "./images/image-set.ts";
export { npzImages } from "./images/npz-images.ts";
export {
  type Better,
  type Classified,
  defineMetric,
  imageMetricKinds,
  type Measured,
  type Metric,
  type MetricContext,
  type MetricDefinition,
  type MetricDescriptor,
  type MetricInput,
  type MetricNeeds,
  metricDescription,
  needsFeatures,
  type Part,
  type Sample,
} from "./metric.ts";
export { type Preset, preset, presets } from "./presets.ts";
export {
  type Difference,
  type Drawing,
  differences,
  type Protocol,
  type RealSide,
  requireSameProtocol,
} from "./protocol.ts";
export { requireEnough } from "./requirements.ts";
export { isBetter, overSeeds, type Score, scoreName, scoreSchema, scoresOf } from "./score.ts";
export * from "./scores/index.ts";
export {
  isStatisticsFile,
  readStatistics,
  type StatisticsFile,
  type StatisticsOrigin,
  statisticsHash,
  writeStatistics,
} from "./statistics-file.ts";
export { type Verdict, verdictOf } from "./verdict.ts";
