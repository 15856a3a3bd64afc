/** Dropout (Srivastava et al. 2014): of elements, and of whole channels (Tompson et al. 2015). */
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

function probabilityOf(layer: string, p: number): number {
  if (!(p >= 0 && p < 1)) throw new UserError(`${layer}: \`p\` (=${p}) must be at least 0 and below 1`);
  return p;
}

/**
 * In train mode sets each element to zero with probability `p` and divides the others by 1 - p; in evaluation mode it
 * does nothing. It draws from the engine's default generator, whose state is part of every checkpoint.
 *
 * @throws UserError unless 0 <= p < 1.
 *
 * @example
 * new Dropout(0.5).forward(x);
 */
export class Dropout extends UnaryModule {
  readonly p: number;

  constructor(p = 0.5) {
    super();
    this.p = probabilityOf("Dropout", p);
  }

  override forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? x.dropout(this.p, true) : x;
  }
}

/**
 * In train mode sets each channel of each sample to zero with probability `p` and divides the others by 1 - p; in
 * evaluation mode it does nothing (PyTorch's `Dropout2d`). Neighbouring elements of a map say nearly the same, so that
 * dropping single ones takes little away (Tompson et al. 2015, section 3.2).
 *
 * @throws UserError unless 0 <= p < 1.
 *
 * @example
 * new Dropout2d(0.5).forward(maps); // [B, C, H, W]
 */
export class Dropout2d extends UnaryModule {
  readonly p: number;

  constructor(p = 0.5) {
    super();
    this.p = probabilityOf("Dropout2d", p);
  }

  override forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? x.featureDropout(this.p, true) : x;
  }
}
