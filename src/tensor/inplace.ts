/** Operators that change a tensor's own memory and return it; named with a trailing underscore as in PyTorch. */

import { LayersTensor } from "./layers.ts";
import { operator } from "./operator.ts";
import type { Generator } from "./random.ts";
import type { Tensor } from "./tensor.ts";

const copy = operator("aten::copy_(self, src)");
const fill = operator("aten::fill_.Scalar(self, value)");
const zero = operator("aten::zero_(self)");
const indexCopy = operator("aten::index_copy_(self, dim, index, source)");
const addTensor = operator("aten::add_.Tensor(self, other, alpha)");
const addScalar = operator("aten::add_.Scalar(self, other, alpha)");
const subTensor = operator("aten::sub_.Tensor(self, other, alpha)");
const mulTensor = operator("aten::mul_.Tensor(self, other)");
const mulScalar = operator("aten::mul_.Scalar(self, other)");
const divTensor = operator("aten::div_.Tensor(self, other)");
const divScalar = operator("aten::div_.Scalar(self, other)");
const addcmul = operator("aten::addcmul_(self, tensor1, tensor2, value)");
const addcdiv = operator("aten::addcdiv_(self, tensor1, tensor2, value)");
const addmm = operator("aten::addmm_(self, mat1, mat2, beta, alpha)");
const lerp = operator("aten::lerp_.Scalar(self, end, weight)");
const sqrt = operator("aten::sqrt_(self)");
const clamp = operator("aten::clamp_(self, min, max)");
const relu = operator("aten::relu_(self)");
const leakyRelu = operator("aten::leaky_relu_(self, negative_slope)");
const normal = operator("aten::normal_(self, mean, std, generator)");
const uniform = operator("aten::uniform_(self, from, to, generator)");
const bernoulli = operator("aten::bernoulli_.float(self, p, generator)");

/** Methods of Tensor that write into it. */
export abstract class InPlaceTensor extends LayersTensor {
  /** Takes over the values of another tensor, converted and broadcast. */
  copy_(src: Tensor): Tensor {
    return copy(this, src);
  }
  /** Sets every element to a number. */
  fill_(value: number): Tensor {
    return fill(this, value);
  }
  /** Sets every element to 0. */
  zero_(): Tensor {
    return zero(this);
  }
  /** self += alpha * other */
  add_(other: Tensor | number, alpha = 1): Tensor {
    return typeof other === "number" ? addScalar(this, other, alpha) : addTensor(this, other, alpha);
  }
  /** self -= alpha * other */
  sub_(other: Tensor, alpha = 1): Tensor {
    return subTensor(this, other, alpha);
  }
  /** self *= other */
  mul_(other: Tensor | number): Tensor {
    return typeof other === "number" ? mulScalar(this, other) : mulTensor(this, other);
  }
  /** self /= other */
  div_(other: Tensor | number): Tensor {
    return typeof other === "number" ? divScalar(this, other) : divTensor(this, other);
  }
  /** self += value * tensor1 * tensor2 */
  addcmul_(tensor1: Tensor, tensor2: Tensor, value = 1): Tensor {
    return addcmul(this, tensor1, tensor2, value);
  }
  /** self = beta * self + alpha * mat1 mat2 */
  addmm_(mat1: Tensor, mat2: Tensor, { beta = 1, alpha = 1 }: { beta?: number; alpha?: number } = {}): Tensor {
    return addmm(this, mat1, mat2, beta, alpha);
  }
  /** self += value * tensor1 / tensor2 */
  addcdiv_(tensor1: Tensor, tensor2: Tensor, value = 1): Tensor {
    return addcdiv(this, tensor1, tensor2, value);
  }
  /** self += weight * (end - self) */
  lerp_(end: Tensor, weight: number): Tensor {
    return lerp(this, end, weight);
  }
  /** self = sqrt(self) */
  sqrt_(): Tensor {
    return sqrt(this);
  }
  /** Writes `source` over the entries of `dim` that `index` (int64 vector, each at most once) names. */
  indexCopy_(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexCopy(this, dim, index, source);
  }
  /** Limits every element to [min, max]; null leaves a side open. */
  clamp_(min: number | null, max: number | null = null): Tensor {
    return clamp(this, min, max);
  }
  /** self = max(0, self) */
  relu_(): Tensor {
    return relu(this);
  }
  /** self = self where positive, else negativeSlope * self. */
  leakyRelu_(negativeSlope = 0.01): Tensor {
    return leakyRelu(this, negativeSlope);
  }
  /** Draws every element from a normal distribution. */
  normal_(mean = 0, std = 1, generator: Generator | null = null): Tensor {
    return normal(this, mean, std, generator);
  }
  /** Draws every element evenly from [from, to). */
  uniform_(from = 0, to = 1, generator: Generator | null = null): Tensor {
    return uniform(this, from, to, generator);
  }
  /** Sets every element to 1 with probability p, else to 0. */
  bernoulli_(p = 0.5, generator: Generator | null = null): Tensor {
    return bernoulli(this, p, generator);
  }
}
