/** The same elements seen, picked or laid out differently. */
import { operator } from "./operator.ts";
import { ReductionTensor } from "./reduction.ts";
import type { Tensor } from "./tensor.ts";
import type { Device, DType, MemoryFormat } from "./types.ts";

const view = operator("aten::view(self, size)");
const reshape = operator("aten::reshape(self, shape)");
const flatten = operator("aten::flatten.using_ints(self, start_dim, end_dim)");
const permute = operator("aten::permute(self, dims)");
const transpose = operator("aten::transpose.int(self, dim0, dim1)");
const squeeze = operator("aten::squeeze(self)");
const squeezeDim = operator("aten::squeeze.dim(self, dim)");
const unsqueeze = operator("aten::unsqueeze(self, dim)");
const expand = operator("aten::expand(self, size)");
const repeat = operator("aten::repeat(self, repeats)");
const narrow = operator("aten::narrow(self, dim, start, length)");
const select = operator("aten::select.int(self, dim, index)");
const split = operator<Tensor[]>("aten::split.Tensor(self, split_size, dim)");
const diagonal = operator("aten::diagonal(self, offset)");
const triu = operator("aten::triu(self, diagonal)");
const flip = operator("aten::flip(self, dims)");
const constantPad = operator("aten::constant_pad_nd(self, pad, value)");
const indexSelect = operator("aten::index_select(self, dim, index)");
const gather = operator("aten::gather(self, dim, index)");
const embedding = operator("aten::embedding(weight, indices)");
const oneHot = operator("aten::one_hot(self, num_classes)");
const contiguous = operator("aten::contiguous(self, memory_format)");
const clone = operator("aten::clone(self, memory_format)");
const detach = operator("aten::detach(self)");
const to = operator(
  "aten::to.dtype_layout(self, dtype, layout, device, pin_memory, non_blocking, copy, memory_format)",
);

/** What {@link ShapeTensor.to} may change. */
export interface Conversion {
  readonly dtype?: DType | undefined;
  readonly device?: Device | undefined;
  readonly memoryFormat?: MemoryFormat | undefined;
}

/** Methods of Tensor that view, pick, copy and convert. */
export abstract class ShapeTensor extends ReductionTensor {
  /**
   * The same memory with another shape; -1 stands for the size that fits.
   * @throws when the layout does not allow it.
   */
  view(shape: readonly number[]): Tensor {
    return view(this, shape);
  }
  /** As {@link view}, copying where the layout demands it. */
  reshape(shape: readonly number[]): Tensor {
    return reshape(this, shape);
  }
  /** Joins the dimensions from startDim to endDim. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return flatten(this, startDim, endDim);
  }
  /** Reorders the dimensions. */
  permute(dims: readonly number[]): Tensor {
    return permute(this, dims);
  }
  /** Swaps two dimensions. */
  transpose(dim0: number, dim1: number): Tensor {
    return transpose(this, dim0, dim1);
  }
  /** Drops the given dimension if its size is 1, or all such. */
  squeeze(dim?: number): Tensor {
    return dim === undefined ? squeeze(this) : squeezeDim(this, dim);
  }
  /** Adds a dimension of size 1 before `dim`. */
  unsqueeze(dim: number): Tensor {
    return unsqueeze(this, dim);
  }
  /** Repeats dimensions of size 1 without copying; -1 keeps a size. */
  expand(shape: readonly number[]): Tensor {
    return expand(this, shape);
  }
  /** Copies the tensor so many times along each dimension. */
  repeat(repeats: readonly number[]): Tensor {
    return repeat(this, repeats);
  }
  /** A view of `length` indices of `dim` from `start`. */
  narrow(dim: number, start: number, length: number): Tensor {
    return narrow(this, dim, start, length);
  }
  /** A view of one index of `dim`, which disappears. */
  select(dim: number, index: number): Tensor {
    return select(this, dim, index);
  }
  /** Views of `splitSize` indices each along `dim`; the last may be smaller. */
  split(splitSize: number, dim = 0): Tensor[] {
    return split(this, splitSize, dim);
  }
  /** A view of the entries [i, i + offset] of a matrix. */
  diagonal(offset = 0): Tensor {
    return diagonal(this, offset);
  }
  /** The entries of a matrix on and above its `diagonal`-th diagonal, 0 elsewhere. */
  triu(diagonal = 0): Tensor {
    return triu(this, diagonal);
  }
  /** Reverses the order along dimensions. */
  flip(dims: readonly number[]): Tensor {
    return flip(this, dims);
  }
  /** Pads with a constant; `pad` lists [before, after] from the last dimension backwards. */
  constantPad(pad: readonly number[], value = 0): Tensor {
    return constantPad(this, pad, value);
  }
  /** The entries of `dim` that `index` (int64 vector) names. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return indexSelect(this, dim, index);
  }
  /** out[i][j] = self[index[i][j]][j] for dim 0, and so on. */
  gather(dim: number, index: Tensor): Tensor {
    return gather(this, dim, index);
  }
  /** Rows of this weight [N, D] for indices of any shape. */
  embedding(indices: Tensor): Tensor {
    return embedding(this, indices);
  }
  /** [..., numClasses] int64 with a 1 where self (int64) points; -1 takes the largest seen. */
  oneHot(numClasses = -1): Tensor {
    return oneHot(this, numClasses);
  }
  /** Itself if already laid out so, else a copy that is. */
  contiguous(memoryFormat: MemoryFormat = "contiguous"): Tensor {
    return contiguous(this, memoryFormat);
  }
  /** A copy; gradients flow through it. */
  clone(memoryFormat: MemoryFormat | null = null): Tensor {
    return clone(this, memoryFormat);
  }
  /** The same memory, cut from the gradient's graph. */
  detach(): Tensor {
    return detach(this);
  }
  /** Converts element type, device or layout; itself when nothing changes. */
  to({ dtype, device, memoryFormat }: Conversion): Tensor {
    return to(this, dtype, null, device, null, false, false, memoryFormat);
  }
  /** As float32. */
  float(): Tensor {
    return this.to({ dtype: "float32" });
  }
  /** As float64. */
  double(): Tensor {
    return this.to({ dtype: "float64" });
  }
  /** As int64. */
  long(): Tensor {
    return this.to({ dtype: "int64" });
  }
}
