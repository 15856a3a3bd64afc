/** Element by element: arithmetic, functions, comparisons. Shapes broadcast as in PyTorch. */
import { TensorHandle } from "./handle.ts";
import { operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

const addTensor = operator("aten::add.Tensor(self, other, alpha)");
const addScalar = operator("aten::add.Scalar(self, other, alpha)");
const subTensor = operator("aten::sub.Tensor(self, other, alpha)");
const subScalar = operator("aten::sub.Scalar(self, other, alpha)");
const rsubScalar = operator("aten::rsub.Scalar(self, other, alpha)");
const mulTensor = operator("aten::mul.Tensor(self, other)");
const mulScalar = operator("aten::mul.Scalar(self, other)");
const divTensor = operator("aten::div.Tensor(self, other)");
const divScalar = operator("aten::div.Scalar(self, other)");
const powTensor = operator("aten::pow.Tensor_Tensor(self, exponent)");
const powScalar = operator("aten::pow.Tensor_Scalar(self, exponent)");
const neg = operator("aten::neg(self)");
const abs = operator("aten::abs(self)");
const sign = operator("aten::sign(self)");
const sqrt = operator("aten::sqrt(self)");
const rsqrt = operator("aten::rsqrt(self)");
const reciprocal = operator("aten::reciprocal(self)");
const square = operator("aten::square(self)");
const exp = operator("aten::exp(self)");
const expm1 = operator("aten::expm1(self)");
const log = operator("aten::log(self)");
const log1p = operator("aten::log1p(self)");
const sin = operator("aten::sin(self)");
const cos = operator("aten::cos(self)");
const floor = operator("aten::floor(self)");
const ceil = operator("aten::ceil(self)");
const round = operator("aten::round(self)");
const tanh = operator("aten::tanh(self)");
const sigmoid = operator("aten::sigmoid(self)");
const relu = operator("aten::relu(self)");
const leakyRelu = operator("aten::leaky_relu(self, negative_slope)");
const leakyReluBackward = operator("aten::leaky_relu_backward(grad_output, self, negative_slope, self_is_result)");
const elu = operator("aten::elu(self, alpha)");
const softplus = operator("aten::softplus(self, beta, threshold)");
const logSigmoid = operator("aten::log_sigmoid(self)");
const clamp = operator("aten::clamp(self, min, max)");
const maximum = operator("aten::maximum(self, other)");
const minimum = operator("aten::minimum(self, other)");
const lerpScalar = operator("aten::lerp.Scalar(self, end, weight)");
const eqTensor = operator("aten::eq.Tensor(self, other)");
const eqScalar = operator("aten::eq.Scalar(self, other)");
const neTensor = operator("aten::ne.Tensor(self, other)");
const neScalar = operator("aten::ne.Scalar(self, other)");
const ltTensor = operator("aten::lt.Tensor(self, other)");
const ltScalar = operator("aten::lt.Scalar(self, other)");
const leTensor = operator("aten::le.Tensor(self, other)");
const leScalar = operator("aten::le.Scalar(self, other)");
const gtTensor = operator("aten::gt.Tensor(self, other)");
const gtScalar = operator("aten::gt.Scalar(self, other)");
const geTensor = operator("aten::ge.Tensor(self, other)");
const geScalar = operator("aten::ge.Scalar(self, other)");
const isfinite = operator("aten::isfinite(self)");
const isnan = operator("aten::isnan(self)");
const logicalNot = operator("aten::logical_not(self)");
const logicalAnd = operator("aten::logical_and(self, other)");
const dropout = operator("aten::dropout(input, p, train)");

/** Element-wise methods of Tensor. */
export abstract class PointwiseTensor extends TensorHandle {
  /** self + alpha * other */
  add(other: Tensor | number, alpha = 1): Tensor {
    return typeof other === "number" ? addScalar(this, other, alpha) : addTensor(this, other, alpha);
  }
  /** self - alpha * other */
  sub(other: Tensor | number, alpha = 1): Tensor {
    return typeof other === "number" ? subScalar(this, other, alpha) : subTensor(this, other, alpha);
  }
  /** other - alpha * self, for a number on the left. */
  rsub(other: number, alpha = 1): Tensor {
    return rsubScalar(this, other, alpha);
  }
  /** self * other */
  mul(other: Tensor | number): Tensor {
    return typeof other === "number" ? mulScalar(this, other) : mulTensor(this, other);
  }
  /** self / other, a real division also for integers. */
  div(other: Tensor | number): Tensor {
    return typeof other === "number" ? divScalar(this, other) : divTensor(this, other);
  }
  /** self ^ exponent */
  pow(exponent: Tensor | number): Tensor {
    return typeof exponent === "number" ? powScalar(this, exponent) : powTensor(this, exponent);
  }
  /** -self */
  neg(): Tensor {
    return neg(this);
  }
  /** |self| */
  abs(): Tensor {
    return abs(this);
  }
  /** -1, 0 or 1 */
  sign(): Tensor {
    return sign(this);
  }
  /** The square root. */
  sqrt(): Tensor {
    return sqrt(this);
  }
  /** 1 / sqrt(self) */
  rsqrt(): Tensor {
    return rsqrt(this);
  }
  /** 1 / self */
  reciprocal(): Tensor {
    return reciprocal(this);
  }
  /** self^2 */
  square(): Tensor {
    return square(this);
  }
  /** e^self */
  exp(): Tensor {
    return exp(this);
  }
  /** e^self - 1, accurate near 0. */
  expm1(): Tensor {
    return expm1(this);
  }
  /** The natural logarithm. */
  log(): Tensor {
    return log(this);
  }
  /** log(1 + self), accurate near 0. */
  log1p(): Tensor {
    return log1p(this);
  }
  /** The sine of radians. */
  sin(): Tensor {
    return sin(this);
  }
  /** The cosine of radians. */
  cos(): Tensor {
    return cos(this);
  }
  /** The largest whole number not above self. */
  floor(): Tensor {
    return floor(this);
  }
  /** The smallest whole number not below self. */
  ceil(): Tensor {
    return ceil(this);
  }
  /** The nearest whole number, halves to even. */
  round(): Tensor {
    return round(this);
  }
  /** The hyperbolic tangent. */
  tanh(): Tensor {
    return tanh(this);
  }
  /** 1 / (1 + e^-self) */
  sigmoid(): Tensor {
    return sigmoid(this);
  }
  /** max(0, self) */
  relu(): Tensor {
    return relu(this);
  }
  /** self where positive, else negativeSlope * self. */
  leakyRelu(negativeSlope = 0.01): Tensor {
    return leakyRelu(this, negativeSlope);
  }
  /** The gradient self at a leaky ReLU's output, taken back to its input; `result` is what the leaky ReLU gave. */
  leakyReluBackward(result: Tensor, negativeSlope = 0.01): Tensor {
    return leakyReluBackward(this, result, negativeSlope, true);
  }
  /** self where positive, else alpha * (e^self - 1). */
  elu(alpha = 1): Tensor {
    return elu(this, alpha);
  }
  /** log(1 + e^(beta self)) / beta; linear where beta * self exceeds the threshold. */
  softplus(beta = 1, threshold = 20): Tensor {
    return softplus(this, beta, threshold);
  }
  /** log(sigmoid(self)), without overflow. */
  logSigmoid(): Tensor {
    return logSigmoid(this);
  }
  /** Limits every element to [min, max]; null leaves a side open. */
  clamp(min: number | null, max: number | null = null): Tensor {
    return clamp(this, min, max);
  }
  /** max(self, min) with a number. */
  clampMin(min: number): Tensor {
    return clamp(this, min, null);
  }
  /** The larger of two, element by element. */
  maximum(other: Tensor): Tensor {
    return maximum(this, other);
  }
  /** The smaller of two, element by element. */
  minimum(other: Tensor): Tensor {
    return minimum(this, other);
  }
  /** self + weight * (end - self) */
  lerp(end: Tensor, weight: number): Tensor {
    return lerpScalar(this, end, weight);
  }
  /** self == other, as bool. */
  eq(other: Tensor | number): Tensor {
    return typeof other === "number" ? eqScalar(this, other) : eqTensor(this, other);
  }
  /** self != other, as bool. */
  ne(other: Tensor | number): Tensor {
    return typeof other === "number" ? neScalar(this, other) : neTensor(this, other);
  }
  /** self < other, as bool. */
  lt(other: Tensor | number): Tensor {
    return typeof other === "number" ? ltScalar(this, other) : ltTensor(this, other);
  }
  /** self <= other, as bool. */
  le(other: Tensor | number): Tensor {
    return typeof other === "number" ? leScalar(this, other) : leTensor(this, other);
  }
  /** self > other, as bool. */
  gt(other: Tensor | number): Tensor {
    return typeof other === "number" ? gtScalar(this, other) : gtTensor(this, other);
  }
  /** self >= other, as bool. */
  ge(other: Tensor | number): Tensor {
    return typeof other === "number" ? geScalar(this, other) : geTensor(this, other);
  }
  /** Neither infinite nor NaN, as bool. */
  isfinite(): Tensor {
    return isfinite(this);
  }
  /** NaN, as bool. */
  isnan(): Tensor {
    return isnan(this);
  }
  /** True where self is 0 or false. */
  logicalNot(): Tensor {
    return logicalNot(this);
  }
  /** True where both are nonzero. */
  logicalAnd(other: Tensor): Tensor {
    return logicalAnd(this, other);
  }
  /** Zeroes elements with probability p and scales the rest by 1/(1-p) when training; draws from the default generator. */
  dropout(p = 0.5, train = true): Tensor {
    return dropout(this, p, train);
  }
}
