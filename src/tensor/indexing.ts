/** Elements picked and placed by number, slice, mask or index tensor. */
import { describeValue, TensorHandle } from "./handle.ts";
import { binding } from "./native.ts";
import { method, operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

const slice = operator("aten::slice.Tensor(self, dim, start, end, step)");
const index = operator("aten::index.Tensor(self, indices)");
const indexPut_ = operator("aten::index_put_(self, indices, values, accumulate)");
const newFull = operator("aten::new_full(self, size, fill_value)");
const scatter = operator("aten::scatter.src(self, dim, index, src)");
const scatterValue = operator("aten::scatter.value(self, dim, index, value)");
const scatter_ = operator("aten::scatter_.src(self, dim, index, src)");
const scatterValue_ = operator("aten::scatter_.value(self, dim, index, value)");
const maskedFill = operator("aten::masked_fill.Tensor(self, mask, value)");
const maskedFillNumber = operator("aten::masked_fill.Scalar(self, mask, value)");
const maskedFill_ = operator("aten::masked_fill_.Tensor(self, mask, value)");
const maskedFillNumber_ = operator("aten::masked_fill_.Scalar(self, mask, value)");
const where = operator("aten::where.self(condition, self, other)");
const whereNumber = operator("aten::where.ScalarOther(condition, self, other)");

/** A slice as Python writes it: "start:end" or "start:end:step", each part may be empty. */
export type Slice = `${number | ""}:${number | ""}` | `${number | ""}:${number | ""}:${number | ""}`;

/**
 * What one place of an index says: a number picks an entry and drops the dimension, a slice ("1:3", "::2") a range,
 * null or ":" everything, "..." everything of the dimensions that the rest leaves; a tensor of whole numbers or a list
 * picks entries, and a bool tensor those where it is true.
 */
export type Index = number | Slice | null | "..." | Tensor | readonly number[];

/** Methods of Tensor that pick and place elements. */
export const indexing = {
  /**
   * The elements at `indices`, one index for each dimension from the first: `x.index([0, "1:3"])` is x[0, 1:3] in
   * PyTorch, `x.index([null, rows])` is x[:, rows], `x.index([mask])` is x[mask]. A view as long as no tensor is among
   * them.
   */
  index(this: Tensor, indices: readonly Index[]): Tensor {
    const { view, picks } = located(this, indices, "index");
    return picks === undefined ? view : index(view, picks);
  },
  /**
   * Writes `values` (broadcast) to the elements at `indices`, as x[indices] = values in PyTorch; `accumulate` adds
   * them.
   */
  indexPut_(this: Tensor, indices: readonly Index[], values: Tensor | number, accumulate = false): Tensor {
    const { view, picks } = located(this, indices, "indexPut_");
    const source = typeof values === "number" ? newFull(this, [], values) : values;
    if (picks !== undefined) indexPut_(view, picks, source, accumulate);
    else if (accumulate) view.add_(source);
    else view.copy_(source);
    return this;
  },
  /** The entries of `dim` that `index` (int64 vector) names. */
  indexSelect: method<(dim: number, index: Tensor) => Tensor>("aten::index_select(self, dim, index)"),
  /** A copy with alpha (1) times `source` added to the entries of `dim` that `index` names, however often. */
  indexAdd: method<(dim: number, index: Tensor, source: Tensor, alpha?: number) => Tensor>(
    "aten::index_add(self, dim, index, source, alpha)",
  ),
  /** {@link indexAdd} in place. */
  indexAdd_: method<(dim: number, index: Tensor, source: Tensor, alpha?: number) => Tensor>(
    "aten::index_add_(self, dim, index, source, alpha)",
  ),
  /** A copy with `source` in the entries of `dim` that `index` (int64 vector, each at most once) names. */
  indexCopy: method<(dim: number, index: Tensor, source: Tensor) => Tensor>(
    "aten::index_copy(self, dim, index, source)",
  ),
  /** {@link indexCopy} in place. */
  indexCopy_: method<(dim: number, index: Tensor, source: Tensor) => Tensor>(
    "aten::index_copy_(self, dim, index, source)",
  ),
  /** A copy with a number in the entries of `dim` that `index` names. */
  indexFill: method<(dim: number, index: Tensor, value: number) => Tensor>(
    "aten::index_fill.int_Scalar(self, dim, index, value)",
  ),
  /** {@link indexFill} in place. */
  indexFill_: method<(dim: number, index: Tensor, value: number) => Tensor>(
    "aten::index_fill_.int_Scalar(self, dim, index, value)",
  ),
  /** out[i][j] = self[index[i][j]][j] for dim 0, and so on. */
  gather: method<(dim: number, index: Tensor) => Tensor>("aten::gather(self, dim, index)"),
  /** As {@link gather}, broadcasting; without `dim`, of all elements as a vector. What argsort and argmax name. */
  takeAlongDim: method<(indices: Tensor, dim?: number | null) => Tensor>("aten::take_along_dim(self, indices, dim)"),
  /** The elements with these numbers when all are counted row by row. */
  take: method<(index: Tensor) => Tensor>("aten::take(self, index)"),
  /** A copy with out[index[i][j]][j] = src[i][j] for dim 0, and so on; src may be a number. */
  scatter(this: Tensor, dim: number, index: Tensor, src: Tensor | number): Tensor {
    return (typeof src === "number" ? scatterValue : scatter)(this, dim, index, src);
  },
  /** {@link scatter} in place. */
  scatter_(this: Tensor, dim: number, index: Tensor, src: Tensor | number): Tensor {
    return (typeof src === "number" ? scatterValue_ : scatter_)(this, dim, index, src);
  },
  /** As {@link scatter}, adding; places may repeat. */
  scatterAdd: method<(dim: number, index: Tensor, src: Tensor) => Tensor>("aten::scatter_add(self, dim, index, src)"),
  /** {@link scatterAdd} in place. */
  scatterAdd_: method<(dim: number, index: Tensor, src: Tensor) => Tensor>("aten::scatter_add_(self, dim, index, src)"),
  /** As {@link scatter}, reducing what meets in a place, with self's own element unless `includeSelf` is false. */
  scatterReduce: method<
    (
      dim: number,
      index: Tensor,
      src: Tensor,
      reduce: "sum" | "prod" | "mean" | "amax" | "amin",
      includeSelf?: boolean,
    ) => Tensor
  >("aten::scatter_reduce.two(self, dim, index, src, reduce, include_self)"),
  /** A vector of the elements where `mask` (bool) is true. */
  maskedSelect: method<(mask: Tensor) => Tensor>("aten::masked_select(self, mask)"),
  /** A copy with `value` where `mask` (bool) is true. */
  maskedFill(this: Tensor, mask: Tensor, value: Tensor | number): Tensor {
    return (typeof value === "number" ? maskedFillNumber : maskedFill)(this, mask, value);
  },
  /** {@link maskedFill} in place. */
  maskedFill_(this: Tensor, mask: Tensor, value: Tensor | number): Tensor {
    return (typeof value === "number" ? maskedFillNumber_ : maskedFill_)(this, mask, value);
  },
  /** A copy with the elements of `source`, in order, where `mask` (bool) is true. */
  maskedScatter: method<(mask: Tensor, source: Tensor) => Tensor>("aten::masked_scatter(self, mask, source)"),
  /** self where `condition` (bool) holds, else other. */
  where(this: Tensor, condition: Tensor, other: Tensor | number): Tensor {
    return (typeof other === "number" ? whereNumber : where)(condition, this, other);
  },
  /** The indices [count, dimensions] of the nonzero elements, int64. */
  nonzero: method<() => Tensor>("aten::nonzero(self)"),
  /** As {@link nonzero}. */
  argwhere: method<() => Tensor>("aten::argwhere(self)"),
  /** Sets the diagonal of a matrix to a number. */
  fillDiagonal_: method<(value: number) => Tensor>("aten::fill_diagonal_(self, fill_value)"),
  /** Rows of this weight [N, D] for indices of any shape. */
  embedding: method<(indices: Tensor) => Tensor>("aten::embedding(weight, indices)"),
  /** [..., numClasses] int64 with a 1 where self (int64) points; -1 takes the largest seen. */
  oneHot: method<(numClasses?: number) => Tensor>("aten::one_hot(self, num_classes)"),
};

/**
 * Numbers and slices make a view; what is left for aten::index are tensors, with null where a dimension stays whole.
 */
function located(self: Tensor, indices: readonly Index[], name: string): { view: Tensor; picks?: (Tensor | null)[] } {
  if (!Array.isArray(indices)) {
    throw new TypeError(`${name}: a list of indices is needed, one for each dimension; got ${describeValue(indices)}`);
  }
  // A mask indexes as many dimensions as it has.
  const dims = (index: unknown) => (TensorHandle.isTensor(index) && index.dtype === "bool" ? index.ndim : 1);
  const given = indices.reduce((count: number, index) => count + (index === "..." ? 0 : dims(index)), 0);
  const { ndim } = self;
  if (given > ndim) throw new RangeError(`${name}: ${given} indices for a tensor with ${ndim} dimensions`);
  if (indices.filter((index) => index === "...").length > 1) {
    throw new TypeError(`${name}: "..." may stand only once among the indices`);
  }
  let view = self;
  let dim = 0;
  const picks: (Tensor | null)[] = [];
  for (const index of indices as readonly Index[]) {
    if (typeof index === "number") {
      view = view.select(dim, index);
    } else if (TensorHandle.isTensor(index) || Array.isArray(index)) {
      picks.push(TensorHandle.isTensor(index) ? index : indexTensor(wholeNumbers(index, name), self));
      dim += dims(index);
    } else {
      if (index !== null && index !== ":" && index !== "...") view = sliced(view, dim, index, name);
      const whole = index === "..." ? ndim - given : 1;
      picks.push(...new Array<null>(whole).fill(null));
      dim += whole;
    }
  }
  return picks.some((pick) => pick !== null) ? { view, picks } : { view };
}

/** The list. @throws TypeError when it has anything else: true and false would be read as 1 and 0. */
function wholeNumbers(list: readonly number[], name: string): readonly number[] {
  const wrong = list.findIndex((entry) => !Number.isInteger(entry));
  if (wrong < 0) return list;
  throw new TypeError(
    `${name}: a list of indices must consist of whole numbers, got ${describeValue(list[wrong])}; a mask is a bool tensor`,
  );
}

/** A list of indices as a tensor on the device of another. */
export function indexTensor(list: readonly number[], { device }: Tensor): Tensor {
  const values = BigInt64Array.from(list, BigInt);
  const tensor = TensorHandle.of(binding().fromArray(values, "int64", [values.length]));
  return device === "cpu" ? tensor : tensor.to({ device });
}

function sliced(view: Tensor, dim: number, text: unknown, name: string): Tensor {
  const parts = typeof text === "string" ? /^(-?\d*):(-?\d*)(?::(\d*))?$/.exec(text) : null;
  if (parts === null || parts[3] === "0") {
    throw new TypeError(
      `${name}: an index is a number, null, "...", a slice as "1:3" or "::2", a Tensor or a list of numbers; got ${describeValue(text)}`,
    );
  }
  const [start, end, step] = parts.slice(1).map((part) => (part ? Number(part) : null));
  return slice(view, dim, start, end, step);
}
