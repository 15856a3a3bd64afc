/**
 * Weight normalisation (Salimans and Kingma 2016, equation 2), stored as torch.nn.utils.weight_norm stores it:
 * `weight_g` and `weight_v` in place of `weight`.
 */
import { UserError } from "../base/errors.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import type { Reparametrisation, WeightedModule } from "./weighted.ts";

/**
 * Puts weight normalisation on `layer` and returns it: w = g v / |v|, with one length g and one norm for each slice
 * along `dim`. At first g = |w| and v = w, so that the layer computes what it did.
 *
 * @param options.dim - The dimension of the slices. Default 0, for transposed convolutions too, as in PyTorch.
 * Throws UserError when the weight has no such dimension, and Error when the layer already has a norm on its weight.
 *
 * @example
 * const layer = weightNorm(new Linear(context, 784, 1000));
 */
export function weightNorm<L extends WeightedModule>(layer: L, { dim = 0 }: { dim?: number } = {}): L {
  layer.reparametrise(new WeightNorm(dim));
  return layer;
}

class WeightNorm implements Reparametrisation {
  readonly name = "weight norm";
  readonly #dim: number;

  constructor(dim: number) {
    this.#dim = dim;
  }

  split(weight: Tensor): { parameters: Record<string, Tensor>; buffers: Record<string, Tensor> } {
    if (!Number.isInteger(this.#dim) || this.#dim < 0 || this.#dim >= weight.ndim) {
      throw new UserError(
        `weightNorm: \`dim\` (=${this.#dim}) must be a dimension of the weight, 0 to ${weight.ndim - 1}`,
      );
    }
    return { parameters: { weight_g: noGrad(() => this.#lengths(weight)), weight_v: weight }, buffers: {} };
  }

  join(stored: (name: string) => Tensor): Tensor {
    const direction = stored("weight_v");
    return direction.mul(stored("weight_g").div(this.#lengths(direction)));
  }

  /** Euclidean norms of the slices along `dim`, shaped to multiply the weight. */
  #lengths(weight: Tensor): Tensor {
    const others = weight.shape.map((_, i) => i).filter((i) => i !== this.#dim);
    return weight.norm(2, others, true);
  }
}
