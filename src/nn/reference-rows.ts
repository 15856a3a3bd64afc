/**
 * Passes whose first rows are a reference batch: it travels through a network together with the samples, for the sake of
 * the statistics that virtual batch norm takes of it in each layer. The samples must not see it in any other way.
 */
import { Tensor } from "../tensor/index.ts";

// Passes are synchronous and each worker thread loads its own copy of this module, so a plain number is enough.
let rows = 0;

/**
 * Runs `pass`, in which the first `count` rows of what goes through the layers are a reference batch.
 *
 * @example
 * const both = withReferenceRows(64, () => network.forward(Tensor.cat([reference, samples])));
 */
export function withReferenceRows<T>(count: number, pass: () => T): T {
  const before = rows;
  rows = count;
  try {
    return pass();
  } finally {
    rows = before;
  }
}

/** How many of the first rows of the pass that is running are a reference batch; 0 without one. */
export function referenceRows(): number {
  return rows;
}

/**
 * `part` of the reference rows and of the others, each by themselves, joined again: for layers that compare the samples of
 * a batch.
 */
export function apartFromReference(x: Tensor, part: (rows: Tensor) => Tensor): Tensor {
  if (rows === 0) return part(x);
  return Tensor.cat([part(x.narrow(0, 0, rows)), part(x.narrow(0, rows, x.shape[0]! - rows))]);
}
