/**
 * One operator over whole lists of tensors, for optimizers and weight averages. A list costs one call, and libtorch may
 * fuse the work.
 */
import { operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

type Tensors = readonly Tensor[];

const add = operator<undefined>("aten::_foreach_add_.List(self, other, alpha)");
const addNumber = operator<undefined>("aten::_foreach_add_.Scalar(self, scalar)");
const mul = operator<undefined>("aten::_foreach_mul_.List(self, other)");
const mulNumber = operator<undefined>("aten::_foreach_mul_.Scalar(self, scalar)");
const divNumber = operator<undefined>("aten::_foreach_div_.Scalar(self, scalar)");
const div = operator<undefined>("aten::_foreach_div_.List(self, other)");
const addcmul = operator<undefined>("aten::_foreach_addcmul_.Scalar(self, tensor1, tensor2, value)");
const addcdiv = operator<undefined>("aten::_foreach_addcdiv_.Scalar(self, tensor1, tensor2, value)");
const sqrt = operator<Tensor[]>("aten::_foreach_sqrt(self)");
const zero = operator<undefined>("aten::_foreach_zero_(self)");
const norm = operator<Tensor[]>("aten::_foreach_norm.Scalar(self, ord)");
const sub = operator<Tensor[]>("aten::_foreach_sub.List(self, other, alpha)");
const mulList = operator<Tensor[]>("aten::_foreach_mul.List(self, other)");
const adam = operator<undefined>(
  "gantry::adam_(parameters, gradients, means, squares, lr, beta1, beta2, eps, weight_decay, step)",
);

/** self[i] += alpha * other[i], or += a number. */
export function foreachAdd_(self: Tensors, other: Tensors | number, alpha = 1): void {
  if (typeof other === "number") addNumber(self, other * alpha);
  else add(self, other, alpha);
}
/** self[i] *= other[i], or *= a number. */
export function foreachMul_(self: Tensors, other: Tensors | number): void {
  if (typeof other === "number") mulNumber(self, other);
  else mul(self, other);
}
/** self[i] /= other[i], or /= a number. */
export function foreachDiv_(self: Tensors, other: Tensors | number): void {
  if (typeof other === "number") divNumber(self, other);
  else div(self, other);
}
/** self[i] += value * tensor1[i] * tensor2[i] */
export function foreachAddcmul_(self: Tensors, tensor1: Tensors, tensor2: Tensors, value = 1): void {
  addcmul(self, tensor1, tensor2, value);
}
/** self[i] += value * tensor1[i] / tensor2[i] */
export function foreachAddcdiv_(self: Tensors, tensor1: Tensors, tensor2: Tensors, value = 1): void {
  addcdiv(self, tensor1, tensor2, value);
}
/** The square roots, as new tensors. */
export function foreachSqrt(self: Tensors): Tensor[] {
  return sqrt(self);
}
/** self[i] - alpha * other[i], as new tensors. */
export function foreachSub(self: Tensors, other: Tensors, alpha = 1): Tensor[] {
  return sub(self, other, alpha);
}
/** factor * self[i], as new tensors; `factor` has no dimensions. */
export function foreachMul(self: Tensors, factor: Tensor): Tensor[] {
  return mulList(
    self,
    self.map(() => factor),
  );
}
/** Sets all elements to 0. */
export function foreachZero_(self: Tensors): void {
  zero(self);
}
/** The p-norm of each tensor, as new tensors without dimensions. */
export function foreachNorm(self: Tensors, p = 2): Tensor[] {
  return norm(self, p);
}

/** The constants of {@link fusedAdam_}. */
export interface FusedAdamOptions {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Factor of an L2 penalty whose gradient is added to the gradients. */
  readonly weightDecay: number;
  /** The step's number, counted from 1, for the correction of the moments' bias. */
  readonly step: number;
}

/**
 * One step of Adam in one pass over memory, in place; with d = gradient + weightDecay p:
 *
 *     m <- beta1 m + (1 - beta1) d      v <- beta2 v + (1 - beta2) d^2
 *     p <- p - lr / (1 - beta1^step) m / (sqrt(v) / sqrt(1 - beta2^step) + eps)
 *
 * `means` (m) may be empty where beta1 is 0: m is then d. Call it inside {@link noGrad}.
 *
 * Kingma and Ba 2015, algorithm 1, with PyTorch's placement of eps.
 *
 * @throws Error for lists or tensors of unequal sizes.
 */
export function fusedAdam_(
  parameters: Tensors,
  gradients: Tensors,
  means: Tensors,
  squares: Tensors,
  { lr, betas, eps, weightDecay, step }: FusedAdamOptions,
): void {
  adam(parameters, gradients, means, squares, lr, betas[0], betas[1], eps, weightDecay, step);
}

/** The constants of {@link capturableAdam_}; the two that change from step to step are tensors without dimensions. */
export interface CapturableAdamOptions extends Pick<FusedAdamOptions, "betas" | "eps" | "weightDecay"> {
  /** -lr / (1 - beta1^step) */
  readonly negativeStepSize: Tensor;
  /** sqrt(1 - beta2^step) */
  readonly rootCorrection: Tensor;
}

/**
 * {@link fusedAdam_} of operators over lists, with the same rounding as that one has on other devices than the CPU. A captured step
 * can be replayed with other values of the two numbers that are tensors.
 */
export function capturableAdam_(
  parameters: Tensors,
  gradients: Tensors,
  means: Tensors,
  squares: Tensors,
  { betas: [beta1, beta2], eps, weightDecay, negativeStepSize, rootCorrection }: CapturableAdamOptions,
): void {
  const d = weightDecay === 0 ? gradients : foreachSub(gradients, parameters, -weightDecay);
  if (means.length > 0) {
    foreachMul_(means, beta1);
    foreachAdd_(means, d, 1 - beta1);
  }
  foreachMul_(squares, beta2);
  foreachAddcmul_(squares, d, d, 1 - beta2);
  const divisors = foreachSqrt(squares);
  foreachDiv_(
    divisors,
    divisors.map(() => rootCorrection),
  );
  foreachAdd_(divisors, eps);
  foreachAddcdiv_(parameters, foreachMul(means.length > 0 ? means : d, negativeStepSize), divisors);
}
