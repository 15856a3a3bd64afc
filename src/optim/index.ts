/** Update rules, schedules of the learning rate, and averages of weights. */
export { Adam, type AdamOptions, adam } from "./adam.ts";
export { GradScaler, type GradScalerOptions } from "./grad-scaler.ts";
export { HistoricalAverage } from "./historical-average.ts";
export { defineOptimizer, Optimizer, type OptimizerContext, type OptimizerScalars } from "./optimizer.ts";
export {
  LARGEST_STD,
  type PowerCombination,
  type PowerProfile,
  powerCombination,
  powerDecay,
  powerExponent,
} from "./power-averaging.ts";
export { RMSprop, type RMSpropOptions, rmsprop } from "./rmsprop.ts";
export {
  type Curve,
  type CurveOptions,
  cosine,
  exponential,
  isCurve,
  linear,
  type Moment,
  type Scheduled,
  scheduled,
  valueAt,
} from "./scheduled.ts";
export { constant, defineSchedule, linearDecay, type Schedule, type ScheduleContext } from "./schedules.ts";
export { SGD, type SGDOptions, sgd } from "./sgd.ts";
export { WeightAveraging, type WeightAveragingOptions } from "./weight-averaging.ts";
