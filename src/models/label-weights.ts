/**
 * Which dimension of a layer's weights counts the classes or conditions, so that the weights of another run can be taken by
 * the names of its classes.
 */
import { Embedding, type Module } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";

/**
 * 0 where the layer has a row for each class, 1 where it has a column. The classes are the last entries of this dimension.
 * "batch" for samples and labels that are kept as they are.
 */
export type LabelDimension = 0 | 1 | "batch";

const marked = new WeakMap<Module, LabelDimension>();

/** Says that weights of a layer belong to classes or conditions. Returns the layer. */
export function ofLabels<M extends Module>(layer: M, dimension: LabelDimension): M {
  marked.set(layer, dimension);
  return layer;
}

/** A table with a row for each class needs no mark. */
function dimensionOf(layer: Module, labels: number): LabelDimension | undefined {
  if (layer instanceof Embedding) return layer.count === labels ? 0 : undefined;
  return marked.get(layer);
}

/**
 * The tensors of a network that belong to classes or conditions, by name, with the dimension that counts these; undefined of
 * tensors that cannot be divided.
 *
 * @param labels - the number of classes, or of conditions
 */
export function labelTensors(network: Module, labels: number): Map<string, 0 | 1 | undefined> {
  const found = new Map<string, 0 | 1 | undefined>();
  const own = network.stateDict();
  for (const [path, layer] of network.namedModules()) {
    const dimension = dimensionOf(layer, labels);
    if (dimension === undefined) continue;
    for (const [name, tensor] of own) {
      const at = name.lastIndexOf(".");
      if (name.slice(0, Math.max(at, 0)) !== path) continue;
      if (dimension === "batch") found.set(name, undefined);
      else if (tensor.ndim > 1) found.set(name, dimension);
      else if (isOfColumns(name, tensor) === (dimension === 1)) found.set(name, 0);
    }
  }
  return found;
}

/** Of a layer's vectors, spectral norm's v has a number for each column of the weight; u and the bias have one for each row. */
const isOfColumns = (name: string, tensor: Tensor): boolean => tensor.ndim === 1 && name.endsWith("weight_v");
