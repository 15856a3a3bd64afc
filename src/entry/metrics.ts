/**
 * `import ... from "gantry/metrics"`: scores of images, their formulas and protocols, feature networks, classifiers.
 *
 * @module gantry/metrics
 */

// Score a set of images.
export { type Evaluation, evaluate, type FakeImages } from "../metrics/index.ts";

// The scores.
export * from "../metrics/scores/index.ts";

// A metric of your own.
export { defineMetric } from "../metrics/index.ts";
export type { Classified, Measured, Metric, MetricContext, MetricDefinition } from "../metrics/index.ts";
export type { MetricDescriptor, MetricInput, MetricNeeds, Part, Sample } from "../metrics/index.ts";

// The formulas alone, on features as tensors: `formulas.frechetDistance(a, b)`.
export { formulas, type Gaussian } from "../metrics/index.ts";

// Images to score: a folder or zip, an .npz file, a dataset, a generator.
export { datasetImages, type FolderOptions, folderImages, type ImageSet, npzImages } from "../metrics/index.ts";
export { type DrawingOptions, generatedImages } from "../training/index.ts";

// Feature networks, and the features of a set of images.
export { classifierNames, collect, featureNames, openClassifier, openFeatures } from "../metrics/index.ts";
export type { CollectOptions, CollectProgress, FeatureNetwork, Features } from "../metrics/index.ts";
export { InceptionV3 } from "../models/index.ts";

// Protocols: what must agree before two scores can be compared.
export { differences, isBetter, overSeeds, preset, presets, requireSameProtocol, scoreName } from "../metrics/index.ts";
export type { Difference, Drawing, Preset, Protocol, RealSide, Score } from "../metrics/index.ts";

// Classifiers whose features scores can use: trained, written and read.
export { Classifier, readClassifier, writeClassifier } from "../models/index.ts";
export type { Classification, ClassifierInfo, ClassifierOptions } from "../models/index.ts";
export { classifierSetup, trainClassifier } from "../training/index.ts";
export type { ClassifierSetup, ClassifierTraining, TrainedClassifier } from "../training/index.ts";
