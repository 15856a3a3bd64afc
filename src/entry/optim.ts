/** `import ... from "gantry/optim"`: optimizers as classes, schedules for learning rates, averages of weights. */

// Optimizers for loops of your own; `adam`, `rmsprop` and `sgd` describe them in recipes.
// Schedules.
// Averages of weights over a run.
export {
  Adam,
  type AdamOptions,
  adam,
  constant,
  defineOptimizer,
  defineSchedule,
  HistoricalAverage,
  linearDecay,
  Optimizer,
  type OptimizerContext,
  type OptimizerScalars,
  RMSprop,
  type RMSpropOptions,
  rmsprop,
  type Schedule,
  type ScheduleContext,
  SGD,
  type SGDOptions,
  sgd,
  WeightAveraging,
  type WeightAveragingOptions,
} from "../optim/index.ts";
