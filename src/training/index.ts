/** Training: step, loop, checkpoints and the run directory. */

export {
  type ClassifierSetup,
  type ClassifierTraining,
  classifierSetup,
  type TrainedClassifier,
  trainClassifier,
} from "./classifier/index.ts";
export { followRun } from "./distributed/follow-run.ts";
export { type Rendezvous, torchrunRendezvous } from "./distributed/workers.ts";
export { classify, testSplit } from "./evaluation/classification.ts";
export type { EvaluationEvents, Evaluator } from "./evaluation/evaluator.ts";
export { type DrawingOptions, generatedImages } from "./evaluation/generated-images.ts";
export { type NearImage, nearestImages } from "./evaluation/nearest-images.ts";
export { listCheckpoints, readCheckpointState } from "./run/checkpoint.ts";
export { type ImportedRun, importRun } from "./run/imported-run.ts";
export { RunDirectory } from "./run/run-directory.ts";
export { chosenEvaluation, type RunEvent, type ScoresEvent, type Tick } from "./run/run-log.ts";
export { INTERPOLATIONS, type Interpolation, interpolate } from "./sampling/interpolation.ts";
export {
  classSheet,
  type InterpolationOptions,
  interpolationSheet,
  type Sheet,
  type SheetOptions,
  truncationSheet,
} from "./sampling/sheets.ts";
export { BuiltGan, type DataShape } from "./step/gan.ts";
export { STEP_NUMBERS, trainingStep } from "./step/step.ts";
export {
  type DataModule,
  type ImageSize,
  openDataModule,
  writeRunImage,
} from "./trainer/data-module.ts";
export { imageLoader, shapeOf } from "./trainer/image-loader.ts";
export { type TrainingEvents, totalSteps } from "./trainer/loop.ts";
export {
  type OpenedGan,
  openForSampling,
  openRun,
  type Run,
  type RunOrigin,
  type RunResult,
  type SampleRunOptions,
  sampleRun,
  startRun,
  type TrainOptions,
} from "./trainer/run.ts";
