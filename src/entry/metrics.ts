/** `import ... from "gantry/metrics"`: scores of images, their formulas and protocols, feature networks, classifiers. */

// Score a set of images, or any features.
// The scores.
// The formulas alone, on features as tensors: `formulas.frechetDistance(a, b)`.
// Images to score: a folder or zip, an .npz file, a dataset, a generator.
// Feature networks.
// Protocols: what has to agree before two scores can be compared.
export {
  type Classified,
  type CollectOptions,
  type CollectProgress,
  classifierNames,
  collect,
  type Difference,
  type Drawing,
  datasetImages,
  defineMetric,
  densityCoverage,
  differences,
  type Evaluation,
  evaluate,
  type FeatureNetwork,
  type Features,
  type FolderOptions,
  featureNames,
  fid,
  fidInfinity,
  folderImages,
  formulas,
  type Gaussian,
  type ImageSet,
  inceptionScore,
  isBetter,
  kid,
  type Measured,
  type Metric,
  type MetricContext,
  type MetricDescriptor,
  memorisation,
  mixture,
  modes,
  npzImages,
  openClassifier,
  openFeatures,
  overSeeds,
  type Part,
  type Preset,
  type Protocol,
  precisionRecall,
  preset,
  presets,
  type RealSide,
  requireSameProtocol,
  type Sample,
  type Score,
  scoreName,
  testError,
} from "../metrics/index.ts";
// Classifiers whose features scores can use: trained, measured, written and read.
export {
  type Classification,
  Classifier,
  type ClassifierInfo,
  type ClassifierOptions,
  InceptionV3,
  readClassifier,
  writeClassifier,
} from "../models/index.ts";
export {
  type ClassifierSetup,
  type ClassifierTraining,
  classifierSetup,
  type DrawingOptions,
  generatedImages,
  type TrainedClassifier,
  trainClassifier,
} from "../training/index.ts";
