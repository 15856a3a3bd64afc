/** The weights that samples are drawn with. */
import type { Module } from "../../nn/index.ts";
import { inferenceMode, type Tensor } from "../../tensor/index.ts";
import type { Samplable } from "../trainable.ts";
import { throughSamplers } from "./sample.ts";

/**
 * Copies of a generator's tensors by PyTorch's names, as samples are drawn with them: averaged weights and standing
 * statistics, where the run keeps them, unless `averaged` is false. The caller disposes of them.
 *
 * @example
 * writeSafetensors("generator.safetensors", sampledWeights(gan, true));
 */
export function sampledWeights(
  gan: Omit<Samplable, "generator"> & { readonly generator: Module },
  averaged: boolean,
): Map<string, Tensor> {
  const copies = (): Map<string, Tensor> =>
    new Map([...gan.generator.stateDict()].map(([name, tensor]) => [name, tensor.clone()]));
  gan.generator.eval();
  try {
    return inferenceMode(() => (averaged ? throughSamplers(gan, copies) : copies()));
  } finally {
    gan.generator.train();
  }
}
