/**
 * `import ... from "gantry"`: recipes and what they are made of, parts of your own, and training from code.
 *
 * Every name here was chosen for a person who writes a recipe, a part or a program. The rest has entry points of its own:
 * `gantry/tensor`, `gantry/nn`, `gantry/optim`, `gantry/sampling`, `gantry/metrics`, `gantry/formats`, `gantry/experiments`.
 *
 * @module gantry
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

// Optimizers, schedules of any number, and factors of the learning rates of both players.
export { adam, rmsprop, sgd } from "../optim/index.ts";
export { cosine, exponential, linear } from "../optim/index.ts";
export { constant, linearDecay } from "../optim/index.ts";

// Scores: a recipe's `evaluate.metrics`.
export * from "../metrics/scores/index.ts";

// Parts of your own. `z` describes their options; a file outside any project finds it here too.
export { z } from "zod";
export type { Descriptor } from "../base/descriptor.ts";
export { UserError } from "../base/errors.ts";

// A dataset of your own. `imageOptions` has the schemas of the options that every image dataset takes.
export { defineDataset, defineImageDataset, imageOptions, sha256OfFile } from "../data/index.ts";
export type { Batch, Condition, DataContext, DataLoader, Dataset, ImageOptions, ImageSource } from "../data/index.ts";
export type { LoaderRequest, LoaderState, OpenSource, VectorData, VectorLoaderOptions } from "../data/index.ts";

// A loss of your own.
export { crossEntropy, defineLoss, type Loss, type LossTargets, refuseTargets } from "../losses/index.ts";

// A generator or discriminator of your own.
export { DiscriminatorNetwork, defineDiscriminator, defineGenerator, GeneratorNetwork } from "../models/index.ts";
export { imageShape, requireClasses, sampleShape } from "../models/index.ts";
export type { DiscriminatorOutput, ModelContext, SampleShape, TakenLabels } from "../models/index.ts";

// A technique of your own.
export { defineTechnique } from "../techniques/index.ts";
export type { AuxiliaryLoaders, DiscriminatorPass, Gan, GeneratorPass } from "../techniques/index.ts";
export type {
  InputPlace,
  NetworkDescriptors,
  Player,
  Progress,
  RealBatch,
  Selection,
  Technique,
} from "../techniques/index.ts";
export type { TechniqueContext, TechniqueState } from "../techniques/index.ts";

// An optimizer or a schedule of your own.
export { defineOptimizer, defineSchedule, Optimizer } from "../optim/index.ts";
export type { OptimizerContext, Schedule, ScheduleContext } from "../optim/index.ts";

// A metric of your own.
export { defineMetric } from "../metrics/index.ts";
export type { Measured, Metric, MetricContext, Part, Sample } from "../metrics/index.ts";

// What parts are made of. All tensors and layers are in `gantry/tensor` and `gantry/nn`.
export { Module } from "../nn/index.ts";
export { Generator, grad, keep, liveTensors, manualSeed, noGrad, scope, Tensor } from "../tensor/index.ts";
export type { Device, DType } from "../tensor/index.ts";

// A training step of your own. It gets the run folder, log, checkpoints, resume, samples and scores that a recipe gets.
export { clipWeights } from "../losses/index.ts";
export { defineTrainer } from "../training/index.ts";
export type { BuildModulesContext, Modules, StepContext, StepOptimizer, Trainer } from "../training/index.ts";
export type { TrainerDefinition } from "../training/index.ts";

// Recipes in code: loaded by name or file, changed as `--set` does, stored as JSON.
export { applyOverrides, fromPlainRecipe, loadRecipe, recipeHash, shippedRecipes } from "../recipe/index.ts";
export { toPlainRecipe, trustFile } from "../recipe/index.ts";
export type { LoadedRecipe, PlainRecipe } from "../recipe/index.ts";

// Training from code: start or open a run, follow its events. What draws from one is in `gantry/sampling`.
export { importRun, openRun, RunDirectory, startRun } from "../training/index.ts";
export type { ImportedRun, Run, RunEvent, RunOrigin, RunResult } from "../training/index.ts";
export type { ScoresEvent, Tick, TrainingEvents, TrainOptions } from "../training/index.ts";
export { diagnose } from "../diagnosis/index.ts";

// Several processes that train one run.
export { followRun, type Rendezvous, torchrunRendezvous } from "../training/index.ts";

// A sweep, for a file that `gantry sweep` takes. Running one from code: `gantry/experiments`.
export { defineSweep, type Sweep, type SweepInput } from "../experiments/index.ts";

// Which engine computes, and with how many threads.
export { gantryVersion } from "../base/version.ts";
export { configureEngine, type EngineSummary, engineSummary } from "../tensor/index.ts";
