/**
 * `import ... from "gantry"`: recipes and what they are made of, parts of your own, and training from code.
 *
 * Every name here was chosen for a person who writes a recipe, a part or a program. The rest has entry points of its own:
 * `gantry/tensor`, `gantry/nn`, `gantry/optim`, `gantry/metrics`, `gantry/formats`, `gantry/experiments`.
 */

// Parts of your own. `z` describes their options; a file outside any project finds it here too.
export { z } from "zod";
export type { Descriptor } from "../base/descriptor.ts";
export { UserError } from "../base/errors.ts";
// Data: images in folders and archives, the known datasets, points in the plane.
// A dataset of your own.
export {
  type Batch,
  celeba,
  celebaHq,
  cifar10,
  cifar100,
  type DataContext,
  type DataLoader,
  type Dataset,
  defineDataset,
  defineImageDataset,
  fashionMnist,
  type ImageOptions,
  type ImageSource,
  imageFolder,
  imagenet,
  imageOptions,
  type LoaderRequest,
  type LoaderState,
  lsun,
  mixtureOfGaussians,
  mnist,
  type OpenSource,
  sha256OfFile,
  stackedMnist,
  stl10,
  type VectorData,
} from "../data/index.ts";
// A grid of runs with several seeds: a file that `gantry sweep` takes. Running one from code: `gantry/experiments`.
export { defineSweep, type Sweep, type SweepInput } from "../experiments/index.ts";
// Losses.
// A loss of your own.
export {
  crossEntropy,
  defineLoss,
  hinge,
  type Loss,
  type LossTargets,
  leastSquares,
  minimax,
  nonSaturating,
  refuseTargets,
  wasserstein,
} from "../losses/index.ts";
// Scores: a recipe's `evaluate.metrics`.
// A metric of your own.
export {
  defineMetric,
  densityCoverage,
  fid,
  fidInfinity,
  inceptionScore,
  kid,
  type Measured,
  type Metric,
  type MetricContext,
  memorisation,
  mixture,
  modes,
  type Part,
  precisionRecall,
  type Sample,
  testError,
} from "../metrics/index.ts";
// Networks: each has `.generator(options)` and `.discriminator(options)`.
// A generator or discriminator of your own.
export {
  allCnn,
  biggan,
  bigganDeep,
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  dcgan,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  imageShape,
  type ModelContext,
  mlp,
  noisyMlp,
  requireClasses,
  resnet,
  type SampleShape,
  sagan,
  sampleShape,
  type TakenLabels,
} from "../models/index.ts";
// The tensors and modules that parts are made of; the whole of them is in `gantry/tensor` and `gantry/nn`.
export { Module } from "../nn/index.ts";
// Optimizers, and schedules of their learning rates.
// An optimizer or a schedule of your own.
export {
  adam,
  constant,
  defineOptimizer,
  defineSchedule,
  linearDecay,
  Optimizer,
  type OptimizerContext,
  rmsprop,
  type Schedule,
  type ScheduleContext,
  sgd,
} from "../optim/index.ts";
// Write a recipe.
// Recipes in code: loaded by name or file, changed as `--set` does, stored as JSON.
// Which engine computes, and with how many threads.
export {
  applyOverrides,
  defineRecipe,
  fromPlainRecipe,
  gantryVersion,
  type LoadedRecipe,
  loadRecipe,
  type PlainRecipe,
  type Recipe,
  type RecipeInput,
  recipeHash,
  shippedRecipes,
  toPlainRecipe,
} from "../recipe/index.ts";
// Techniques.
// A technique of your own.
export {
  type AuxiliaryLoaders,
  adaptiveAugmentation,
  balancedConsistency,
  consistencyRegularisation,
  crossReplicaBatchNorm,
  type DiscriminatorPass,
  dataDependentInitialisation,
  defineTechnique,
  diffAugment,
  dragan,
  featureMatching,
  type Gan,
  type GeneratorPass,
  gradientPenalty,
  historicalAveraging,
  labelSmoothing,
  latentConsistency,
  leCam,
  mine,
  minibatchDiscrimination,
  minibatchStandardDeviation,
  type NetworkDescriptors,
  orthogonalRegularisation,
  type Player,
  type Progress,
  r1,
  type Selection,
  semiSupervised,
  standingStatistics,
  type Technique,
  type TechniqueContext,
  type TechniqueState,
  topK,
  virtualBatchNorm,
  weightAveraging,
} from "../techniques/index.ts";
export {
  configureEngine,
  type Device,
  type DType,
  type EngineSummary,
  engineSummary,
  Generator,
  grad,
  keep,
  liveTensors,
  manualSeed,
  noGrad,
  scope,
  Tensor,
} from "../tensor/index.ts";
// Training from code: start or open a run, follow its events, draw from it.
// Several processes that train one run.
// A trained generator: sheets of samples, paths between them, the training images nearest to them.
export {
  classSheet,
  followRun,
  type ImportedRun,
  type Interpolation,
  type InterpolationOptions,
  importRun,
  interpolate,
  interpolationSheet,
  type NearImage,
  nearestImages,
  type OpenedGan,
  openForSampling,
  openRun,
  type Rendezvous,
  type Run,
  RunDirectory,
  type RunEvent,
  type RunOrigin,
  type RunResult,
  type SampleRunOptions,
  type ScoresEvent,
  type Sheet,
  type SheetOptions,
  sampleRun,
  startRun,
  type Tick,
  type TrainingEvents,
  type TrainOptions,
  torchrunRendezvous,
  truncationSheet,
} from "../training/index.ts";
