/** Layers, normalisations and initialisers. */
export { Identity, type InPlaceOptions, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh } from "./activations.ts";
export { BatchNorm, BatchNorm1d, BatchNorm2d, type BatchNormOptions } from "./batch-norm.ts";
export {
  DiscriminatorBottleneck,
  type DiscriminatorBottleneckOptions,
  GeneratorBottleneck,
  type GeneratorBottleneckOptions,
} from "./bottleneck-block.ts";
export { ConditionalBatchNorm2d, classTable, projection } from "./conditional-batch-norm.ts";
export { type BuildContext, createTensor } from "./context.ts";
export { Conv2d, type ConvOptions, ConvTranspose2d, type ConvTransposeOptions } from "./conv.ts";
export { CrossReplicaBatchNorm } from "./cross-replica-batch-norm.ts";
export { Dropout, Dropout2d } from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export { inFloat32 } from "./float32.ts";
export { GaussianNoise } from "./gaussian-noise.ts";
export {
  defaultBias,
  defaultWeight,
  fans,
  filled,
  gainOf,
  INITIALISERS,
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
} from "./init.ts";
export { LayerNorm, type LayerNormOptions } from "./layer-norm.ts";
export { beginnings, type LayerStyle, sameSizeConv, styled } from "./layer-style.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { MinibatchDiscrimination, type MinibatchDiscriminationOptions } from "./minibatch-discrimination.ts";
export { MinibatchStandardDeviation } from "./minibatch-standard-deviation.ts";
export { Module, type Placement, UnaryModule } from "./module.ts";
export { ModuleList } from "./module-list.ts";
export { frozenStatistics, type PassMode, passMode, withPassMode } from "./pass-mode.ts";
export { apartFromReference } from "./reference-rows.ts";
export {
  AdaptiveAvgPool2d,
  AvgPool2d,
  GlobalSumPool2d,
  MaxPool2d,
  type PoolOptions,
  Upsample,
} from "./resample.ts";
export {
  type ConditionedModule,
  DiscriminatorBlock,
  type DiscriminatorBlockOptions,
  GeneratorBlock,
  type GeneratorBlockOptions,
} from "./residual-block.ts";
export { SelfAttention, type SelfAttentionOptions } from "./self-attention.ts";
export { Sequential } from "./sequential.ts";
export { Flatten, View } from "./shape.ts";
export { type SpectralNormOptions, spectralNorm } from "./spectral-norm.ts";
export { StandingStatistics } from "./standing-statistics.ts";
export { VirtualBatchNorm, type VirtualBatchNormOptions } from "./virtual-batch-norm.ts";
export { type WeightNormOptions, weightNorm } from "./weight-norm.ts";
export { type Reparametrisation, WeightedModule } from "./weighted.ts";
