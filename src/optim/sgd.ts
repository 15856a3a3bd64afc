/** Stochastic gradient descent with momentum, PyTorch's form (Sutskever et al. 2013 with the rate outside the velocity). */
import { z } from "zod";
import { foreachAdd_, foreachMul_, foreachSub, type Tensor } from "../tensor/index.ts";
import { defineOptimizer, Optimizer, type OptimizerContext } from "./optimizer.ts";
import { type Scheduled, scheduled } from "./scheduled.ts";

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. Default 1e-2. */
  readonly lr?: Scheduled;
  /** Decay of the velocity; 0, the default, for plain gradient descent. */
  readonly momentum?: number;
  /** Step along the gradient that the next velocity would add to, not along the velocity alone. Default false. */
  readonly nesterov?: boolean;
  /** Factor of an L2 penalty whose gradient is added first. Default 0. */
  readonly weightDecay?: number;
}

const defaults = { lr: 1e-2, momentum: 0, nesterov: false, weightDecay: 0 } satisfies SGDOptions;

/**
 * b <- momentum b + g, then p <- p - lr b, or with Nesterov's momentum p <- p - lr (g + momentum b).
 *
 * State: `momentum_buffer` (b), absent without momentum.
 */
export class SGD extends Optimizer {
  readonly #options: Required<SGDOptions>;
  readonly #velocities: readonly Tensor[] | undefined;

  constructor(parameters: readonly Tensor[], options: SGDOptions = {}) {
    const all: Required<SGDOptions> = { ...defaults, ...options };
    super(parameters, all.lr);
    this.#options = all;
    this.#velocities = all.momentum === 0 ? undefined : this.slot("momentum_buffer");
  }

  protected override update(raw: readonly Tensor[]): void {
    const { momentum, nesterov, weightDecay } = this.#options;
    const gradients = this.decayed(raw, weightDecay);
    let directions = gradients;
    if (this.#velocities !== undefined) {
      foreachMul_(this.#velocities, momentum);
      foreachAdd_(this.#velocities, gradients, 1);
      directions = nesterov ? foreachSub(gradients, this.#velocities, -momentum) : this.#velocities;
    }
    foreachAdd_(this.parameters, directions, -this.lr);
  }
}

/**
 * Gradient descent with defaults lr 1e-2, momentum 0, nesterov false, weightDecay 0.
 *
 * @throws UserError for an unknown option or one out of range, and for nesterov without momentum.
 *
 * @example
 * sgd({ lr: 0.01, momentum: 0.9, nesterov: true });
 */
export const sgd = defineOptimizer(
  "sgd",
  z
    .strictObject({
      lr: scheduled(z.number().positive("must be above 0")).default(defaults.lr),
      momentum: z.number().min(0, "must be at least 0").lt(1, "must be below 1").default(defaults.momentum),
      nesterov: z.boolean().default(defaults.nesterov),
      weightDecay: z.number().min(0, "must be at least 0").default(defaults.weightDecay),
    })
    .refine((options) => !options.nesterov || options.momentum > 0, {
      path: ["nesterov"],
      message: "needs a `momentum` above 0",
    }),
  (options, context: OptimizerContext) => new SGD(context.parameters, options),
);
