export { enableGrad, type GradOptions, grad, inferenceMode, isGradEnabled, noGrad } from "./autograd.ts";
export { bytesOf, tensorOf } from "./bytes.ts";
export { allGather, allReduce, broadcast, type GroupOptions, joinGroup, leaveGroup } from "./collectives.ts";
export { type EngineSummary, engineSummary } from "./engine.ts";
export {
  type FusedAdamOptions,
  foreachAdd_,
  foreachAddcdiv_,
  foreachAddcmul_,
  foreachDiv_,
  foreachMul_,
  foreachNorm,
  foreachSqrt,
  foreachSub,
  foreachZero_,
  fusedAdam_,
} from "./foreach.ts";
export { keep, liveTensors, scope } from "./handle.ts";
export type { BatchNormOptions, ConvolutionOptions, Pair, Reduction, TransposedConvolutionOptions } from "./layers.ts";
export { configureEngine } from "./native.ts";
export { Generator, getRngState, manualSeed, setRngState } from "./random.ts";
export type { Dims, VarianceOptions } from "./reduction.ts";
export type { Conversion } from "./shape.ts";
export { type RandomOptions, Tensor } from "./tensor.ts";
export { loadScript, ScriptModule } from "./torchscript.ts";
export type { Device, DType, MemoryFormat, NestedNumbers, TensorOptions, TypedArray } from "./types.ts";
export { ITEM_SIZE } from "./types.ts";
