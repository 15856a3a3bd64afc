/**
 * Passes that can be differentiated for some of their samples alone. What autograd keeps of a pass is whole batches, so
 * its way back costs a whole batch, however many gradients are zero. A layer that treats samples one by one can instead
 * go forward without a record, remember what its gradient needs, and later come back for the samples that are wanted.
 *
 * Only the gradient at the input exists on this road, not that of the weights.
 */
import type { Tensor } from "../tensor/index.ts";

/** A pass that was made, and the way back from it. */
export interface RowPass {
  readonly output: Tensor;
  /**
   * The gradient at the input [k, ...] from that at the output [k, ...]. Call it inside `noGrad`.
   *
   * @param rows - The samples that the gradient is of, int64 [k], in its order; null for all of the batch.
   */
  inputGradient(gradient: Tensor, rows: Tensor | null): Tensor;
}

/** Makes a pass. Values and random draws are those of the module's `forward`. Call it inside `noGrad`. */
export type RowForward = (x: Tensor) => RowPass;

/** Some samples of a batch, in its memory format; the batch itself for null. */
export function rowsOf(batch: Tensor, rows: Tensor | null): Tensor {
  if (rows === null) return batch;
  if (batch.ndim !== 4 || batch.isContiguous()) return batch.indexSelect(0, rows);
  // Selected as it stands, a batch with channels last would be copied into the other format, element by element.
  return batch.permute([0, 2, 3, 1]).indexSelect(0, rows).permute([0, 3, 1, 2]);
}
