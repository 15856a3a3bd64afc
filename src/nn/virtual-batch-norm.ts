/**
 * Virtual batch normalisation (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.5): each sample
 * is normalised by the statistics of itself and a reference batch, so that its result does not depend on its
 * neighbours.
 */
import { UserError } from "../base/errors.ts";
import { scope, Tensor } from "../tensor/index.ts";
import type { BatchNormOptions } from "./batch-norm.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { inFloat32 } from "./float32.ts";
import { ones, zeros } from "./init.ts";
import { UnaryModule } from "./module.ts";
import { passMode } from "./pass-mode.ts";
import { requirePositive } from "./sizes.ts";

/** Options of {@link VirtualBatchNorm}: those of batch norm that have a meaning here. */
export type VirtualBatchNormOptions = Pick<BatchNormOptions, "eps" | "affine" | "init">;

/** First and second moments per row (or one for all) and channel, [rows or 1, features]. */
interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * y = (x - mean) / sqrt(var + eps) x weight + bias for x [R + B, features, ...], whose first R rows are the reference
 * batch (`referenceRows` of the {@link PassMode}). With m and s the means of x and x^2 over the pixels of a sample, and
 * m_ref and s_ref those over the pixels of all reference samples, a sample has
 *
 *     mean = m / (R + 1) + m_ref R / (R + 1)
 *     mean of squares = s / (R + 1) + s_ref R / (R + 1)
 *     var = mean of squares - mean^2
 *
 * The reference samples have m_ref and s_ref. The variance is computed from the two variances and the distance of the
 * two means: the same value, without the difference of two large numbers.
 *
 * Every pass computes the reference statistics with the weights as they are, and gradients flow through them, as in the
 * authors' code. Train and evaluation mode do not differ; there are no running statistics.
 *
 * Parameters: `weight`, `bias` [features].
 *
 * @throws UserError in a pass without a reference batch or for input of another shape.
 *
 * @example
 * const layer = new VirtualBatchNorm(context, 64);
 * const y = withPassMode({ referenceRows: 32 }, () => layer.forward(Tensor.cat([reference, x]))).narrow(0, 32, x.shape[0]);
 */
export class VirtualBatchNorm extends UnaryModule {
  readonly features: number;
  readonly eps: number;
  readonly #gain: boolean;
  readonly #offset: boolean;

  constructor(context: BuildContext, features: number, options: VirtualBatchNormOptions = {}) {
    super();
    requirePositive("VirtualBatchNorm", { features });
    this.features = features;
    this.eps = options.eps ?? 1e-5;
    const { affine = true } = options;
    this.#gain = affine === true;
    this.#offset = affine !== false;
    if (this.#gain) this.registerParameter("weight", createTensor(context, [features], options.init ?? ones));
    if (this.#offset) this.registerParameter("bias", createTensor(context, [features], zeros));
  }

  override forward(x: Tensor): Tensor {
    const reference = passMode().referenceRows;
    const samples = x.shape[0]! - reference;
    if (x.ndim < 2 || x.shape[1] !== this.features) {
      throw new UserError(
        `VirtualBatchNorm: input of shape [${x.shape.join(", ")}] must have at least 2 dimensions and ${this.features} channels`,
      );
    }
    if (reference === 0 || samples < 0) {
      throw new UserError(
        "VirtualBatchNorm: this pass has no reference batch; run it in `withPassMode({ referenceRows })`",
      );
    }
    // Whole maps that are not needed afterwards are freed here, not at the end of the training step.
    return scope(() => this.#normalise(inFloat32(x), reference, samples));
  }

  #normalise(x: Tensor, reference: number, samples: number): Tensor {
    const { centred, of } = momentsOf(x);
    const all = together(part(of, 0, reference));
    const mixed = mix(all, part(of, reference, samples), 1 / (reference + 1));
    const mean = Tensor.cat([all.mean.expand([reference, -1]), mixed.mean]);
    const variance = Tensor.cat([all.variance.expand([reference, -1]), mixed.variance]);
    let scale = variance.add(this.eps).rsqrt();
    if (this.#gain) scale = scale.mul(this.parameter("weight"));
    let shift = of.mean.sub(mean).mul(scale);
    if (this.#offset) shift = shift.add(this.parameter("bias"));
    const perRow = rowShape(x);
    return centred.mul(scale.view(perRow)).add_(shift.view(perRow));
  }
}

/** The shape in which a number per row and channel of x multiplies x. */
function rowShape(x: Tensor): number[] {
  return [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)];
}

/** x without the mean of each row and channel over the pixels, and the moments over them. */
function momentsOf(x: Tensor): { centred: Tensor; of: Moments } {
  const pixels = x.shape.slice(2).map((_, i) => i + 2);
  if (pixels.length === 0) {
    const nothing = Tensor.zerosLike(x);
    return { centred: nothing, of: { mean: x, variance: nothing } };
  }
  const mean = x.mean(pixels);
  const centred = x.sub(mean.view(rowShape(x)));
  // Not `var`: the engine takes ten times as long for it.
  return { centred, of: { mean, variance: centred.square().mean(pixels) } };
}

/** The moments of all rows as one population, [1, features]. */
function together({ mean, variance }: Moments): Moments {
  const overall = mean.mean(0, true);
  const between = mean.sub(overall).square().mean(0, true);
  return { mean: overall, variance: variance.mean(0, true).add(between) };
}

function part({ mean, variance }: Moments, start: number, length: number): Moments {
  return { mean: mean.narrow(0, start, length), variance: variance.narrow(0, start, length) };
}

/** The moments of two populations together. `weight` is the share of the second. */
function mix(first: Moments, second: Moments, weight: number): Moments {
  const apart = second.mean.sub(first.mean);
  const within = first.variance.mul(1 - weight).add(second.variance, weight);
  return { mean: first.mean.add(apart, weight), variance: within.add(apart.square(), weight * (1 - weight)) };
}
