/** Adam (Kingma and Ba 2015, algorithm 1), with PyTorch's placement of eps and its numbers. */
import { z } from "zod";
import { capturableAdam_, fusedAdam_, hostNumber, type Tensor } from "../tensor/index.ts";
import { defineOptimizer, Optimizer, type OptimizerContext } from "./optimizer.ts";
import { isCurve, type Moment, type Scheduled, scheduled, valueAt } from "./scheduled.ts";

/** Options of {@link Adam}; the defaults are PyTorch's. */
export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  readonly lr?: Scheduled;
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  readonly betas?: readonly [Scheduled, Scheduled];
  /** Added to the root of the second moment after its correction. Default 1e-8. */
  readonly eps?: number;
  /** Factor of an L2 penalty whose gradient is added before the moments. Default 0. */
  readonly weightDecay?: number;
}

const defaults = { lr: 1e-3, betas: [0.9, 0.999] as [number, number], eps: 1e-8, weightDecay: 0 } satisfies AdamOptions;

/**
 * Adam. With gradient g at step t:
 *
 *     m <- beta1 m + (1 - beta1) g          v <- beta2 v + (1 - beta2) g^2
 *     p <- p - lr / (1 - beta1^t) x m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 *
 * State: `exp_avg` (m) and `exp_avg_sq` (v). With beta1 = 0, which many GANs use, m is the gradient itself: it is
 * neither stored nor computed. Where a beta follows a schedule, the corrections take its present value, as PyTorch's
 * do when the option is changed between steps.
 *
 * @example
 * const optimizer = new Adam(network.parameters(), { lr: 2e-4, betas: [0.5, 0.999] });
 */
export class Adam extends Optimizer {
  readonly #options: Required<AdamOptions>;
  #betas: readonly [number, number];
  readonly #means: readonly Tensor[] | undefined;
  readonly #squares: readonly Tensor[];

  constructor(parameters: readonly Tensor[], options: AdamOptions = {}) {
    const all: Required<AdamOptions> = { ...defaults, ...options };
    super(parameters, all.lr);
    this.#options = all;
    this.#betas = betasAt(all.betas, { step: 0, images: 0 });
    this.#means = all.betas[0] === 0 ? undefined : this.slot("exp_avg");
    this.#squares = this.slot("exp_avg_sq");
  }

  override follow(moment: Moment): void {
    super.follow(moment);
    this.#betas = betasAt(this.#options.betas, moment);
  }

  override scheduledNumbers(): Readonly<Record<string, number>> {
    const { betas } = this.#options;
    const own = ["beta1", "beta2"].flatMap((name, i) => (isCurve(betas[i]) ? [[name, this.#betas[i]!]] : []));
    return { ...super.scheduledNumbers(), ...Object.fromEntries(own) };
  }

  protected override update(gradients: readonly Tensor[]): void {
    const { eps, weightDecay } = this.#options;
    const betas = this.#betas;
    const [beta1, beta2] = betas;
    const means = this.#means ?? [];
    const negativeStepSize = hostNumber(() => -this.lr / (1 - beta1 ** this.steps));
    const rootCorrection = hostNumber(() => Math.sqrt(1 - beta2 ** this.steps));
    if (typeof negativeStepSize === "number" || typeof rootCorrection === "number") {
      const step = this.steps;
      fusedAdam_(this.parameters, gradients, means, this.#squares, { lr: this.lr, betas, eps, weightDecay, step });
      return;
    }
    const numbers = { betas, eps, weightDecay, negativeStepSize, rootCorrection };
    capturableAdam_(this.parameters, gradients, means, this.#squares, numbers);
  }

  /** The betas. The learning rate and the number of the step may change. */
  override capturedNumbers(): readonly number[] {
    return this.#betas;
  }
}

function betasAt([first, second]: readonly [Scheduled, Scheduled], moment: Moment): readonly [number, number] {
  return [valueAt(first, moment), valueAt(second, moment)];
}

const beta = scheduled(z.number().min(0, "must be at least 0").lt(1, "must be below 1"));

/**
 * Adam with PyTorch's defaults: lr 1e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0. GANs are trained with a smaller
 * beta1: 0.5 in DCGAN, 0 in WGAN-GP, SNGAN and BigGAN. The learning rate and the betas take schedules ({@link cosine}).
 *
 * @throws UserError for an unknown option or one out of range.
 *
 * @example
 * adam({ lr: 2e-4, betas: [0.5, 0.999] });
 */
export const adam = defineOptimizer(
  "adam",
  z.strictObject({
    lr: scheduled(z.number().positive("must be above 0")).default(defaults.lr),
    betas: z.tuple([beta, beta]).default(defaults.betas),
    eps: z.number().min(0, "must be at least 0").default(defaults.eps),
    weightDecay: z.number().min(0, "must be at least 0").default(defaults.weightDecay),
  }),
  (options, context: OptimizerContext) => new Adam(context.parameters, options),
);
