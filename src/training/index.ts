/** Training: step, loop, checkpoints and the run directory. */
export { listCheckpoints, readCheckpointState } from "./checkpoint.ts";
export { BuiltGame, type DataShape } from "./game.ts";
export { imageFeed, shapeOf } from "./image-feed.ts";
export {
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
export type { RunEvent, Tick } from "./run-log.ts";
export { STEP_NUMBERS, trainingStep } from "./step.ts";
export { type TrainingEvents, totalSteps } from "./trainer.ts";
