/** Many elements to fewer: sums, means, extremes, norms, sorting. `dims` left out means all. */
import { operator } from "./operator.ts";
import { PointwiseTensor } from "./pointwise.ts";
import type { Tensor } from "./tensor.ts";
import type { DType } from "./types.ts";

const sum = operator("aten::sum.dim_IntList(self, dim, keepdim, dtype)");
const mean = operator("aten::mean.dim(self, dim, keepdim, dtype)");
const variance = operator("aten::var.correction(self, dim, correction, keepdim)");
const std = operator("aten::std.correction(self, dim, correction, keepdim)");
const vectorNorm = operator("aten::linalg_vector_norm(self, ord, dim, keepdim)");
const amax = operator("aten::amax(self, dim, keepdim)");
const amin = operator("aten::amin(self, dim, keepdim)");
const argmax = operator("aten::argmax(self, dim, keepdim)");
const argmin = operator("aten::argmin(self, dim, keepdim)");
const logsumexp = operator("aten::logsumexp(self, dim, keepdim)");
const all = operator("aten::all(self)");
const allDim = operator("aten::all.dim(self, dim, keepdim)");
const any = operator("aten::any(self)");
const cumsum = operator("aten::cumsum(self, dim, dtype)");
const topk = operator<[Tensor, Tensor]>("aten::topk(self, k, dim, largest, sorted)");
const sort = operator<[Tensor, Tensor]>("aten::sort(self, dim, descending)");
const softmax = operator("aten::softmax.int(self, dim, dtype)");
const logSoftmax = operator("aten::log_softmax.int(self, dim, dtype)");
const bincount = operator("aten::bincount(self, weights, minlength)");

/** One dimension or several; negative ones count from the end. */
export type Dims = number | readonly number[];

function list(dims: Dims | undefined | null): readonly number[] | null {
  if (dims === undefined || dims === null) return null;
  return typeof dims === "number" ? [dims] : dims;
}

/** Options of {@link ReductionTensor.var}. */
export interface VarianceOptions {
  /** Subtracted from the count in the denominator: 1 is unbiased (default), 0 the population's. */
  readonly correction?: number;
  readonly keepdim?: boolean;
}

/** Methods of Tensor that reduce or order. */
export abstract class ReductionTensor extends PointwiseTensor {
  /** The sum; `dtype` accumulates and returns in another type. */
  sum(dims?: Dims | null, keepdim = false, dtype: DType | null = null): Tensor {
    return sum(this, list(dims), keepdim, dtype);
  }
  /** The arithmetic mean; `dtype` accumulates and returns in another type. */
  mean(dims?: Dims | null, keepdim = false, dtype: DType | null = null): Tensor {
    return mean(this, list(dims), keepdim, dtype);
  }
  /** The variance. */
  var(dims?: Dims | null, { correction = 1, keepdim = false }: VarianceOptions = {}): Tensor {
    return variance(this, list(dims), correction, keepdim);
  }
  /** The standard deviation. */
  std(dims?: Dims | null, { correction = 1, keepdim = false }: VarianceOptions = {}): Tensor {
    return std(this, list(dims), correction, keepdim);
  }
  /** (sum |x|^p)^(1/p) */
  norm(p = 2, dims?: Dims | null, keepdim = false): Tensor {
    return vectorNorm(this, p, list(dims), keepdim);
  }
  /** The largest element; gradients are shared among ties. */
  amax(dims?: Dims | null, keepdim = false): Tensor {
    return amax(this, list(dims) ?? [], keepdim);
  }
  /** The smallest element; gradients are shared among ties. */
  amin(dims?: Dims | null, keepdim = false): Tensor {
    return amin(this, list(dims) ?? [], keepdim);
  }
  /** The index of the largest element, int64. */
  argmax(dim: number | null = null, keepdim = false): Tensor {
    return argmax(this, dim, keepdim);
  }
  /** The index of the smallest element, int64. */
  argmin(dim: number | null = null, keepdim = false): Tensor {
    return argmin(this, dim, keepdim);
  }
  /** log(sum(e^self)), without overflow. */
  logsumexp(dims: Dims, keepdim = false): Tensor {
    return logsumexp(this, list(dims), keepdim);
  }
  /** Whether all elements are nonzero, of the tensor or along one dimension. */
  all(dim?: number, keepdim = false): Tensor {
    return dim === undefined ? all(this) : allDim(this, dim, keepdim);
  }
  /** Whether any element is nonzero. */
  any(): Tensor {
    return any(this);
  }
  /** Running sums along a dimension. */
  cumsum(dim: number): Tensor {
    return cumsum(this, dim);
  }
  /** The k largest (or smallest) elements along `dim` and their indices. NaN counts as the largest. */
  topk(k: number, dim = -1, largest = true, sorted = true): [Tensor, Tensor] {
    return topk(this, k, dim, largest, sorted);
  }
  /** Elements in order along `dim`, and where they stood. */
  sort(dim = -1, descending = false): [Tensor, Tensor] {
    return sort(this, dim, descending);
  }
  /** e^x / sum(e^x) along `dim`. */
  softmax(dim: number): Tensor {
    return softmax(this, dim);
  }
  /** log(softmax(x)) along `dim`, without overflow. */
  logSoftmax(dim: number): Tensor {
    return logSoftmax(this, dim);
  }
  /** How often each of 0, 1, 2 ... occurs in a vector of non-negative integers. */
  bincount(minlength = 0): Tensor {
    return bincount(this, null, minlength);
  }
}
