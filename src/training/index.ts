/** Training: step, loop, checkpoints and the run folder. */

export {
  type ClassifierEpoch,
  type ClassifierSetup,
  type ClassifierTick,
  type ClassifierTraining,
  classifierSetup,
  fitToCount,
  type TrainedClassifier,
  trainClassifier,
} from "./classifier/index.ts";
export { type Rendezvous, torchrunRendezvous } from "./distributed/rendezvous.ts";
export { classify, openClassification, testSplit } from "./evaluation/classification.ts";
export { type DrawingOptions, generatedImages, trialImages } from "./evaluation/generated-images.ts";
export { type NearImage, nearestImages } from "./evaluation/nearest-images.ts";
export { type OwnEvaluation, ownEvaluation } from "./evaluation/own-evaluation.ts";
export { scoreVectors, vectorMetrics } from "./evaluation/vector-evaluation.ts";
export { changedData } from "./run/changed-data.ts";
export { listCheckpoints, loadCheckpoint, readCheckpointState, writeCheckpoint } from "./run/checkpoint.ts";
export { measuredConvolutionsFile, readConvolutions } from "./run/convolutions.ts";
export { lockRun } from "./run/lock.ts";
export { overwrittenNames } from "./run/overwritten.ts";
export { type RatedTest, type Rating, ratedTest, ratedTests, type TestProtocol } from "./run/ratings.ts";
export { standingOf, writeReport } from "./run/report.ts";
export { conditionSchema, type RunDescription, RunDirectory } from "./run/run-directory.ts";
export {
  chosenEvaluation,
  type LogLine,
  type OutputsEvent,
  type RunEvent,
  type ScoresEvent,
  type Tick,
} from "./run/run-log.ts";
export { isStopRequested, requestStop } from "./run/stop-request.ts";
export { type Verified, verifyRun } from "./run/verify.ts";
export { type ConditionValues, conditionsFor } from "./sampling/conditions.ts";
export { drawInGroups, type SampleGroup, type Watching } from "./sampling/groups.ts";
export { INTERPOLATIONS, type Interpolation, interpolate } from "./sampling/interpolation.ts";
export { type Residuals, type SearchLatentsOptions, searchLatents } from "./sampling/latent-search.ts";
export { writePathAnimation } from "./sampling/path-animation.ts";
export {
  CANDIDATES,
  type Projection,
  type ProjectionOptions,
  type ProjectionStage,
  projectImages,
} from "./sampling/projection.ts";
export { asSampled, drawSamples, labelsFor, newLatents } from "./sampling/sample.ts";
export { FILE_FORMS, type FileForm, type SampleFilesOptions, writeSamples } from "./sampling/sample-files.ts";
export { inputsOfSeeds } from "./sampling/seeds.ts";
export {
  classSheet,
  conditionSheet,
  type InterpolationOptions,
  interpolationSheet,
  MOST_CONDITIONS,
  type Sheet,
  type SheetOptions,
  truncationSheet,
} from "./sampling/sheets.ts";
export { sampledWeights } from "./sampling/weights.ts";
export { BuiltGan, type DataShape, drawLatents, type LatentSource } from "./step/gan.ts";
export { trainingStep } from "./step/step.ts";
export type { Trainable } from "./trainable.ts";
export { type AveragedRun, type AverageOptions, averageRun } from "./trainer/averaged-run.ts";
export {
  mixtureOf,
  openDataModule,
  writeRunImage,
} from "./trainer/data-module.ts";
export { defineTrainer } from "./trainer/define-trainer.ts";
export type { BuildModulesContext, Modules, StepContext, TrainerDefinition } from "./trainer/definition.ts";
export { followRun } from "./trainer/follow-run.ts";
export { imageLoader, shapeOf } from "./trainer/image-loader.ts";
export { type ImportedRun, importRun, NO_DATA } from "./trainer/imported-run.ts";
export { type LoadedTrainer, loadTrainer } from "./trainer/load.ts";
export { totalSteps } from "./trainer/loop.ts";
export {
  type OpenedCheckpoint,
  type OpenedGan,
  openCheckpoint,
  openForSampling,
  type SampleRunOptions,
  sampleRun,
} from "./trainer/open-checkpoint.ts";
export {
  changeableKeys,
  IMPORTED,
  isImported,
  openRun,
  type Run,
  type RunOrigin,
  type RunResult,
  startRun,
  storedSettings,
  storedTrainer,
  type TrainOptions,
  trainerOf,
} from "./trainer/run.ts";
export type { TrainingEvents } from "./trainer/session.ts";
export type { StepOptimizer } from "./trainer/step-optimizer.ts";
export type { Trainer } from "./trainer/trainer.ts";
