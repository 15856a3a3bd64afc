/** Layer normalisation (Ba, Kiros and Hinton 2016): statistics over the features of each sample, not over the batch. */
import type { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { inFloat32 } from "./float32.ts";
import { ones, zeros } from "./init.ts";
import { UnaryModule } from "./module.ts";
import { requirePositive } from "./sizes.ts";

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Whether gain and offset are trained. Default true. */
  affine?: boolean;
}

/**
 * y = (x - mean) / sqrt(var + eps) x weight + bias with mean and biased variance over the last dimensions, whose sizes
 * are `shape`. It does not couple samples, so a per-sample gradient penalty is valid with it, unlike with batch norm.
 *
 * Parameters: `weight`, `bias` of shape `shape`.
 *
 * @example
 * new LayerNorm(context, [64, 16, 16]).forward(maps);
 */
export class LayerNorm extends UnaryModule {
  readonly shape: readonly number[];
  readonly eps: number;
  readonly #affine: boolean;

  constructor(context: BuildContext, shape: readonly number[], options: LayerNormOptions = {}) {
    super();
    for (const [i, size] of shape.entries()) requirePositive("LayerNorm", { [`shape[${i}]`]: size });
    this.shape = [...shape];
    this.eps = options.eps ?? 1e-5;
    this.#affine = options.affine ?? true;
    if (this.#affine) {
      this.registerParameter("weight", createTensor(context, shape, ones));
      this.registerParameter("bias", createTensor(context, shape, zeros));
    }
  }

  override forward(x: Tensor): Tensor {
    const weight = this.#affine ? this.parameter("weight") : null;
    const bias = this.#affine ? this.parameter("bias") : null;
    return inFloat32(x).layerNorm(this.shape, weight, bias, this.eps);
  }
}
