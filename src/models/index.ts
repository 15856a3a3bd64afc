/** Architectures, and their interfaces for the training step. */

export {
  AllCnnDiscriminator,
  type AllCnnDiscriminatorOptions,
  AllCnnGenerator,
  type AllCnnGeneratorOptions,
} from "./all-cnn.ts";
export {
  type BigganDiscriminatorOptions,
  BigganGenerator,
  type BigganGeneratorOptions,
  bigganDiscriminator,
} from "./biggan.ts";
export { BigganDeepGenerator, type BigganDeepGeneratorOptions, bigganDeepDiscriminator } from "./biggan-deep.ts";
export { type Classification, Classifier, type ClassifierOptions, LEAST_CLASSIFIER_SIZE } from "./classifier.ts";
export {
  type ClassifierInfo,
  classifierName,
  readClassifier,
  roundToFile,
  writeClassifier,
} from "./classifier-file.ts";
export {
  type BatchNormMaker,
  type FeatureStage,
  imageShape,
  insteadOfClasses,
  type ModelContext,
  requireClasses,
  type SampleShape,
  sampleShape,
} from "./context.ts";
export {
  DcganDiscriminator,
  type DcganDiscriminatorOptions,
  DcganGenerator,
  type DcganGeneratorOptions,
} from "./dcgan.ts";
export { VisionTransformer, type VisionTransformerOptions, visionTransformerShape } from "./dinov2.ts";
export { Head, type HeadOptions } from "./head.ts";
export {
  type ImportedGenerator,
  type ImportedNetworks,
  type ImportOptions,
  readNetworks,
  recogniseGenerator,
} from "./imported/index.ts";
export { foldBatchNorms } from "./inception/fold.ts";
export {
  INCEPTION_CLASSES,
  INCEPTION_SIZE,
  type InceptionOptions,
  type InceptionOutput,
  InceptionV3,
} from "./inception/network.ts";
export { labelTensors } from "./label-weights.ts";
export { requireMakeable } from "./makeable.ts";
export { MlpDiscriminator, type MlpDiscriminatorOptions, MlpGenerator, type MlpGeneratorOptions } from "./mlp.ts";
export {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
export {
  NoisyMlpDiscriminator,
  type NoisyMlpDiscriminatorOptions,
  NoisyMlpGenerator,
  type NoisyMlpGeneratorOptions,
} from "./noisy-mlp.ts";
export { batchNorm1d, batchNorm2d } from "./normalisation.ts";
export {
  R3ganDiscriminator,
  type R3ganDiscriminatorOptions,
  R3ganGenerator,
  type R3ganGeneratorOptions,
} from "./r3gan.ts";
export { ReferencedDiscriminator, ReferencedGenerator } from "./reference-batch.ts";
export * from "./registry.ts";
export { ResidualDiscriminator, type ResidualDiscriminatorOptions } from "./residual-network.ts";
export {
  type ResnetDiscriminatorOptions,
  ResnetGenerator,
  type ResnetGeneratorOptions,
  resnetDiscriminator,
} from "./resnet.ts";
export { nextRows, StatisticsNetwork } from "./statistics-network.ts";
