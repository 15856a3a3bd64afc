export { type DeviceMemory, deviceMemory, setCudnnBenchmark, withTf32 } from "./accelerator.ts";
export { type AutocastType, autocast, withoutAutocast } from "./autocast.ts";
export {
  enableGrad,
  type Gradients,
  type GradOptions,
  grad,
  inferenceMode,
  isGradEnabled,
  noGrad,
  noGradScope,
} from "./autograd.ts";
export { bytesOf, tensorOf } from "./bytes.ts";
export {
  allGather,
  allReduce,
  broadcast,
  type Carrier,
  type GroupOptions,
  joinDevices,
  joinGroup,
  leaveGroup,
  requireGroup,
} from "./collectives.ts";
export {
  type ConvolutionChoices,
  type ConvolutionMode,
  convolutionChoiceCount,
  convolutionChoices,
  convolutionSecondsMeasuring,
  setConvolutionChoices,
  setConvolutionMode,
} from "./convolution.ts";
export {
  type Computed,
  computedFor,
  type Draw,
  type DrawPlan,
  drawFor,
  FixedDraws,
  type NamedTensors,
  RepeatedDraws,
} from "./draws.ts";
export { type EngineSummary, engineSummary } from "./engine.ts";
export {
  capturableAdam_,
  type FusedAdamOptions,
  foreachAdd_,
  foreachAddcdiv_,
  foreachAddcmul_,
  foreachDiv_,
  foreachMul,
  foreachMul_,
  foreachNorm,
  foreachSqrt,
  foreachSub,
  foreachZero_,
  fusedAdam_,
} from "./foreach.ts";
export { DeviceGraph, type GraphBackend, hasGraphs, useGraphBackend, useGraphStream } from "./graph.ts";
export { keep, liveTensors, scope } from "./handle.ts";
export { CapturedSide, EagerSide, eachStep, hostNumber } from "./host-side.ts";
export type { Index, Slice } from "./indexing.ts";
export type {
  BatchNormOptions,
  ConvolutionOptions,
  GridSampleOptions,
  InterpolateOptions,
  Pair,
  TransposedConvolutionOptions,
  Triple,
} from "./layers.ts";
export type { ProductOptions } from "./linear-algebra.ts";
export type { ClassLossOptions } from "./losses.ts";
export { type Binding, binding, configureEngine } from "./native.ts";
export type { Reduction, Sizes } from "./operator.ts";
export { Generator, getRngState, manualSeed, setRngState } from "./random.ts";
export { type OperatorCall, type OperatorWatcher, unwatched, watchOperators } from "./recording.ts";
export type { Dims, QuantileInterpolation, VarianceOptions } from "./reduction.ts";
export type { Conversion, PadMode } from "./shape.ts";
export { type RandomOptions, Tensor } from "./tensor.ts";
export { loadScript, ScriptModule } from "./torchscript.ts";
export {
  type Device,
  type DType,
  ITEM_SIZE,
  type MemoryFormat,
  type NestedNumbers,
  type TensorOptions,
  type TypedArray,
} from "./types.ts";
