/** Operators that change a tensor's own memory and return it; named with a trailing underscore as in PyTorch. */

import type { ProductOptions } from "./linear-algebra.ts";
import { checked, method, operator } from "./operator.ts";
import type { Generator } from "./random.ts";
import type { Tensor } from "./tensor.ts";

const addmm = operator("aten::addmm_(self, mat1, mat2, beta, alpha)");
const clamp = operator("aten::clamp_(self, min, max)");
const lerp = operator("aten::lerp_.Scalar(self, end, weight)");
const lerpTensor = operator("aten::lerp_.Tensor(self, end, weight)");
const bernoulli = operator("aten::bernoulli_.float(self, p, generator)");
const randomBelow = operator("aten::random_.from(self, from, to, generator)");

type Stream = Generator | null;

/** Methods of Tensor that write into it. */
export const inplace = {
  /** Takes over the values of another tensor, converted and broadcast. */
  copy_: method<(src: Tensor) => Tensor>("aten::copy_(self, src)"),
  /** Sets every element to a number, or to that of a tensor without dimensions. */
  fill_: method<(value: Tensor | number) => Tensor>("aten::fill_.Tensor|Scalar(self, value)"),
  /** Sets every element to 0. */
  zero_: method<() => Tensor>("aten::zero_(self)"),
  /** self += alpha * other; alpha is 1 unless given. */
  add_: method<(other: Tensor | number, alpha?: number) => Tensor>("aten::add_.Tensor|Scalar(self, other, alpha)"),
  /** self -= alpha * other; alpha is 1 unless given. */
  sub_: method<(other: Tensor | number, alpha?: number) => Tensor>("aten::sub_.Tensor|Scalar(self, other, alpha)"),
  /** self *= other */
  mul_: method<(other: Tensor | number) => Tensor>("aten::mul_.Tensor|Scalar(self, other)"),
  /** self /= other */
  div_: method<(other: Tensor | number) => Tensor>("aten::div_.Tensor|Scalar(self, other)"),
  /** self = self ^ exponent */
  pow_: method<(exponent: Tensor | number) => Tensor>("aten::pow_.Tensor|Scalar(self, exponent)"),
  /** self = what is left of self / other rounded down. */
  remainder_: method<(other: Tensor | number) => Tensor>("aten::remainder_.Tensor|Scalar(self, other)"),
  /** self += value * tensor1 * tensor2; value is 1 unless given. */
  addcmul_: method<(tensor1: Tensor, tensor2: Tensor, value?: number) => Tensor>(
    "aten::addcmul_(self, tensor1, tensor2, value)",
  ),
  /** self += value * tensor1 / tensor2; value is 1 unless given. */
  addcdiv_: method<(tensor1: Tensor, tensor2: Tensor, value?: number) => Tensor>(
    "aten::addcdiv_(self, tensor1, tensor2, value)",
  ),
  /** self = beta * self + alpha * mat1 mat2 */
  addmm_(this: Tensor, mat1: Tensor, mat2: Tensor, options: ProductOptions = {}): Tensor {
    const { beta = 1, alpha = 1 } = checked("addmm_", options, "beta", "alpha");
    return addmm(this, mat1, mat2, beta, alpha);
  },
  /** self += weight * (end - self) */
  lerp_(this: Tensor, end: Tensor, weight: Tensor | number): Tensor {
    return (typeof weight === "number" ? lerp : lerpTensor)(this, end, weight);
  },
  /** self = -self */
  neg_: method<() => Tensor>("aten::neg_(self)"),
  /** self = |self| */
  abs_: method<() => Tensor>("aten::abs_(self)"),
  /** self = sign(self) */
  sign_: method<() => Tensor>("aten::sign_(self)"),
  /** self = sqrt(self) */
  sqrt_: method<() => Tensor>("aten::sqrt_(self)"),
  /** self = 1 / sqrt(self) */
  rsqrt_: method<() => Tensor>("aten::rsqrt_(self)"),
  /** self = 1 / self */
  reciprocal_: method<() => Tensor>("aten::reciprocal_(self)"),
  /** self = self^2 */
  square_: method<() => Tensor>("aten::square_(self)"),
  /** self = e^self */
  exp_: method<() => Tensor>("aten::exp_(self)"),
  /** self = log(self) */
  log_: method<() => Tensor>("aten::log_(self)"),
  /** self = sin(self) */
  sin_: method<() => Tensor>("aten::sin_(self)"),
  /** self = cos(self) */
  cos_: method<() => Tensor>("aten::cos_(self)"),
  /** self = tanh(self) */
  tanh_: method<() => Tensor>("aten::tanh_(self)"),
  /** self = sigmoid(self) */
  sigmoid_: method<() => Tensor>("aten::sigmoid_(self)"),
  /** self = max(0, self) */
  relu_: method<() => Tensor>("aten::relu_(self)"),
  /** self = self where positive, else negativeSlope * self; the slope is 0.01 unless given. */
  leakyRelu_: method<(negativeSlope?: number) => Tensor>("aten::leaky_relu_(self, negative_slope)"),
  /** self = the largest whole number not above self. */
  floor_: method<() => Tensor>("aten::floor_(self)"),
  /** self = the smallest whole number not below self. */
  ceil_: method<() => Tensor>("aten::ceil_(self)"),
  /** self = the nearest whole number, halves to even. */
  round_: method<() => Tensor>("aten::round_(self)"),
  /** self = the whole number next to self towards 0. */
  trunc_: method<() => Tensor>("aten::trunc_(self)"),
  /** Limits every element to [min, max]; null leaves a side open. */
  clamp_(this: Tensor, min: number | null, max: number | null = null): Tensor {
    return clamp(this, min, max);
  },
  /** self = max(self, min) */
  clampMin_(this: Tensor, min: number): Tensor {
    return clamp(this, min, null);
  },
  /** self = min(self, max) */
  clampMax_(this: Tensor, max: number): Tensor {
    return clamp(this, null, max);
  },
  /** Sets the entries above the `diagonal`-th diagonal to 0. */
  tril_: method<(diagonal?: number) => Tensor>("aten::tril_(self, diagonal)"),
  /** Sets the entries below the `diagonal`-th diagonal to 0. */
  triu_: method<(diagonal?: number) => Tensor>("aten::triu_(self, diagonal)"),
  /** Draws every element from a normal distribution, mean 0 and std 1 unless given. */
  normal_: method<(mean?: number, std?: number, generator?: Stream) => Tensor>(
    "aten::normal_(self, mean, std, generator)",
  ),
  /** Draws every element evenly from [from, to), 0 and 1 unless given. */
  uniform_: method<(from?: number, to?: number, generator?: Stream) => Tensor>(
    "aten::uniform_(self, from, to, generator)",
  ),
  /** Sets every element to 1 with probability p, else to 0. */
  bernoulli_(this: Tensor, p = 0.5, generator: Stream = null): Tensor {
    return bernoulli(this, p, generator);
  },
  /** Draws every element from the exponential distribution with rate `lambd` (1). */
  exponential_: method<(lambd?: number, generator?: Stream) => Tensor>("aten::exponential_(self, lambd, generator)"),
  /** Draws every element from the Cauchy distribution, median 0 and half width 1 unless given. */
  cauchy_: method<(median?: number, sigma?: number, generator?: Stream) => Tensor>(
    "aten::cauchy_(self, median, sigma, generator)",
  ),
  /** Draws every element so that its logarithm is normal, with mean 1 and std 2 unless given. */
  logNormal_: method<(mean?: number, std?: number, generator?: Stream) => Tensor>(
    "aten::log_normal_(self, mean, std, generator)",
  ),
  /** Draws for every element how often a coin with probability p is thrown until it shows heads: 1, 2 ... */
  geometric_: method<(p: number, generator?: Stream) => Tensor>("aten::geometric_(self, p, generator)"),
  /** Draws every element from the whole numbers from `from` to `to` - 1. */
  random_(this: Tensor, from: number, to: number, generator: Stream = null): Tensor {
    return randomBelow(this, from, to, generator);
  },
};
