/** `import ... from "gantry/nn"`: modules, layers, normalisations, initialisers, and the shipped networks as classes. */

// Modules.
export {
  type BuildContext,
  createTensor,
  Module,
  ModuleList,
  type Placement,
  Sequential,
  UnaryModule,
} from "../nn/index.ts";

// Layers with weights.
export {
  Conv2d,
  type ConvOptions,
  ConvTranspose2d,
  type ConvTransposeOptions,
  Embedding,
  Linear,
  type LinearOptions,
  SelfAttention,
  type SelfAttentionOptions,
  WeightedModule,
} from "../nn/index.ts";

// Activations.
export { Identity, type InPlaceOptions, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh } from "../nn/index.ts";

// Shapes and sizes.
export {
  AdaptiveAvgPool2d,
  AvgPool2d,
  Flatten,
  GlobalSumPool2d,
  MaxPool2d,
  type PoolOptions,
  Upsample,
  View,
} from "../nn/index.ts";

// Noise.
export { Dropout, GaussianNoise } from "../nn/index.ts";

// Normalisations of activations.
export {
  BatchNorm1d,
  BatchNorm2d,
  type BatchNormOptions,
  ConditionalBatchNorm2d,
  CrossReplicaBatchNorm,
  LayerNorm,
  type LayerNormOptions,
  VirtualBatchNorm,
  type VirtualBatchNormOptions,
} from "../nn/index.ts";

// How a pass runs: whether it updates batch norm's statistics, for example; and statistics collected for other weights.
export { frozenStatistics, type PassMode, passMode, StandingStatistics, withPassMode } from "../nn/index.ts";

// Normalisations of weights.
export {
  type Reparametrisation,
  type SpectralNormOptions,
  spectralNorm,
  type WeightNormOptions,
  weightNorm,
} from "../nn/index.ts";

// Layers that compare the samples of a batch.
export {
  MinibatchDiscrimination,
  type MinibatchDiscriminationOptions,
  MinibatchStandardDeviation,
} from "../nn/index.ts";

// Residual blocks of SNGAN, SAGAN, BigGAN and BigGAN-deep.
export {
  type ConditionedModule,
  DiscriminatorBlock,
  type DiscriminatorBlockOptions,
  DiscriminatorBottleneck,
  type DiscriminatorBottleneckOptions,
  GeneratorBlock,
  type GeneratorBlockOptions,
  GeneratorBottleneck,
  type GeneratorBottleneckOptions,
} from "../nn/index.ts";

// Initial weights (torch.nn.init).
export {
  defaultBias,
  defaultWeight,
  fans,
  gainOf,
  type Initialiser,
  type InitialiserName,
  initialiserOf,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  type Nonlinearity,
  normal,
  ones,
  orthogonal,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "../nn/index.ts";

// The shipped networks, for loops and trainers of your own.
export {
  AllCnnDiscriminator,
  type AllCnnDiscriminatorOptions,
  AllCnnGenerator,
  type AllCnnGeneratorOptions,
  BigganDeepGenerator,
  type BigganDeepGeneratorOptions,
  type BigganDiscriminatorOptions,
  BigganGenerator,
  type BigganGeneratorOptions,
  Classifier,
  type ClassifierOptions,
  DcganDiscriminator,
  type DcganDiscriminatorOptions,
  DcganGenerator,
  type DcganGeneratorOptions,
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  GeneratorNetwork,
  Head,
  type HeadOptions,
  InceptionV3,
  MlpDiscriminator,
  type MlpDiscriminatorOptions,
  MlpGenerator,
  type MlpGeneratorOptions,
  type ModelContext,
  NoisyMlpDiscriminator,
  type NoisyMlpDiscriminatorOptions,
  NoisyMlpGenerator,
  type NoisyMlpGeneratorOptions,
  ResidualDiscriminator,
  type ResidualDiscriminatorOptions,
  type ResnetDiscriminatorOptions,
  ResnetGenerator,
  type ResnetGeneratorOptions,
} from "../models/index.ts";
