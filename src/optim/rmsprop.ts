/** RMSprop (Tieleman and Hinton 2012, lecture 6.5), PyTorch's form. The weight-clipped WGAN is trained with it. */
import { z } from "zod";
import {
  foreachAdd_,
  foreachAddcdiv_,
  foreachAddcmul_,
  foreachMul_,
  foreachSqrt,
  type Tensor,
} from "../tensor/index.ts";
import { defineOptimizer, Optimizer, type OptimizerContext } from "./optimizer.ts";
import { type Scheduled, scheduled } from "./scheduled.ts";

/** Options of {@link RMSprop}. */
export interface RMSpropOptions {
  /** Learning rate. Default 1e-2. */
  readonly lr?: Scheduled;
  /** Decay of the running mean of squared gradients. Default 0.99. */
  readonly alpha?: number;
  /** Added to its root. Default 1e-8. */
  readonly eps?: number;
  /** Decay of the velocity; 0, the default, for none. */
  readonly momentum?: number;
  /** Divide by an estimate of the variance of the gradient instead of its uncentred second moment. Default false. */
  readonly centered?: boolean;
  /** Factor of an L2 penalty whose gradient is added first. Default 0. */
  readonly weightDecay?: number;
}

const defaults = {
  lr: 1e-2,
  alpha: 0.99,
  eps: 1e-8,
  momentum: 0,
  centered: false,
  weightDecay: 0,
} satisfies RMSpropOptions;

/**
 * s <- alpha s + (1 - alpha) g^2, d = g / (sqrt(s) + eps), p <- p - lr d; with momentum b <- momentum b + d and
 * p <- p - lr b; centered takes sqrt(s - a^2) with a <- alpha a + (1 - alpha) g (Graves 2013, equations 38-45).
 *
 * State: `square_avg` (s), `momentum_buffer` (b) with momentum, `grad_avg` (a) when centered.
 */
export class RMSprop extends Optimizer {
  readonly #options: Required<RMSpropOptions>;
  readonly #squares: readonly Tensor[];
  readonly #velocities: readonly Tensor[] | undefined;
  readonly #means: readonly Tensor[] | undefined;

  constructor(parameters: readonly Tensor[], options: RMSpropOptions = {}) {
    const all: Required<RMSpropOptions> = { ...defaults, ...options };
    super(parameters, all.lr);
    this.#options = all;
    this.#squares = this.slot("square_avg");
    this.#velocities = all.momentum === 0 ? undefined : this.slot("momentum_buffer");
    this.#means = all.centered ? this.slot("grad_avg") : undefined;
  }

  protected override update(raw: readonly Tensor[]): void {
    const { alpha, eps, momentum, weightDecay } = this.#options;
    const gradients = this.decayed(raw, weightDecay);
    foreachMul_(this.#squares, alpha);
    foreachAddcmul_(this.#squares, gradients, gradients, 1 - alpha);

    const roots = foreachSqrt(this.#spread(gradients));
    foreachAdd_(roots, eps);
    if (this.#velocities === undefined) {
      foreachAddcdiv_(this.parameters, gradients, roots, -this.lr);
    } else {
      foreachMul_(this.#velocities, momentum);
      foreachAddcdiv_(this.#velocities, gradients, roots, 1);
      foreachAdd_(this.parameters, this.#velocities, -this.lr);
    }
  }

  /** The second moment, less the squared mean when centered. */
  #spread(gradients: readonly Tensor[]): readonly Tensor[] {
    if (this.#means === undefined) return this.#squares;
    foreachMul_(this.#means, this.#options.alpha);
    foreachAdd_(this.#means, gradients, 1 - this.#options.alpha);
    const spread = this.#squares.map((square) => square.clone());
    foreachAddcmul_(spread, this.#means, this.#means, -1);
    return spread;
  }
}

/**
 * RMSprop with PyTorch's defaults: lr 1e-2, alpha 0.99, eps 1e-8, momentum 0, centered false, weightDecay 0. The
 * Wasserstein GAN paper takes lr 5e-5 (Arjovsky et al. 2017, algorithm 1).
 *
 * @throws UserError for an unknown option or one out of range.
 *
 * @example
 * rmsprop({ lr: 5e-5 });
 */
export const rmsprop = defineOptimizer(
  "rmsprop",
  z.strictObject({
    lr: scheduled(z.number().positive("must be above 0")).default(defaults.lr),
    alpha: z.number().min(0, "must be at least 0").lt(1, "must be below 1").default(defaults.alpha),
    eps: z.number().min(0, "must be at least 0").default(defaults.eps),
    momentum: z.number().min(0, "must be at least 0").lt(1, "must be below 1").default(defaults.momentum),
    centered: z.boolean().default(defaults.centered),
    weightDecay: z.number().min(0, "must be at least 0").default(defaults.weightDecay),
  }),
  (options, context: OptimizerContext) => new RMSprop(context.parameters, options),
);
