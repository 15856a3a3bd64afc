/** The same elements seen, laid out, repeated or converted differently. */
import { describeValue } from "./handle.ts";
import { checked, method, operator, type Sizes, sized } from "./operator.ts";
import type { Tensor } from "./tensor.ts";
import { type Device, type DType, ITEM_SIZE, type MemoryFormat } from "./types.ts";

const squeeze = operator("aten::squeeze(self)");
const squeezeDim = operator("aten::squeeze.dim(self, dim)");
const movedim = operator("aten::movedim.intlist(self, source, destination)");
const repeatInterleave = operator("aten::repeat_interleave.self_Tensor(self, repeats, dim)");
const repeatInterleaveNumber = operator("aten::repeat_interleave.self_int(self, repeats, dim)");
const split = operator<Tensor[]>("aten::split.Tensor(self, split_size, dim)");
const splitSizes = operator<Tensor[]>("aten::split_with_sizes(self, split_sizes, dim)");
const tensorSplit = operator<Tensor[]>("aten::tensor_split.sections(self, sections, dim)");
const tensorSplitIndices = operator<Tensor[]>("aten::tensor_split.indices(self, indices, dim)");
const constantPad = operator("aten::constant_pad_nd(self, pad, value)");
const pad = operator("aten::pad(self, pad, mode)");
const contiguous = operator("aten::contiguous(self, memory_format)");
const to = operator(
  "aten::to.dtype_layout(self, dtype, layout, device, pin_memory, non_blocking, copy, memory_format)",
);

/** What {@link Tensor.to} may change. */
export interface Conversion {
  readonly dtype?: DType | undefined;
  readonly device?: Device | undefined;
  readonly memoryFormat?: MemoryFormat | undefined;
}

