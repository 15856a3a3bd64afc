/**
 * Spectral normalisation (Miyato et al. 2018, section 2.1 and algorithm 1), with the numbers and the state of PyTorch's
 * torch.nn.utils.spectral_norm: `weight_orig`, `weight_u`, `weight_v` in place of `weight`.
 *
 * The weight, as a matrix W of outputs by everything else, is divided by an estimate of its largest singular value,
 * sigma = u^T W v. That makes the layer (nearly) 1-Lipschitz. u and v follow the singular vectors by power iteration.
 * They are constants to the gradient; sigma is not.
 */
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { passMode } from "./pass-mode.ts";
import { requirePositive } from "./sizes.ts";
import type { Reparametrisation, WeightedModule } from "./weighted.ts";

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** Power iterations of a main training pass. Default 1, which the paper found to be enough. */
  powerIterations?: number;
  /** Lower bound of the norms that u and v are divided by. Default 1e-12. */
  eps?: number;
  /** The dimension that becomes the rows of the matrix. Default 0, and 1 for transposed convolutions, as in PyTorch. */
  dim?: number;
}

/**
 * Puts spectral normalisation on `layer` and returns it.
 *
 * A pass in train mode first makes the power iterations v <- W^T u / |W^T u|, u <- W v / |W v|; a pass in evaluation
 * mode or inside `frozenStatistics` uses u and v as they are. In PyTorch every pass in train mode iterates, so D(real)
 * and D(fake) of one update are two iterations; here the trainer decides: only the main pass is not inside
 * `frozenStatistics`.
 *
 * u and v begin as normalised Gaussian vectors, drawn from the context's generator.
 *
 * @throws UserError for an option out of range, and Error when the layer already has a norm on its weight.
 *
 * @example
 * const layer = spectralNorm(context, new Conv2d(context, 3, 64, 4, { stride: 2, padding: 1 }));
 */
export function spectralNorm<L extends WeightedModule>(
  context: BuildContext,
  layer: L,
  options: SpectralNormOptions = {},
): L {
  layer.reparametrise(new SpectralNorm(context, options));
  return layer;
}

class SpectralNorm implements Reparametrisation {
  readonly name = "spectral norm";
  readonly #context: BuildContext;
  readonly #iterations: number;
  readonly #eps: number;
  #dim: number | undefined;

  constructor(context: BuildContext, { powerIterations = 1, eps = 1e-12, dim }: SpectralNormOptions) {
    requirePositive("spectralNorm", { powerIterations });
    if (!(eps >= 0)) throw new UserError(`spectralNorm: \`eps\` (=${eps}) must be at least 0`);
    this.#context = context;
    this.#iterations = powerIterations;
    this.#eps = eps;
    this.#dim = dim;
  }

  split(weight: Tensor, outputDim: number): { parameters: Record<string, Tensor>; buffers: Record<string, Tensor> } {
    this.#dim ??= outputDim;
    if (!Number.isInteger(this.#dim) || this.#dim < 0 || this.#dim >= weight.ndim) {
      throw new UserError(
        `spectralNorm: \`dim\` (=${this.#dim}) must be a dimension of the weight, 0 to ${weight.ndim - 1}`,
      );
    }
    const rows = weight.shape[this.#dim]!;
    const u = this.#start(rows);
    const v = this.#start(weight.numel / rows);
    return { parameters: { weight_orig: weight }, buffers: { weight_u: u, weight_v: v } };
  }

  join(stored: (name: string) => Tensor, training: boolean): Tensor {
    const weight = stored("weight_orig");
    const { matrix, inPlace, toColumns, toState } = this.#read(weight);
    const constant = matrix.detach();
    // The fused form knows how sigma depends on the weight.
    const factor = inPlace ? constant : matrix;
    let u = stored("weight_u");
    let v: Tensor;
    let product: Tensor;
    if (training && passMode().updateStatistics) {
      const transposed = constant.transpose(0, 1);
      for (let i = 1; i < this.#iterations; i++) {
        v = this.#normalise(transposed.mv(u));
        u = this.#normalise(constant.mv(v));
      }
      v = this.#normalise(transposed.mv(u));
      // W v is needed for u and for sigma. It is computed once, with its gradient; u takes it as a constant.
      product = factor.mv(v);
      u = this.#normalise(product.detach());
      stored("weight_u").copy_(u);
      stored("weight_v").copy_(toState(v));
    } else {
      // This pass keeps copies: a later main pass writes into the buffers, maybe before this one is differentiated.
      u = u.clone();
      v = toColumns(stored("weight_v").clone());
      product = factor.mv(v);
    }
    const sigma = u.dot(product);
    // Times 1/sigma: the gradient of a quotient would read the whole weight twice more.
    return inPlace ? weight.overSpectralNorm(u, v, sigma) : weight.mul(sigma.reciprocal());
  }

  #start(size: number): Tensor {
    return createTensor(this.#context, [size], (tensor, generator) => {
      tensor.normal_(0, 1, generator);
      tensor.copy_(this.#normalise(tensor));
    });
  }

  #normalise(x: Tensor): Tensor {
    return x.div(x.norm().clampMin(this.#eps));
  }

  #read(weight: Tensor): Reading {
    const dim = this.#dim!;
    const { shape } = weight;
    if (dim === 0 && shape.length === 4 && !weight.isContiguous() && weight.isContiguous("channelsLast")) {
      return readChannelsLast(weight);
    }
    const others = shape.map((_, i) => i).filter((i) => i !== dim);
    const rowsFirst = dim === 0 ? weight : weight.permute([dim, ...others]);
    const inPlace = dim === 0 && weight.isContiguous();
    return { matrix: rowsFirst.reshape([shape[dim]!, -1]), inPlace, toColumns: same, toState: same };
  }
}

/** A weight as a matrix, and the conversion of v between the order of its columns and that of the state dict. */
interface Reading {
  readonly matrix: Tensor;
  /** Whether the matrix is the weight's memory, row by row, and no copy. */
  readonly inPlace: boolean;
  toColumns(v: Tensor): Tensor;
  toState(v: Tensor): Tensor;
}

const same = (v: Tensor): Tensor => v;

/**
 * In memory a kernel in channels-last order is the matrix whose columns run over height, width, channel. As such it is
 * a view. The order of the state (channel, height, width) would copy the weight in every pass; now only the short
 * vector v is reordered.
 */
function readChannelsLast(weight: Tensor): Reading {
  const [outputs, channels, height, width] = weight.shape as [number, number, number, number];
  return {
    matrix: weight.permute([0, 2, 3, 1]).view([outputs, -1]),
    inPlace: true,
    toColumns: (v) => v.view([channels, height, width]).permute([1, 2, 0]).reshape([-1]),
    toState: (v) => v.view([height, width, channels]).permute([2, 0, 1]).reshape([-1]),
  };
}
