/** `import ... from "gantry/tensor"`: tensors with gradients, random numbers, memory, and what lies under all of Gantry. */

export { UserError } from "../base/errors.ts";
// Tensors, with PyTorch's names and defaults.
// Gradients.
// Memory: `scope` frees what is made inside it, `keep` saves a tensor from that.
// Random numbers.
// One call for a list of tensors (torch._foreach_*), for optimizers of your own.
// Several processes (torch.distributed).
// TorchScript modules that Python wrote.
// The engine.
export {
  allGather,
  allReduce,
  type BatchNormOptions,
  broadcast,
  type Conversion,
  type ConvolutionOptions,
  configureEngine,
  type Device,
  type Dims,
  type DType,
  type EngineSummary,
  enableGrad,
  engineSummary,
  foreachAdd_,
  foreachAddcdiv_,
  foreachAddcmul_,
  foreachDiv_,
  foreachMul_,
  foreachNorm,
  foreachSqrt,
  foreachSub,
  foreachZero_,
  Generator,
  type GradOptions,
  type GroupOptions,
  getRngState,
  grad,
  inferenceMode,
  isGradEnabled,
  joinGroup,
  keep,
  leaveGroup,
  liveTensors,
  loadScript,
  type MemoryFormat,
  manualSeed,
  type NestedNumbers,
  noGrad,
  type Pair,
  type RandomOptions,
  type Reduction,
  ScriptModule,
  scope,
  setRngState,
  Tensor,
  type TensorOptions,
  type TransposedConvolutionOptions,
  type TypedArray,
  type VarianceOptions,
} from "../tensor/index.ts";
