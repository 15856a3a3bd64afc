/** Linear: y = x W^T + b. */
import type { Tensor } from "../tensor/index.ts";
import type { BuildContext } from "./context.ts";
import { requirePositive } from "./sizes.ts";
import { WeightedModule, type WeightOptions } from "./weighted.ts";

/** Options of {@link Linear}. */
export type LinearOptions = WeightOptions;

/**
 * y = x W^T + b for x of shape [..., inFeatures]; gives [..., outFeatures].
 *
 * Parameters: `weight` [outFeatures, inFeatures], `bias` [outFeatures].
 *
 * @example
 * new Linear(context, 128, 10).forward(features);
 */
export class Linear extends WeightedModule {
  readonly inFeatures: number;
  readonly outFeatures: number;

  constructor(context: BuildContext, inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    requirePositive("Linear", { inFeatures, outFeatures });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.registerWeights(context, [outFeatures, inFeatures], outFeatures, options);
  }

  override forward(x: Tensor): Tensor {
    return this.fitted(() => x.linear(this.passWeight(), this.bias), x.ndim - 1);
  }
}