/** The padding around an image: a constant, its mirror image without the edge, its edge, or its other side. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Methods of Tensor that view, copy and convert. */
export const shape = {
  /**
   * The same memory with another shape; -1 is the size that fits.
   * @throws Error when the layout does not allow it.
   */
  view: sized<(...shape: Sizes) => Tensor>("aten::view(self, size)"),
  /** {@link view} with the shape of another tensor. */
  viewAs: method<(other: Tensor) => Tensor>("aten::view_as(self, other)"),
  /** As {@link view}, copying where the layout demands it. */
  reshape: sized<(...shape: Sizes) => Tensor>("aten::reshape(self, shape)"),
  /** {@link reshape} with the shape of another tensor. */
  reshapeAs: method<(other: Tensor) => Tensor>("aten::reshape_as(self, other)"),
  /** Joins the dimensions from startDim (0) to endDim (-1). */
  flatten: method<(startDim?: number, endDim?: number) => Tensor>("aten::flatten.using_ints(self, start_dim, end_dim)"),
  /** Splits one dimension into several. */
  unflatten: method<(dim: number, sizes: readonly number[]) => Tensor>("aten::unflatten.int(self, dim, sizes)"),
  /** All elements as a vector. */
  ravel: method<() => Tensor>("aten::ravel(self)"),
  /** Reorders the dimensions. */
  permute: sized<(...dims: Sizes) => Tensor>("aten::permute(self, dims)"),
  /** Swaps two dimensions. */
  transpose: method<(dim0: number, dim1: number) => Tensor>("aten::transpose.int(self, dim0, dim1)"),
  /** The transpose of a matrix; vectors stay. */
  t: method<() => Tensor>("aten::t(self)"),
  /** Moves dimensions to other places; the rest keeps its order. */
  movedim(this: Tensor, source: number | readonly number[], destination: number | readonly number[]): Tensor {
    const list = (dims: number | readonly number[]) => (typeof dims === "number" ? [dims] : dims);
    return movedim(this, list(source), list(destination));
  },
  /** Drops the given dimension if its size is 1, or all such. */
  squeeze(this: Tensor, dim?: number): Tensor {
    return dim === undefined ? squeeze(this) : squeezeDim(this, dim);
  },
  /** Adds a dimension of size 1 before `dim`. */
  unsqueeze: method<(dim: number) => Tensor>("aten::unsqueeze(self, dim)"),
  /** Repeats dimensions of size 1 without copying; -1 keeps a size. */
  expand: sized<(...shape: Sizes) => Tensor>("aten::expand(self, size)"),
  /** {@link expand} to the shape of another tensor. */
  expandAs: method<(other: Tensor) => Tensor>("aten::expand_as(self, other)"),
  /** As {@link expand}. */
  broadcastTo: sized<(...shape: Sizes) => Tensor>("aten::broadcast_to(self, size)"),
  /** Copies the tensor this many times along each dimension. */
  repeat: sized<(...repeats: Sizes) => Tensor>("aten::repeat(self, repeats)"),
  /** As {@link repeat}, counting missing dimensions as 1. */
  tile: sized<(...dims: Sizes) => Tensor>("aten::tile(self, dims)"),
  /** Repeats each element along `dim` (all flattened unless given): this many times, or as often as a tensor says. */
  repeatInterleave(this: Tensor, repeats: number | Tensor, dim: number | null = null): Tensor {
    return (typeof repeats === "number" ? repeatInterleaveNumber : repeatInterleave)(this, repeats, dim);
  },
  /** A view of `length` indices of `dim` from `start`. */
  narrow: method<(dim: number, start: number, length: number) => Tensor>("aten::narrow(self, dim, start, length)"),
  /** A view of one index of `dim`, which disappears. */
  select: method<(dim: number, index: number) => Tensor>("aten::select.int(self, dim, index)"),
  /** Views of one index of `dim` (0) each. */
  unbind: method<(dim?: number) => Tensor[]>("aten::unbind.int(self, dim)"),
  /** Views along `dim`: of `splitSize` indices each (the last may be smaller), or of the sizes in a list. */
  split(this: Tensor, splitSize: number | readonly number[], dim = 0): Tensor[] {
    return (typeof splitSize === "number" ? split : splitSizes)(this, splitSize, dim);
  },
  /** At most `chunks` views of equal size along `dim` (0); the last may be smaller. */
  chunk: method<(chunks: number, dim?: number) => Tensor[]>("aten::chunk(self, chunks, dim)"),
  /** Views along `dim`: exactly this many, whose sizes differ by at most 1; or cut before the indices in a list. */
  tensorSplit(this: Tensor, sections: number | readonly number[], dim = 0): Tensor[] {
    return (typeof sections === "number" ? tensorSplit : tensorSplitIndices)(this, sections, dim);
  },
  /** A view of all windows of `size` indices of `dimension`, `step` apart, along a new last dimension. */
  unfold: method<(dimension: number, size: number, step: number) => Tensor>(
    "aten::unfold(self, dimension, size, step)",
  ),
  /** A view of the entries [i, i + offset] of the matrices in two dimensions (0 and 1 unless given). */
  diagonal: method<(offset?: number, dim1?: number, dim2?: number) => Tensor>(
    "aten::diagonal(self, offset, dim1, dim2)",
  ),
  /** The diagonal of a matrix, or the matrix with a vector on its `diagonal`-th diagonal. */
  diag: method<(diagonal?: number) => Tensor>("aten::diag(self, diagonal)"),
  /** Matrices with the last dimension on their `offset`-th diagonal. */
  diagEmbed: method<(offset?: number) => Tensor>("aten::diag_embed(self, offset)"),
  /** The entries of a matrix on and below its `diagonal`-th diagonal, 0 elsewhere. */
  tril: method<(diagonal?: number) => Tensor>("aten::tril(self, diagonal)"),
  /** The entries of a matrix on and above its `diagonal`-th diagonal, 0 elsewhere. */
  triu: method<(diagonal?: number) => Tensor>("aten::triu(self, diagonal)"),
  /** Reverses the order along dimensions. */
  flip: sized<(...dims: Sizes) => Tensor>("aten::flip(self, dims)"),
  /** Reverses the rows' elements: along dimension 1. */
  fliplr: method<() => Tensor>("aten::fliplr(self)"),
  /** Reverses the rows: along dimension 0. */
  flipud: method<() => Tensor>("aten::flipud(self)"),
  /** Turns by k times 90 degrees, from the first of two dimensions (0 and 1 unless given) to the second. */
  rot90: method<(k?: number, dims?: readonly [number, number]) => Tensor>("aten::rot90(self, k, dims)"),
  /** Shifts elements along dimensions; what leaves one end enters at the other. Without `dims`, all as one vector. */
  roll: method<(shifts: number | readonly number[], dims?: number | readonly number[]) => Tensor>(
    "aten::roll(self, shifts, dims)",
  ),
  /** Pads; `pad` lists [before, after] from the last dimension backwards. `value` (0) is that of mode "constant". */
  pad(this: Tensor, sizes: readonly number[], mode: PadMode = "constant", value = 0): Tensor {
    return mode === "constant" ? constantPad(this, sizes, value) : pad(this, sizes, mode);
  },
  /** Pads with a constant; `pad` lists [before, after] from the last dimension backwards. */
  constantPad(this: Tensor, sizes: readonly number[], value = 0): Tensor {
    return constantPad(this, sizes, value);
  },
  /** Itself if already laid out so, else a copy that is. */
  contiguous(this: Tensor, memoryFormat: MemoryFormat = "contiguous"): Tensor {
    return contiguous(this, memoryFormat);
  },
  /** A copy; gradients flow through it. */
  clone: method<(memoryFormat?: MemoryFormat | null) => Tensor>("aten::clone(self, memory_format)"),
  /** The same memory, cut from the gradient's graph. */
  detach: method<() => Tensor>("aten::detach(self)"),
  /**
   * Converts element type, device or layout: `x.to("float64")`, `x.to("cuda")`, `x.to({ dtype, device })`. Itself when
   * nothing changes.
   */
  to(this: Tensor, target: Conversion | DType | Device): Tensor {
    if (typeof target === "string") {
      return this.to(Object.hasOwn(ITEM_SIZE, target) ? { dtype: target as DType } : { device: target });
    }
    if (typeof target !== "object" || target === null) {
      throw new TypeError(
        `to: a dtype, a device or { dtype, device, memoryFormat } is needed, got ${describeValue(target)}`,
      );
    }
    const { dtype, device, memoryFormat } = checked("to", target, "dtype", "device", "memoryFormat");
    return to(this, dtype, null, device, null, false, false, memoryFormat);
  },
  /** With the element type of another tensor. */
  typeAs(this: Tensor, other: Tensor): Tensor {
    return this.to({ dtype: other.dtype });
  },
  /** As float32. */
  float(this: Tensor): Tensor {
    return this.to({ dtype: "float32" });
  },
  /** As float64. */
  double(this: Tensor): Tensor {
    return this.to({ dtype: "float64" });
  },
  /** As float16. */
  half(this: Tensor): Tensor {
    return this.to({ dtype: "float16" });
  },
  /** As bfloat16. */
  bfloat16(this: Tensor): Tensor {
    return this.to({ dtype: "bfloat16" });
  },
  /** As int64. */
  long(this: Tensor): Tensor {
    return this.to({ dtype: "int64" });
  },
  /** As int32. */
  int(this: Tensor): Tensor {
    return this.to({ dtype: "int32" });
  },
  /** As bool: whether each element is nonzero. */
  bool(this: Tensor): Tensor {
    return this.to({ dtype: "bool" });
  },
  /** On the CPU. */
  cpu(this: Tensor): Tensor {
    return this.to({ device: "cpu" });
  },
  /** On the first CUDA device. */
  cuda(this: Tensor): Tensor {
    return this.to({ device: "cuda" });
  },
};
