/**
 * `import ... from "gantry/nn"`: modules, layers, normalisations, initialisers, and the shipped networks as classes.
 *
 * @module gantry/nn
 */

// Modules.
export { createTensor, Module, ModuleList, Sequential, UnaryModule } from "../nn/index.ts";
export type { BuildContext, Placement } from "../nn/index.ts";

// Layers with weights.
export { Conv2d, ConvTranspose2d, Embedding, Linear, SelfAttention, WeightedModule } from "../nn/index.ts";
export type { ConvOptions, ConvTransposeOptions, LinearOptions, SelfAttentionOptions } from "../nn/index.ts";

// Activations.
export { Identity, type InPlaceOptions, LeakyReLU, ReLU, Sigmoid, Softplus, Tanh } from "../nn/index.ts";

// Shapes and sizes.
export { AdaptiveAvgPool2d, AvgPool2d, Flatten, GlobalSumPool2d, MaxPool2d, Upsample, View } from "../nn/index.ts";
export type { PoolOptions } from "../nn/index.ts";

// Noise.
export { Dropout, Dropout2d, GaussianNoise } from "../nn/index.ts";

// Normalisations of activations.
export { BatchNorm1d, BatchNorm2d, ConditionalBatchNorm2d, CrossReplicaBatchNorm, LayerNorm } from "../nn/index.ts";
export { VirtualBatchNorm } from "../nn/index.ts";
export type { BatchNormOptions, LayerNormOptions, VirtualBatchNormOptions } from "../nn/index.ts";

// How a pass runs: whether it updates batch norm's statistics, for example; and statistics collected for other weights.
export { frozenStatistics, type PassMode, passMode, StandingStatistics, withPassMode } from "../nn/index.ts";

// Normalisations of weights.
export { spectralNorm, weightNorm } from "../nn/index.ts";
export type { Reparametrisation, SpectralNormOptions, WeightNormOptions } from "../nn/index.ts";

// Layers that compare the samples of a batch.
export { MinibatchDiscrimination, MinibatchStandardDeviation } from "../nn/index.ts";
export type { MinibatchDiscriminationOptions } from "../nn/index.ts";

// Residual blocks of SNGAN, SAGAN, BigGAN and BigGAN-deep.
export { DiscriminatorBlock, DiscriminatorBottleneck, GeneratorBlock, GeneratorBottleneck } from "../nn/index.ts";
export type { ConditionedModule, DiscriminatorBlockOptions, DiscriminatorBottleneckOptions } from "../nn/index.ts";
export type { GeneratorBlockOptions, GeneratorBottleneckOptions } from "../nn/index.ts";

// Initial weights (torch.nn.init).
export { defaultBias, defaultWeight, fans, gainOf, initialiserOf, kaimingNormal, kaimingUniform } from "../nn/index.ts";
export { normal, ones, orthogonal, uniform, xavierNormal, xavierUniform, zeros } from "../nn/index.ts";
export type { Initialiser, InitialiserName, KaimingOptions, Nonlinearity } from "../nn/index.ts";

// The shipped networks, for loops and trainers of your own.
export { AllCnnDiscriminator, AllCnnGenerator, BigganDeepGenerator, BigganGenerator } from "../models/index.ts";
export { Classifier, DcganDiscriminator, DcganGenerator, DiscriminatorNetwork } from "../models/index.ts";
export { GeneratorNetwork, Head, InceptionV3, MlpDiscriminator, MlpGenerator } from "../models/index.ts";
export { NoisyMlpDiscriminator, NoisyMlpGenerator, ResidualDiscriminator, ResnetGenerator } from "../models/index.ts";
export type { AllCnnDiscriminatorOptions, AllCnnGeneratorOptions } from "../models/index.ts";
export type { BigganDeepGeneratorOptions, BigganDiscriminatorOptions } from "../models/index.ts";
export type { BigganGeneratorOptions, ClassifierOptions, DcganDiscriminatorOptions } from "../models/index.ts";
export type { DcganGeneratorOptions, DiscriminatorOutput, HeadOptions } from "../models/index.ts";
export type { MlpDiscriminatorOptions, MlpGeneratorOptions, ModelContext } from "../models/index.ts";
export type { NoisyMlpDiscriminatorOptions, NoisyMlpGeneratorOptions } from "../models/index.ts";
export type { ResidualDiscriminatorOptions, ResnetDiscriminatorOptions } from "../models/index.ts";
export type { ResnetGeneratorOptions } from "../models/index.ts";
export { R3ganDiscriminator, R3ganGenerator } from "../models/index.ts";
export type { R3ganDiscriminatorOptions, R3ganGeneratorOptions } from "../models/index.ts";
