/** `import ... from "gantry/metrics"`: scores of images, their formulas and protocols, feature networks, classifiers. */

// Score a set of images.
export { type Evaluation, evaluate, type FakeImages } from "../metrics/index.ts";

// The scores.
export * from "../metrics/scores/index.ts";

// A metric of your own.
export {
  type Classified,
  defineMetric,
  type Measured,
  type Metric,
  type MetricContext,
  type MetricDefinition,
  type MetricDescriptor,
  type MetricInput,
  type MetricNeeds,
  type Part,
  type Sample,
} from "../metrics/index.ts";

// The formulas alone, on features as tensors: `formulas.frechetDistance(a, b)`.
export { formulas, type Gaussian } from "../metrics/index.ts";

// Images to score: a folder or zip, an .npz file, a dataset, a generator.
export {
  datasetImages,
  type FolderOptions,
  folderImages,
  type ImageSet,
  npzImages,
} from "../metrics/index.ts";
export { type DrawingOptions, generatedImages } from "../training/index.ts";

// Feature networks, and the features of a set of images.
export {
  type CollectOptions,
  type CollectProgress,
  classifierNames,
  collect,
  type FeatureNetwork,
  type Features,
  featureNames,
  openClassifier,
  openFeatures,
} from "../metrics/index.ts";
export { InceptionV3 } from "../models/index.ts";

// Protocols: what must agree before two scores can be compared.
export {
  type Difference,
  type Drawing,
  differences,
  isBetter,
  overSeeds,
  type Preset,
  type Protocol,
  preset,
  presets,
  type RealSide,
  requireSameProtocol,
  type Score,
  scoreName,
} from "../metrics/index.ts";

// Classifiers whose features scores can use: trained, written and read.
export {
  type Classification,
  Classifier,
  type ClassifierInfo,
  type ClassifierOptions,
  readClassifier,
  writeClassifier,
} from "../models/index.ts";
export {
  type ClassifierSetup,
  type ClassifierTraining,
  classifierSetup,
  type TrainedClassifier,
  trainClassifier,
} from "../training/index.ts";
