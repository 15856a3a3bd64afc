/** Many elements to fewer: sums, means, extremes, norms; and what orders or counts them. `dims` left out means all. */
import { checked, either, method, operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";
import type { DType } from "./types.ts";

const variance = operator("aten::var.correction(self, dim, correction, keepdim)");
const std = operator("aten::std.correction(self, dim, correction, keepdim)");
const varMean = operator<[Tensor, Tensor]>("aten::var_mean.correction(self, dim, correction, keepdim)");
const prod = operator("aten::prod(self, dtype)");
const prodDim = operator("aten::prod.dim_int(self, dim, keepdim, dtype)");
const quantile = operator("aten::quantile(self, q, dim, keepdim, interpolation)");
const quantileNumber = operator("aten::quantile.scalar(self, q, dim, keepdim, interpolation)");
const countNonzero = operator("aten::count_nonzero(self, dim)");
const countNonzeroDims = operator("aten::count_nonzero.dim_IntList(self, dim)");
const sort = operator<[Tensor, Tensor]>("aten::sort.stable(self, stable, dim, descending)");
const unique = operator<[Tensor, Tensor, Tensor]>("aten::_unique2(self, sorted, return_inverse, return_counts)");
const uniqueDim = operator<[Tensor, Tensor, Tensor]>(
  "aten::unique_dim(self, dim, sorted, return_inverse, return_counts)",
);
const bincount = operator("aten::bincount(self, weights, minlength)");
const searchsorted = operator("aten::searchsorted.Tensor(sorted_sequence, self, out_int32, right)");

/** One dimension or several; negative ones count from the end. */
export type Dims = number | readonly number[];

/** Options of {@link Tensor.var}. */
export interface VarianceOptions {
  /** Subtracted from the count in the denominator: 1 is unbiased (default), 0 the population's. */
  readonly correction?: number;
  readonly keepdim?: boolean;
}

/** How a quantile between two elements is found; "linear" by default. */
export type QuantileInterpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";

type Statistic = (dims?: Dims | null, keepdim?: boolean, dtype?: DType | null) => Tensor;

/** Methods of Tensor that reduce, order or count. */
export const reduction = {
  /** The sum; `dtype` accumulates and returns in another type. */
  sum: method<Statistic>("aten::sum.dim_IntList(self, dim, keepdim, dtype)"),
  /** The arithmetic mean; `dtype` accumulates and returns in another type. */
  mean: method<Statistic>("aten::mean.dim(self, dim, keepdim, dtype)"),
  /** The sum of what is not NaN. */
  nansum: method<Statistic>("aten::nansum(self, dim, keepdim, dtype)"),
  /** The mean of what is not NaN. */
  nanmean: method<Statistic>("aten::nanmean(self, dim, keepdim, dtype)"),
  /** The product, of all or along one dimension. */
  prod(this: Tensor, dim?: number | null, keepdim = false, dtype: DType | null = null): Tensor {
    return dim === undefined || dim === null ? prod(this, dtype) : prodDim(this, dim, keepdim, dtype);
  },
  /** The variance. */
  var(this: Tensor, dims?: Dims | null, options: VarianceOptions = {}): Tensor {
    const { correction = 1, keepdim = false } = checked("var", options, "correction", "keepdim");
    return variance(this, dims, correction, keepdim);
  },
  /** The standard deviation. */
  std(this: Tensor, dims?: Dims | null, options: VarianceOptions = {}): Tensor {
    const { correction = 1, keepdim = false } = checked("std", options, "correction", "keepdim");
    return std(this, dims, correction, keepdim);
  },
  /** The variance and the mean. */
  varMean(this: Tensor, dims?: Dims | null, options: VarianceOptions = {}): [Tensor, Tensor] {
    const { correction = 1, keepdim = false } = checked("varMean", options, "correction", "keepdim");
    return varMean(this, dims, correction, keepdim);
  },
  /** (sum |x|^p)^(1/p); p is 2 unless given. */
  norm: method<(p?: number, dims?: Dims | null, keepdim?: boolean) => Tensor>(
    "aten::linalg_vector_norm(self, ord, dim, keepdim)",
  ),
  /** The p-norm of self - other; p is 2 unless given. */
  dist: method<(other: Tensor, p?: number) => Tensor>("aten::dist(self, other, p)"),
  /** The largest element; along `dim`, [values, indices]; with a tensor, the larger of both everywhere. */
  max: extreme("max"),
  /** The smallest element; along `dim`, [values, indices]; with a tensor, the smaller of both everywhere. */
  min: extreme("min"),
  /** The largest element; gradients are shared among ties. */
  amax: method<(dims?: Dims | null, keepdim?: boolean) => Tensor>("aten::amax(self, dim, keepdim)"),
  /** The smallest element; gradients are shared among ties. */
  amin: method<(dims?: Dims | null, keepdim?: boolean) => Tensor>("aten::amin(self, dim, keepdim)"),
  /** The smallest and the largest element. */
  aminmax(this: Tensor, dim?: number | null, keepdim = false): [Tensor, Tensor] {
    return [this.amin(dim, keepdim), this.amax(dim, keepdim)];
  },
  /** The index of the largest element, int64. */
  argmax: method<(dim?: number | null, keepdim?: boolean) => Tensor>("aten::argmax(self, dim, keepdim)"),
  /** The index of the smallest element, int64. */
  argmin: method<(dim?: number | null, keepdim?: boolean) => Tensor>("aten::argmin(self, dim, keepdim)"),
  /** The median, the lower one of an even count; along `dim`, [values, indices]. */
  median: either<ValueOrPair>("aten::median(self)", "aten::median.dim(self, dim, keepdim)"),
  /** The median of what is not NaN. */
  nanmedian: either<ValueOrPair>("aten::nanmedian(self)", "aten::nanmedian.dim(self, dim, keepdim)"),
  /** The most frequent element along `dim` (the last unless given), the smallest of several: [values, indices]. */
  mode: method<(dim?: number, keepdim?: boolean) => [Tensor, Tensor]>("aten::mode(self, dim, keepdim)"),
  /** The k-th smallest element along `dim` (the last unless given), k from 1: [values, indices]. */
  kthvalue: method<(k: number, dim?: number, keepdim?: boolean) => [Tensor, Tensor]>(
    "aten::kthvalue(self, k, dim, keepdim)",
  ),
  /** The value below which the fraction `q` (or each of a vector's) of the elements lies. */
  quantile(
    this: Tensor,
    q: number | Tensor,
    dim: number | null = null,
    keepdim = false,
    interpolation: QuantileInterpolation = "linear",
  ): Tensor {
    return (typeof q === "number" ? quantileNumber : quantile)(this, q, dim, keepdim, interpolation);
  },
  /** log(sum(e^self)), without overflow. */
  logsumexp: method<(dims: Dims, keepdim?: boolean) => Tensor>("aten::logsumexp(self, dim, keepdim)"),
  /** Whether all elements are nonzero, of the tensor or along one dimension. */
  all: either<(dim?: number | null, keepdim?: boolean) => Tensor>(
    "aten::all(self)",
    "aten::all.dim(self, dim, keepdim)",
  ),
  /** Whether any element is nonzero, of the tensor or along one dimension. */
  any: either<(dim?: number | null, keepdim?: boolean) => Tensor>(
    "aten::any(self)",
    "aten::any.dim(self, dim, keepdim)",
  ),
  /** The number of nonzero elements, int64. */
  countNonzero(this: Tensor, dims?: Dims | null): Tensor {
    return (Array.isArray(dims) ? countNonzeroDims : countNonzero)(this, dims);
  },
  /** Whether shape and all elements are the same. */
  equal: method<(other: Tensor) => boolean>("aten::equal(self, other)"),
  /** Whether all elements satisfy |self - other| <= atol + rtol |other|; rtol 1e-5 and atol 1e-8 unless given. */
  allclose: method<(other: Tensor, rtol?: number, atol?: number, equalNan?: boolean) => boolean>(
    "aten::allclose(self, other, rtol, atol, equal_nan)",
  ),
  /** Running sums along a dimension. */
  cumsum: method<(dim: number, dtype?: DType | null) => Tensor>("aten::cumsum(self, dim, dtype)"),
  /** Running products along a dimension. */
  cumprod: method<(dim: number, dtype?: DType | null) => Tensor>("aten::cumprod(self, dim, dtype)"),
  /** Running log(sum(e^self)) along a dimension. */
  logcumsumexp: method<(dim: number) => Tensor>("aten::logcumsumexp(self, dim)"),
  /** Running maxima along a dimension, and where they stood. */
  cummax: method<(dim: number) => [Tensor, Tensor]>("aten::cummax(self, dim)"),
  /** Running minima along a dimension, and where they stood. */
  cummin: method<(dim: number) => [Tensor, Tensor]>("aten::cummin(self, dim)"),
  /** Differences of neighbours along `dim` (the last unless given), n times over. */
  diff: method<(n?: number, dim?: number) => Tensor>("aten::diff(self, n, dim)"),
  /**
   * The k largest (or smallest) elements along `dim` (the last unless given) and their indices. NaN counts as the
   * largest.
   */
  topk: method<(k: number, dim?: number, largest?: boolean, sorted?: boolean) => [Tensor, Tensor]>(
    "aten::topk(self, k, dim, largest, sorted)",
  ),
  /** Elements in order along `dim`, and where they stood; `stable` keeps the order of equals. */
  sort(this: Tensor, dim = -1, descending = false, stable = false): [Tensor, Tensor] {
    return sort(this, stable, dim, descending);
  },
  /** The indices that put the elements in order along `dim`; `stable` keeps the order of equals. */
  argsort(this: Tensor, dim = -1, descending = false, stable = false): Tensor {
    const [values, indices] = sort(this, stable, dim, descending);
    values.dispose();
    return indices;
  },
  /** The different elements (or, with `dim`, slices) in order. */
  unique(this: Tensor, dim?: number): Tensor {
    return this.uniqueCounts(dim)[0];
  },
  /** {@link unique}, for each element where it stands among them, and how often each occurs. */
  uniqueCounts(this: Tensor, dim?: number): [values: Tensor, inverse: Tensor, counts: Tensor] {
    return dim === undefined ? unique(this, true, true, true) : uniqueDim(this, dim, true, true, true);
  },
  /** e^x / sum(e^x) along `dim`. */
  softmax: method<(dim: number, dtype?: DType | null) => Tensor>("aten::softmax.int(self, dim, dtype)"),
  /** log(softmax(x)) along `dim`, without overflow. */
  logSoftmax: method<(dim: number, dtype?: DType | null) => Tensor>("aten::log_softmax.int(self, dim, dtype)"),
  /** softmax(-x) along `dim`. */
  softmin(this: Tensor, dim: number): Tensor {
    return this.neg().softmax(dim);
  },
  /** How often each of 0, 1, 2 ... occurs in a vector of non-negative integers. */
  bincount(this: Tensor, minlength = 0): Tensor {
    return bincount(this, null, minlength);
  },
  /** How many elements lie in each of `bins` equal ranges from `min` to `max`; both 0 take the data's own. */
  histc: method<(bins?: number, min?: number, max?: number) => Tensor>("aten::histc(self, bins, min, max)"),
  /** Where each element would go among ascending `boundaries`: before its equals, or after them (`right`). */
  bucketize(this: Tensor, boundaries: Tensor, right = false): Tensor {
    return searchsorted(boundaries, this, false, right);
  },
  /**
   * Where each of `values` would go in self, ascending along its last dimension: before its equals, or after them
   * (`right`).
   */
  searchsorted(this: Tensor, values: Tensor, right = false): Tensor {
    return searchsorted(this, values, false, right);
  },
  /** Whether each element occurs in another tensor, as bool. */
  isin: method<(testElements: Tensor) => Tensor>("aten::isin.Tensor_Tensor(elements, test_elements)"),
  /** The covariance matrix of the rows: [variables, observations]. */
  cov: method<(correction?: number) => Tensor>("aten::cov(self, correction)"),
  /** The correlation matrix of the rows. */
  corrcoef: method<() => Tensor>("aten::corrcoef(self)"),
};

/** Of all elements a value; along a dimension values and indices. */
export interface ValueOrPair {
  (): Tensor;
  (dim: number, keepdim?: boolean): [Tensor, Tensor];
}

/** As {@link ValueOrPair}; with another tensor, element by element. */
export interface Extreme extends ValueOrPair {
  (other: Tensor): Tensor;
}

function extreme(name: "max" | "min"): Extreme {
  const whole = operator(`aten::${name}(self)`);
  const along = operator<[Tensor, Tensor]>(`aten::${name}.dim(self, dim, keepdim)`);
  const ofTwo = operator(`aten::${name}.other(self, other)`);
  return function (this: Tensor, first?: number | Tensor, keepdim = false): Tensor | [Tensor, Tensor] {
    if (first === undefined) return whole(this);
    return typeof first === "number" ? along(this, first, keepdim) : ofTwo(this, first);
  } as Extreme;
}
