/**
 * `import ... from "gantry"`: recipes and what they are made of, parts of your own, and training from code.
 *
 * Every name here was chosen for a person who writes a recipe, a part or a program. The rest has entry points of its own:
 * `gantry/tensor`, `gantry/nn`, `gantry/optim`, `gantry/metrics`, `gantry/formats`, `gantry/experiments`.
 */

// Write a recipe.
export { defineRecipe, type Recipe, type RecipeInput } from "../recipe/index.ts";

// Data: images in folders and archives, the known datasets, points in the plane.
export * from "../data/sets/index.ts";

// Networks: each has `.generator(options)` and `.discriminator(options)`.
export * from "../models/registry.ts";

// Losses.
export * from "../losses/registry.ts";

// Techniques.
export * from "../techniques/registry.ts";

// Optimizers, and schedules of their learning rates.
export { adam, constant, linearDecay, rmsprop, sgd } from "../optim/index.ts";

// Scores: a recipe's `evaluate.metrics`.
export * from "../metrics/scores/index.ts";

// Parts of your own. `z` describes their options; a file outside any project finds it here too.
export { z } from "zod";
export type { Descriptor } from "../base/descriptor.ts";
export { UserError } from "../base/errors.ts";

// A dataset of your own. `imageOptions` has the schemas of the options that every image dataset takes.
export {
  type Batch,
  type DataContext,
  type DataLoader,
  type Dataset,
  defineDataset,
  defineImageDataset,
  type ImageOptions,
  type ImageSource,
  imageOptions,
  type LoaderRequest,
  type LoaderState,
  type OpenSource,
  sha256OfFile,
  type VectorData,
  type VectorLoaderOptions,
} from "../data/index.ts";

// A loss of your own.
export { crossEntropy, defineLoss, type Loss, type LossTargets, refuseTargets } from "../losses/index.ts";

// A generator or discriminator of your own.
export {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  imageShape,
  type ModelContext,
  requireClasses,
  type SampleShape,
  sampleShape,
  type TakenLabels,
} from "../models/index.ts";

// A technique of your own.
export {
  type AuxiliaryLoaders,
  type DiscriminatorPass,
  defineTechnique,
  type Gan,
  type GeneratorPass,
  type NetworkDescriptors,
  type Player,
  type Progress,
  type RealBatch,
  type Selection,
  type Technique,
  type TechniqueContext,
  type TechniqueState,
} from "../techniques/index.ts";

// An optimizer or a schedule of your own.
export {
  defineOptimizer,
  defineSchedule,
  Optimizer,
  type OptimizerContext,
  type Schedule,
  type ScheduleContext,
} from "../optim/index.ts";

// A metric of your own.
export {
  defineMetric,
  type Measured,
  type Metric,
  type MetricContext,
  type Part,
  type Sample,
} from "../metrics/index.ts";

// What parts are made of. All tensors and layers are in `gantry/tensor` and `gantry/nn`.
export { Module } from "../nn/index.ts";
export {
  type Device,
  type DType,
  Generator,
  grad,
  keep,
  liveTensors,
  manualSeed,
  noGrad,
  scope,
  Tensor,
} from "../tensor/index.ts";

// A training step of your own. It gets the run folder, log, checkpoints, resume, samples and scores that a recipe gets.
export { clipWeights } from "../losses/index.ts";
export {
  type BuildModulesContext,
  defineTrainer,
  type Modules,
  type StepContext,
  type StepOptimizer,
  type Trainer,
  type TrainerDefinition,
} from "../training/index.ts";

// Recipes in code: loaded by name or file, changed as `--set` does, stored as JSON.
export {
  applyOverrides,
  fromPlainRecipe,
  type LoadedRecipe,
  loadRecipe,
  type PlainRecipe,
  recipeHash,
  shippedRecipes,
  toPlainRecipe,
} from "../recipe/index.ts";

// Training from code: start or open a run, follow its events, draw from it.
export {
  type ImportedRun,
  importRun,
  openRun,
  type Run,
  RunDirectory,
  type RunEvent,
  type RunOrigin,
  type RunResult,
  type SampleRunOptions,
  type ScoresEvent,
  sampleRun,
  startRun,
  type Tick,
  type TrainingEvents,
  type TrainOptions,
} from "../training/index.ts";

// Several processes that train one run.
export { followRun, type Rendezvous, torchrunRendezvous } from "../training/index.ts";

// A trained generator: sheets of samples, paths between them, the training images nearest to them.
export {
  classSheet,
  type Interpolation,
  type InterpolationOptions,
  interpolate,
  interpolationSheet,
  type NearImage,
  nearestImages,
  type OpenedGan,
  openForSampling,
  type Sheet,
  type SheetOptions,
  truncationSheet,
} from "../training/index.ts";

// A sweep, for a file that `gantry sweep` takes. Running one from code: `gantry/experiments`.
export { defineSweep, type Sweep, type SweepInput } from "../experiments/index.ts";

// Which engine computes, and with how many threads.
export { gantryVersion } from "../base/version.ts";
export { configureEngine, type EngineSummary, engineSummary } from "../tensor/index.ts";
