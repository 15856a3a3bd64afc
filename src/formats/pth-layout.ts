/**
 * Where the elements of a tensor lie in its storage: the checks that keep it inside, and the tensor itself.
 *
 * libtorch trusts the sizes, strides and offsets that it gets, so those of a file are checked here.
 */
import { scope, Tensor } from "../tensor/index.ts";
import { isCount, isShape, MOST_DIMENSIONS, numelOf } from "./shape.ts";

/** Sizes and strides (in elements) from `offset`, checked by {@link checkLayout}. */
export interface Layout {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/**
 * The layout of a tensor in a storage of `count` elements, or the reason why it cannot be.
 *
 * A tensor with more elements than its storage (an expanded one) is among the reasons: a file of a hundred bytes could
 * otherwise take any amount of memory.
 */
export function checkLayout(offset: unknown, shape: unknown, strides: unknown, count: number): Layout | string {
  if (!isCount(offset)) return "a tensor's offset is not a whole number from 0";
  if (!isShape(shape)) return `a tensor's shape is not one: a list of at most ${MOST_DIMENSIONS} whole numbers from 0`;
  const text = `a tensor [${shape.join(", ")}]`;
  if (!Array.isArray(strides) || strides.length !== shape.length || !strides.every(isCount)) {
    return `${text} has strides that are no whole numbers from 0, one per dimension`;
  }
  const numel = numelOf(shape);
  // Sums of rounded doubles only grow here, and the storage's count is exact, so no overflow can pass.
  const last = numel === 0 ? offset : offset + shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, 0);
  if (numel === 0 ? offset > count : last >= count) {
    return `${text} with strides [${strides.join(", ")}] at ${offset} reaches beyond its storage of ${count} elements`;
  }
  if (numel > count) return `${text} repeats the ${count} elements of its storage; save a contiguous copy of it`;
  return { offset, shape, strides };
}

/** The dimensions of more than one element, largest stride first, when together they fill one block; else undefined. */
function blockOrder({ shape, strides }: Layout): number[] | undefined {
  const order = [...shape.keys()].filter((i) => shape[i] !== 1).sort((a, b) => strides[b]! - strides[a]!);
  let expected = 1;
  for (const i of order.toReversed()) {
    if (strides[i] !== expected) return undefined;
    expected *= shape[i]!;
  }
  return order;
}

/** Elements that {@link layOutTensor} must copy, because they do not lie side by side; 0 when it can share them. */
export function copiedElements(layout: Layout): number {
  const numel = numelOf(layout.shape);
  return numel === 0 || blockOrder(layout) !== undefined ? 0 : numel;
}

/**
 * The tensor of a checked layout on `storage`, a vector. It shares the storage's memory, and keeps its order of
 * dimensions in memory (channels-last stays so), whenever its elements fill one block; otherwise, as after `x[::2]`, it
 * is a copy.
 */
export function layOutTensor(storage: Tensor, layout: Layout): Tensor {
  const { offset, shape, strides } = layout;
  const numel = numelOf(shape);
  return scope(() => {
    if (numel === 0) return Tensor.empty(shape, { dtype: storage.dtype });
    const order = blockOrder(layout);
    if (order !== undefined) {
      const block = storage.narrow(0, offset, numel).view(order.map((i) => shape[i]!));
      const turned = block.permute([...order.keys()].sort((a, b) => order[a]! - order[b]!));
      // Dimensions of one element may have any stride: they are put back last.
      return shape.reduce((tensor, size, i) => (size === 1 ? tensor.unsqueeze(i) : tensor), turned);
    }
    let index = Tensor.full([1], offset, { dtype: "int64" });
    for (const [i, size] of shape.entries()) {
      index = index.unsqueeze(-1).add(Tensor.arange(0, size, 1, { dtype: "int64" }).mul(strides[i]!));
    }
    return storage.indexSelect(0, index.reshape([numel])).view(shape);
  });
}
