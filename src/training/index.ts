/** Training: step, loop, checkpoints and the run directory. */
export { listCheckpoints, readCheckpointState } from "./checkpoint.ts";
export { classify, testSplit } from "./classification.ts";
export {
  type ClassifierSetup,
  type ClassifierTraining,
  classifierSetup,
  type TrainedClassifier,
  trainClassifier,
} from "./classifier/index.ts";
export type { EvaluationEvents, Evaluator } from "./evaluation.ts";
export { followRun } from "./follow-run.ts";
export { BuiltGame, type DataShape } from "./game.ts";
export { type DrawingOptions, generatedImages } from "./generated-images.ts";
export { imageFeed, shapeOf } from "./image-feed.ts";
export { type ImportedRun, importRun } from "./imported-run.ts";
export { INTERPOLATIONS, type Interpolation, interpolate } from "./interpolation.ts";
export { type Material, openMaterial, type PictureSize, writeRunPicture } from "./material.ts";
export { type NearImage, nearestImages } from "./nearest-images.ts";
export {
  type OpenedGame,
  openForSampling,
  openRun,
  type Run,
  type RunOrigin,
  type RunResult,
  type SampleRunOptions,
  sampleRun,
  startRun,
  type TrainOptions,
} from "./run.ts";
export { RunDirectory } from "./run-directory.ts";
export { chosenEvaluation, type RunEvent, type ScoresEvent, type Tick } from "./run-log.ts";
export {
  classSheet,
  type InterpolationOptions,
  interpolationSheet,
  type Sheet,
  type SheetOptions,
  truncationSheet,
} from "./sheets.ts";
export { STEP_NUMBERS, trainingStep } from "./step.ts";
export { type TrainingEvents, totalSteps } from "./trainer.ts";
export { type Meeting, meetingOf } from "./workers.ts";
