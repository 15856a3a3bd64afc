/** Modules that only change the shape of their input. */
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

/** [B, ...] to [B, product of the rest]. */
export class Flatten extends UnaryModule {
  override forward(x: Tensor): Tensor {
    return x.flatten(1);
  }
}

/**
 * [B, ...] to [B, ...shape].
 *
 * @example
 * new View([512, 4, 4]).forward(projected); // [B, 8192] -> [B, 512, 4, 4]
 */
export class View extends UnaryModule {
  readonly shape: readonly number[];

  constructor(shape: readonly number[]) {
    super();
    this.shape = [...shape];
  }

  override forward(x: Tensor): Tensor {
    return x.reshape([x.shape[0]!, ...this.shape]);
  }
}
