/** Dropout (Srivastava et al. 2014). */
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

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
    if (!(p >= 0 && p < 1)) throw new UserError(`Dropout: \`p\` (=${p}) must be at least 0 and below 1`);
    this.p = p;
  }

  override forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? x.dropout(this.p, true) : x;
  }
}
