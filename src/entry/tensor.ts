/**
 * `import ... from "gantry/tensor"`: tensors with gradients, random numbers, memory, and the engine under all of Gantry.
 *
 * @module gantry/tensor
 */

// Tensors, with PyTorch's names and defaults.
export { Tensor } from "../tensor/index.ts";
export type { BatchNormOptions, ClassLossOptions, Conversion, ConvolutionOptions, Device } from "../tensor/index.ts";
export type { Dims, DType, GridSampleOptions, Index, InterpolateOptions, MemoryFormat } from "../tensor/index.ts";
export type { NestedNumbers, PadMode, Pair, ProductOptions, QuantileInterpolation } from "../tensor/index.ts";
export type { RandomOptions, Reduction, Sizes, Slice, TensorOptions } from "../tensor/index.ts";
export type { TransposedConvolutionOptions, Triple, TypedArray, VarianceOptions } from "../tensor/index.ts";

// Gradients.
export { enableGrad, grad, inferenceMode, isGradEnabled, noGrad } from "../tensor/index.ts";
export type { Gradients, GradOptions } from "../tensor/index.ts";

// Mixed precision.
export { type AutocastType, autocast } from "../tensor/index.ts";

// Memory: `scope` frees what is made inside it, `keep` saves a tensor from that.
export { keep, liveTensors, scope } from "../tensor/index.ts";

// Random numbers.
export { Generator, getRngState, manualSeed, setRngState } from "../tensor/index.ts";

// One call for a list of tensors (torch._foreach_*), for optimizers of your own.
export { foreachAdd_, foreachAddcdiv_, foreachAddcmul_, foreachDiv_, foreachMul_ } from "../tensor/index.ts";
export { foreachNorm, foreachSqrt, foreachSub, foreachZero_ } from "../tensor/index.ts";

// For techniques of your own in steps that a GPU repeats by itself (the recipe's `graph`).
export { eachStep, hostNumber } from "../tensor/index.ts";

// Several processes (torch.distributed).
export {
  allGather,
  allReduce,
  broadcast,
  type Carrier,
  type GroupOptions,
  joinDevices,
  joinGroup,
  leaveGroup,
} from "../tensor/index.ts";

// TorchScript modules that Python wrote.
export { loadScript, ScriptModule } from "../tensor/index.ts";

// The engine, and what a mistake throws.
export { configureEngine, type EngineSummary, engineSummary } from "../tensor/index.ts";
export { UserError } from "../base/errors.ts";
