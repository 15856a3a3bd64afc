/**
 * `import ... from "gantry/optim"`: optimizers as classes, schedules for learning rates, averages of weights.
 *
 * @module gantry/optim
 */

// Optimizers for loops of your own.
export { Adam, type AdamOptions, RMSprop, type RMSpropOptions, SGD, type SGDOptions } from "../optim/index.ts";

// Loss scaling for float16.
export { GradScaler, type GradScalerOptions } from "../optim/index.ts";

// The same as parts of a recipe or a trainer.
export { adam, rmsprop, sgd } from "../optim/index.ts";

// An optimizer of your own.
export { defineOptimizer, Optimizer, type OptimizerContext, type OptimizerScalars } from "../optim/index.ts";

// Numbers that follow a schedule.
export {
  type Curve,
  cosine,
  exponential,
  linear,
  type Moment,
  type Scheduled,
  scheduled,
  valueAt,
} from "../optim/index.ts";

// Factors of the learning rates of both players.
export { constant, defineSchedule, linearDecay, type Schedule, type ScheduleContext } from "../optim/index.ts";

// Averages of weights over a run, and those whose length is chosen after it.
export { powerCombination, powerDecay, powerExponent } from "../optim/index.ts";
export type { PowerCombination, PowerProfile } from "../optim/index.ts";
export { HistoricalAverage, WeightAveraging, type WeightAveragingOptions } from "../optim/index.ts";
