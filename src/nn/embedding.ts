/** Embedding: a table of vectors, one per class. */
import type { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { type Initialiser, normal } from "./init.ts";
import { requirePositive } from "./sizes.ts";
import { WeightedModule } from "./weighted.ts";

/**
 * Maps class numbers (int64, any shape) to rows of `weight` [count, features], adding `features` as the last dimension.
 * The weight is drawn from N(0, 1) by default, as in PyTorch. Floats [B, count] in place of class numbers are weights
 * of the rows, and give their weighted sum.
 *
 * @example
 * new Embedding(context, 10, 128).forward(labels); // [B] -> [B, 128]
 */
export class Embedding extends WeightedModule {
  readonly count: number;
  readonly features: number;

  constructor(context: BuildContext, count: number, features: number, options: { init?: Initialiser } = {}) {
    super();
    requirePositive("Embedding", { count, features });
    this.count = count;
    this.features = features;
    this.registerParameter("weight", createTensor(context, [count, features], options.init ?? normal(1)));
  }

  override forward(indices: Tensor): Tensor {
    const weight = this.passWeight();
    return indices.dtype.startsWith("int") ? weight.embedding(indices) : indices.to({ dtype: weight.dtype }).mm(weight);
  }
}
