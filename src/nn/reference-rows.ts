import { Tensor } from "../tensor/index.ts";
import { passMode } from "./pass-mode.ts";

/**
 * `layer` applied to the reference rows of the pass and to the other rows separately, joined again: for layers that compare
 * the samples of a batch, which must not compare them with the reference batch.
 */
export function apartFromReference(x: Tensor, layer: (rows: Tensor) => Tensor): Tensor {
  const rows = passMode().referenceRows;
  if (rows === 0) return layer(x);
  return Tensor.cat([layer(x.narrow(0, 0, rows)), layer(x.narrow(0, rows, x.shape[0]! - rows))]);
}
