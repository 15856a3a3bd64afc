/** `import ... from "gantry/optim"`: optimizers as classes, schedules for learning rates, averages of weights. */

// Optimizers for loops of your own.
export { Adam, type AdamOptions, RMSprop, type RMSpropOptions, SGD, type SGDOptions } from "../optim/index.ts";

// The same as parts of a recipe or a trainer.
export { adam, rmsprop, sgd } from "../optim/index.ts";

// An optimizer of your own.
export { defineOptimizer, Optimizer, type OptimizerContext, type OptimizerScalars } from "../optim/index.ts";

// Schedules.
export { constant, defineSchedule, linearDecay, type Schedule, type ScheduleContext } from "../optim/index.ts";

// Averages of weights over a run.
export { HistoricalAverage, WeightAveraging, type WeightAveragingOptions } from "../optim/index.ts";
