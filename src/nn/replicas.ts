/**
 * Whether the pass that is running is run by several processes together, each on its share of a batch. Layers that use
 * statistics of the batch ask here: only inside a training step do all processes make the same passes.
 */

// Passes are synchronous and each worker thread loads its own copy of this module, so a plain variable is enough.
let size = 1;

/** Runs `step`, which `replicas` processes run together. An error in it ends that as well. */
export function acrossReplicas<T>(replicas: number, step: () => T): T {
  const before = size;
  size = replicas;
  try {
    return step();
  } finally {
    size = before;
  }
}

/** How many processes run the pass at hand together; 1 where this one is alone. */
export function replicasOfPass(): number {
  return size;
}
