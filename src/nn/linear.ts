/** Linear: y = x W^T + b. */
import type { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { defaultBias, defaultWeight, type Initialiser } from "./init.ts";
import { requirePositive } from "./sizes.ts";
import { WeightedModule } from "./weighted.ts";

/** Options of {@link Linear}. */
export interface LinearOptions {
  /** Whether to add a bias. Default true. */
  bias?: boolean;
  /** Draws the weight. Default PyTorch's U(-1/sqrt(fan in), 1/sqrt(fan in)). */
  init?: Initialiser;
  /** Draws the bias. Default PyTorch's, the same bounds as the default weight. */
  biasInit?: Initialiser;
}

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
  readonly #bias: boolean;

  constructor(context: BuildContext, inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    requirePositive("Linear", { inFeatures, outFeatures });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.#bias = options.bias ?? true;
    const shape = [outFeatures, inFeatures];
    this.registerParameter("weight", createTensor(context, shape, options.init ?? defaultWeight));
    if (this.#bias) {
      this.registerParameter("bias", createTensor(context, [outFeatures], options.biasInit ?? defaultBias(shape)));
    }
  }

  override forward(x: Tensor): Tensor {
    return this.fitted(() => this.#apply(x, this.passWeight()), x.ndim - 1);
  }

  #apply(x: Tensor, weight: Tensor): Tensor {
    return x.linear(weight, this.#bias ? this.parameter("bias") : null);
  }
}
