/**
 * Weight normalisation (Salimans and Kingma 2016, equation 2), stored as torch.nn.utils.weight_norm stores it:
 * `weight_g` and `weight_v` in place of `weight`.
 */
import { UserError } from "../base/errors.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import type { Reparametrisation, WeightedModule } from "./weighted.ts";

/** Options of {@link weightNorm}. */
export interface WeightNormOptions {
  /**
   * The dimension of the slices. Default 0, for transposed convolutions too, as in PyTorch; there `outputDim` (1) gives
   * each output a length of its own, as in the paper and as data-dependent initialisation needs it.
   */
  dim?: number;
  /** Whether the lengths g are trained. If not, they are a buffer and keep their first values. Default true. */
  trainLength?: boolean;
  /**
   * Standard deviation that data-dependent initialisation gives the outputs; null leaves the layer alone. Default 1.
   */
  initialStd?: number | null;
}

/**
 * Puts weight normalisation on `layer` and returns it: w = g v / |v|, with one length g and one norm for each slice
 * along `dim`. At first g = |w| and v = w, so that the layer computes what it did; data-dependent initialisation
 * (`initialiseFromData` of the {@link PassMode}) sets g and the bias from a batch.
 *
 * @throws UserError when the weight has no such dimension or `initialStd` is not above 0, and Error when the layer
 * already has a norm on its weight.
 *
 * @example
 * const layer = weightNorm(new Linear(context, 784, 1000));
 */
export function weightNorm<L extends WeightedModule>(layer: L, options: WeightNormOptions = {}): L {
  layer.reparametrise(new WeightNorm(options));
  return layer;
}

class WeightNorm implements Reparametrisation {
  readonly name = "weight norm";
  readonly initialStd: number | null;
  readonly #dim: number;
  readonly #trainLength: boolean;
  #outputDim = 0;

  constructor({ dim = 0, trainLength = true, initialStd = 1 }: WeightNormOptions) {
    if (initialStd !== null && !(initialStd > 0)) {
      throw new UserError(`weightNorm: \`initialStd\` (=${initialStd}) must be above 0, or null`);
    }
    this.#dim = dim;
    this.#trainLength = trainLength;
    this.initialStd = initialStd;
  }

  split(weight: Tensor, outputDim: number): { parameters: Record<string, Tensor>; buffers: Record<string, Tensor> } {
    if (!Number.isInteger(this.#dim) || this.#dim < 0 || this.#dim >= weight.ndim) {
      throw new UserError(
        `weightNorm: \`dim\` (=${this.#dim}) must be a dimension of the weight, 0 to ${weight.ndim - 1}`,
      );
    }
    this.#outputDim = outputDim;
    const lengths = { weight_g: noGrad(() => this.#lengths(weight)) };
    const directions = { weight_v: weight };
    return this.#trainLength
      ? { parameters: { ...lengths, ...directions }, buffers: {} }
      : { parameters: directions, buffers: lengths };
  }

  join(stored: (name: string) => Tensor): Tensor {
    const direction = stored("weight_v");
    return direction.mul(stored("weight_g").div(this.#lengths(direction)));
  }

  stretch(stored: (name: string) => Tensor, factors: Tensor): void {
    if (this.#dim !== this.#outputDim) {
      throw new UserError(
        `weightNorm: data-dependent initialisation needs a length for each output: \`dim\` (=${this.#dim}) must be ${this.#outputDim} in this layer`,
      );
    }
    const lengths = stored("weight_g");
    lengths.mul_(factors.view(lengths.shape));
  }

  /** Euclidean norms of the slices along `dim`, shaped to multiply the weight. */
  #lengths(weight: Tensor): Tensor {
    const others = weight.shape.map((_, i) => i).filter((i) => i !== this.#dim);
    return weight.norm(2, others, true);
  }
}
