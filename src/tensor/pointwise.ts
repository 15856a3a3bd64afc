/** Element by element: arithmetic, functions, comparisons, activations. Shapes broadcast as in PyTorch. */
import { method, operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

const round = operator("aten::round(self)");
const roundDecimals = operator("aten::round.decimals(self, decimals)");
const divMode = operator("aten::div.Tensor_mode(self, other, rounding_mode)");
const divScalarMode = operator("aten::div.Scalar_mode(self, other, rounding_mode)");
const clampNumber = operator("aten::clamp(self, min, max)");
const clampTensor = operator("aten::clamp.Tensor(self, min, max)");
const lerpScalar = operator("aten::lerp.Scalar(self, end, weight)");
const lerpTensor = operator("aten::lerp.Tensor(self, end, weight)");
const divTensor = operator("aten::div.Tensor(self, other)");
const divScalar = operator("aten::div.Scalar(self, other)");
const dropout = operator("aten::dropout(input, p, train)");
const alphaDropout = operator("aten::alpha_dropout(input, p, train)");
const featureDropout = operator("aten::feature_dropout(input, p, train)");

/** Element-wise methods of Tensor. */
export const pointwise = {
  /** self + alpha * other; alpha is 1 unless given. */
  add: method<(other: Tensor | number, alpha?: number) => Tensor>("aten::add.Tensor|Scalar(self, other, alpha)"),
  /** self - alpha * other; alpha is 1 unless given. */
  sub: method<(other: Tensor | number, alpha?: number) => Tensor>("aten::sub.Tensor|Scalar(self, other, alpha)"),
  /** other - alpha * self. */
  rsub: method<(other: Tensor | number, alpha?: number) => Tensor>("aten::rsub.Tensor|Scalar(self, other, alpha)"),
  /** self * other */
  mul: method<(other: Tensor | number) => Tensor>("aten::mul.Tensor|Scalar(self, other)"),
  /** self / other, a real division also for integers; `roundingMode` "trunc" rounds towards 0, "floor" down. */
  div(this: Tensor, other: Tensor | number, roundingMode?: "trunc" | "floor" | null): Tensor {
    if (roundingMode) return (typeof other === "number" ? divScalarMode : divMode)(this, other, roundingMode);
    return typeof other === "number" ? divScalar(this, other) : divTensor(this, other);
  },
  /** The quotient rounded down. */
  floorDivide(this: Tensor, other: Tensor | number): Tensor {
    return this.div(other, "floor");
  },
  /** What is left of the quotient rounded down: it has the sign of the divisor, as % of Python. */
  remainder: method<(other: Tensor | number) => Tensor>("aten::remainder.Tensor|Scalar(self, other)"),
  /** What is left of the quotient rounded towards 0: it has the sign of the dividend, as % of JavaScript. */
  fmod: method<(other: Tensor | number) => Tensor>("aten::fmod.Tensor|Scalar(self, other)"),
  /** self ^ exponent */
  pow: method<(exponent: Tensor | number) => Tensor>("aten::pow.Tensor_Tensor|Tensor_Scalar(self, exponent)"),
  /** self + value * tensor1 * tensor2; value is 1 unless given. */
  addcmul: method<(tensor1: Tensor, tensor2: Tensor, value?: number) => Tensor>(
    "aten::addcmul(self, tensor1, tensor2, value)",
  ),
  /** self + value * tensor1 / tensor2; value is 1 unless given. */
  addcdiv: method<(tensor1: Tensor, tensor2: Tensor, value?: number) => Tensor>(
    "aten::addcdiv(self, tensor1, tensor2, value)",
  ),
  /** self + weight * (end - self) */
  lerp(this: Tensor, end: Tensor, weight: Tensor | number): Tensor {
    return (typeof weight === "number" ? lerpScalar : lerpTensor)(this, end, weight);
  },
  /** -self */
  neg: method<() => Tensor>("aten::neg(self)"),
  /** |self| */
  abs: method<() => Tensor>("aten::abs(self)"),
  /** -1, 0 or 1 */
  sign: method<() => Tensor>("aten::sign(self)"),
  /** The sign bit is set, as bool: true for -0. */
  signbit: method<() => Tensor>("aten::signbit(self)"),
  /** |self| with the sign of other. */
  copysign: method<(other: Tensor | number) => Tensor>("aten::copysign.Tensor|Scalar(self, other)"),
  /** 0 where negative, 1 where positive, `values` where 0. */
  heaviside: method<(values: Tensor) => Tensor>("aten::heaviside(self, values)"),
  /** The square root. */
  sqrt: method<() => Tensor>("aten::sqrt(self)"),
  /** 1 / sqrt(self) */
  rsqrt: method<() => Tensor>("aten::rsqrt(self)"),
  /** 1 / self */
  reciprocal: method<() => Tensor>("aten::reciprocal(self)"),
  /** self^2 */
  square: method<() => Tensor>("aten::square(self)"),
  /** sqrt(self^2 + other^2) */
  hypot: method<(other: Tensor) => Tensor>("aten::hypot(self, other)"),
  /** e^self */
  exp: method<() => Tensor>("aten::exp(self)"),
  /** 2^self */
  exp2: method<() => Tensor>("aten::exp2(self)"),
  /** e^self - 1, accurate near 0. */
  expm1: method<() => Tensor>("aten::expm1(self)"),
  /** The natural logarithm. */
  log: method<() => Tensor>("aten::log(self)"),
  /** The logarithm to base 2. */
  log2: method<() => Tensor>("aten::log2(self)"),
  /** The logarithm to base 10. */
  log10: method<() => Tensor>("aten::log10(self)"),
  /** log(1 + self), accurate near 0. */
  log1p: method<() => Tensor>("aten::log1p(self)"),
  /** log(e^self + e^other), without overflow. */
  logaddexp: method<(other: Tensor) => Tensor>("aten::logaddexp(self, other)"),
  /** log2(2^self + 2^other), without overflow. */
  logaddexp2: method<(other: Tensor) => Tensor>("aten::logaddexp2(self, other)"),
  /** self * log(other), 0 where self is 0. */
  xlogy: method<(other: Tensor | number) => Tensor>("aten::xlogy.Tensor|Scalar_Other(self, other)"),
  /** log(self / (1 - self)); `eps` limits self to [eps, 1 - eps] first. */
  logit: method<(eps?: number | null) => Tensor>("aten::logit(self, eps)"),
  /** The sine of radians. */
  sin: method<() => Tensor>("aten::sin(self)"),
  /** The cosine of radians. */
  cos: method<() => Tensor>("aten::cos(self)"),
  /** The tangent of radians. */
  tan: method<() => Tensor>("aten::tan(self)"),
  /** The angle whose sine is self, -pi/2 to pi/2. */
  asin: method<() => Tensor>("aten::asin(self)"),
  /** The angle whose cosine is self, 0 to pi. */
  acos: method<() => Tensor>("aten::acos(self)"),
  /** The angle whose tangent is self, -pi/2 to pi/2. */
  atan: method<() => Tensor>("aten::atan(self)"),
  /** The angle of the point (x = other, y = self), -pi to pi. */
  atan2: method<(other: Tensor) => Tensor>("aten::atan2(self, other)"),
  /** The hyperbolic sine. */
  sinh: method<() => Tensor>("aten::sinh(self)"),
  /** The hyperbolic cosine. */
  cosh: method<() => Tensor>("aten::cosh(self)"),
  /** The hyperbolic tangent. */
  tanh: method<() => Tensor>("aten::tanh(self)"),
  /** The inverse of sinh. */
  asinh: method<() => Tensor>("aten::asinh(self)"),
  /** The inverse of cosh. */
  acosh: method<() => Tensor>("aten::acosh(self)"),
  /** The inverse of tanh. */
  atanh: method<() => Tensor>("aten::atanh(self)"),
  /** sin(pi self) / (pi self), 1 at 0. */
  sinc: method<() => Tensor>("aten::sinc(self)"),
  /** Degrees as radians. */
  deg2rad: method<() => Tensor>("aten::deg2rad(self)"),
  /** Radians as degrees. */
  rad2deg: method<() => Tensor>("aten::rad2deg(self)"),
  /** The error function. */
  erf: method<() => Tensor>("aten::erf(self)"),
  /** 1 - erf(self), accurate where that is small. */
  erfc: method<() => Tensor>("aten::erfc(self)"),
  /** The inverse of erf. */
  erfinv: method<() => Tensor>("aten::erfinv(self)"),
  /** log |Gamma(self)| */
  lgamma: method<() => Tensor>("aten::lgamma(self)"),
  /** The derivative of lgamma. */
  digamma: method<() => Tensor>("aten::digamma(self)"),
  /** The largest whole number not above self. */
  floor: method<() => Tensor>("aten::floor(self)"),
  /** The smallest whole number not below self. */
  ceil: method<() => Tensor>("aten::ceil(self)"),
  /** The nearest whole number, halves to even; or the nearest number with that many decimals. */
  round(this: Tensor, decimals = 0): Tensor {
    return decimals === 0 ? round(this) : roundDecimals(this, decimals);
  },
  /** The whole number next to self towards 0. */
  trunc: method<() => Tensor>("aten::trunc(self)"),
  /** self - trunc(self) */
  frac: method<() => Tensor>("aten::frac(self)"),
  /** NaN as `nan` (0), infinities as `posinf` and `neginf` (the dtype's extremes). */
  nanToNum: method<(nan?: number | null, posinf?: number | null, neginf?: number | null) => Tensor>(
    "aten::nan_to_num(self, nan, posinf, neginf)",
  ),
  /** Limits every element to [min, max], numbers or two tensors; null leaves a side open. */
  clamp(this: Tensor, min: Tensor | number | null, max: Tensor | number | null = null): Tensor {
    return (typeof (min ?? max) === "object" ? clampTensor : clampNumber)(this, min, max);
  },
  /** max(self, min) */
  clampMin(this: Tensor, min: Tensor | number): Tensor {
    return this.clamp(min);
  },
  /** min(self, max) */
  clampMax(this: Tensor, max: Tensor | number): Tensor {
    return this.clamp(null, max);
  },
  /** The larger of two; NaN where either is. */
  maximum: method<(other: Tensor) => Tensor>("aten::maximum(self, other)"),
  /** The smaller of two; NaN where either is. */
  minimum: method<(other: Tensor) => Tensor>("aten::minimum(self, other)"),
  /** The larger of two; where one is NaN, the other. */
  fmax: method<(other: Tensor) => Tensor>("aten::fmax(self, other)"),
  /** The smaller of two; where one is NaN, the other. */
  fmin: method<(other: Tensor) => Tensor>("aten::fmin(self, other)"),
  /** self == other, as bool. */
  eq: method<(other: Tensor | number) => Tensor>("aten::eq.Tensor|Scalar(self, other)"),
  /** self != other, as bool. */
  ne: method<(other: Tensor | number) => Tensor>("aten::ne.Tensor|Scalar(self, other)"),
  /** self < other, as bool. */
  lt: method<(other: Tensor | number) => Tensor>("aten::lt.Tensor|Scalar(self, other)"),
  /** self <= other, as bool. */
  le: method<(other: Tensor | number) => Tensor>("aten::le.Tensor|Scalar(self, other)"),
  /** self > other, as bool. */
  gt: method<(other: Tensor | number) => Tensor>("aten::gt.Tensor|Scalar(self, other)"),
  /** self >= other, as bool. */
  ge: method<(other: Tensor | number) => Tensor>("aten::ge.Tensor|Scalar(self, other)"),
  /** |self - other| <= atol + rtol |other|, as bool; rtol 1e-5 and atol 1e-8 unless given. */
  isclose: method<(other: Tensor, rtol?: number, atol?: number, equalNan?: boolean) => Tensor>(
    "aten::isclose(self, other, rtol, atol, equal_nan)",
  ),
  /** Neither infinite nor NaN, as bool. */
  isfinite: method<() => Tensor>("aten::isfinite(self)"),
  /** Infinite, as bool. */
  isinf: method<() => Tensor>("aten::isinf(self)"),
  /** NaN, as bool. */
  isnan: method<() => Tensor>("aten::isnan(self)"),
  /** True where self is 0 or false. */
  logicalNot: method<() => Tensor>("aten::logical_not(self)"),
  /** True where both are nonzero. */
  logicalAnd: method<(other: Tensor) => Tensor>("aten::logical_and(self, other)"),
  /** True where either is nonzero. */
  logicalOr: method<(other: Tensor) => Tensor>("aten::logical_or(self, other)"),
  /** True where one of both is nonzero. */
  logicalXor: method<(other: Tensor) => Tensor>("aten::logical_xor(self, other)"),
  /** The bits of both; of bool: not. */
  bitwiseNot: method<() => Tensor>("aten::bitwise_not(self)"),
  /** The bits that both have; of bool: and. */
  bitwiseAnd: method<(other: Tensor | number) => Tensor>("aten::bitwise_and.Tensor|Scalar(self, other)"),
  /** The bits that either has; of bool: or. */
  bitwiseOr: method<(other: Tensor | number) => Tensor>("aten::bitwise_or.Tensor|Scalar(self, other)"),
  /** The bits that one of both has; of bool: exclusive or. */
  bitwiseXor: method<(other: Tensor | number) => Tensor>("aten::bitwise_xor.Tensor|Scalar(self, other)"),

  /** 1 / (1 + e^-self) */
  sigmoid: method<() => Tensor>("aten::sigmoid(self)"),
  /** log(sigmoid(self)), without overflow. */
  logSigmoid: method<() => Tensor>("aten::log_sigmoid(self)"),
  /** max(0, self) */
  relu: method<() => Tensor>("aten::relu(self)"),
  /** min(max(0, self), 6) */
  relu6: method<() => Tensor>("aten::relu6(self)"),
  /** self where positive, else negativeSlope * self; the slope is 0.01 unless given. */
  leakyRelu: method<(negativeSlope?: number) => Tensor>("aten::leaky_relu(self, negative_slope)"),
  /** self where positive, else weight * self, with one weight or one for each channel (dimension 1). */
  prelu: method<(weight: Tensor) => Tensor>("aten::prelu(self, weight)"),
  /** self where positive, else alpha * (e^self - 1); alpha is 1 unless given. */
  elu: method<(alpha?: number) => Tensor>("aten::elu(self, alpha)"),
  /** ELU with the constants that keep mean 0 and variance 1; Klambauer et al. 2017. */
  selu: method<() => Tensor>("aten::selu(self)"),
  /** self where positive, else alpha * (e^(self / alpha) - 1); alpha is 1 unless given. */
  celu: method<(alpha?: number) => Tensor>("aten::celu(self, alpha)"),
  /** self * Phi(self), with the normal distribution's Phi or ("tanh") its approximation; Hendrycks and Gimpel 2016. */
  gelu: method<(approximate?: "none" | "tanh") => Tensor>("aten::gelu(self, approximate)"),
  /** self * sigmoid(self), also called swish. */
  silu: method<() => Tensor>("aten::silu(self)"),
  /** self * tanh(softplus(self)) */
  mish: method<() => Tensor>("aten::mish(self)"),
  /** log(1 + e^(beta self)) / beta; linear where beta * self exceeds the threshold. Beta 1 and threshold 20 unless given. */
  softplus: method<(beta?: number, threshold?: number) => Tensor>("aten::softplus(self, beta, threshold)"),
  /** self / (1 + |self|) */
  softsign(this: Tensor): Tensor {
    return this.div(this.abs().add(1));
  },
  /** self limited to [minVal, maxVal], -1 and 1 unless given. */
  hardtanh: method<(minVal?: number, maxVal?: number) => Tensor>("aten::hardtanh(self, min_val, max_val)"),
  /** relu6(self + 3) / 6; libtorch 1.13 has no second derivative of it. */
  hardsigmoid: method<() => Tensor>("aten::hardsigmoid(self)"),
  /** self * hardsigmoid(self) */
  hardswish: method<() => Tensor>("aten::hardswish(self)"),
  /** 0 where |self| <= lambd (0.5 unless given), else self. */
  hardshrink: method<(lambd?: number) => Tensor>("aten::hardshrink(self, lambd)"),
  /** self moved towards 0 by lambd (0.5 unless given), 0 where it would cross. */
  softshrink: method<(lambd?: number) => Tensor>("aten::softshrink(self, lambd)"),
  /** self - tanh(self) */
  tanhshrink(this: Tensor): Tensor {
    return this.sub(this.tanh());
  },
  /** self where above `threshold`, else `value`. */
  threshold: method<(threshold: number, value: number) => Tensor>("aten::threshold(self, threshold, value)"),
  /** The first half along `dim` (the last unless given) times the sigmoid of the second; Dauphin et al. 2017. */
  glu: method<(dim?: number) => Tensor>("aten::glu(self, dim)"),
  /** Zeroes elements with probability p and scales the rest by 1/(1-p) when training; draws from the default generator. */
  dropout(this: Tensor, p = 0.5, train = true): Tensor {
    return dropout(this, p, train);
  },
  /** As {@link dropout}, for whole channels: [N, C, ...]. */
  featureDropout(this: Tensor, p = 0.5, train = true): Tensor {
    return featureDropout(this, p, train);
  },
  /** As {@link dropout}, keeping mean 0 and variance 1 behind {@link selu}. */
  alphaDropout(this: Tensor, p = 0.5, train = true): Tensor {
    return alphaDropout(this, p, train);
  },
};
