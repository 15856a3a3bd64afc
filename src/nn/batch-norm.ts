/** Batch normalisation (Ioffe and Szegedy 2015, algorithm 1), over feature vectors and over images. */
import { UserError } from "../base/errors.ts";
import { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { type Initialiser, ones, zeros } from "./init.ts";
import { UnaryModule } from "./module.ts";
import { passMode } from "./pass-mode.ts";
import { requirePositive } from "./sizes.ts";

/** Options of {@link BatchNorm1d} and {@link BatchNorm2d}. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  eps?: number;
  /** Weight of the newest batch in the running statistics; null averages all batches since the reset. Default 0.1. */
  momentum?: number | null;
  /** Whether there are a trained gain and offset, or the offset alone. Default true. */
  affine?: boolean | "offset";
  /**
   * Whether running statistics are kept. Without them evaluation mode uses the statistics of the batch. Default true.
   */
  trackRunningStats?: boolean;
  /** Draws the gain. Default all ones. */
  init?: Initialiser;
}

/**
 * y = (x - mean) / sqrt(var + eps) x weight + bias, per channel.
 *
 * In train mode mean and biased variance are the batch's, and the running statistics move towards its mean and unbiased
 * variance, except inside `frozenStatistics`. In evaluation mode the running statistics are used.
 *
 * Parameters: `weight`, `bias` [features]. Buffers: `running_mean`, `running_var` [features], `num_batches_tracked`.
 */
export abstract class BatchNorm extends UnaryModule {
  readonly features: number;
  readonly eps: number;
  /** May be changed between passes: null before collecting standing statistics, for example. */
  momentum: number | null;
  readonly #gain: boolean;
  readonly #offset: boolean;
  protected readonly tracks: boolean;

  constructor(context: BuildContext, features: number, options: BatchNormOptions = {}) {
    super();
    requirePositive(this.constructor.name, { features });
    this.features = features;
    this.eps = options.eps ?? 1e-5;
    this.momentum = options.momentum === undefined ? 0.1 : options.momentum;
    const { affine = true } = options;
    this.#gain = affine === true;
    this.#offset = affine !== false;
    this.tracks = options.trackRunningStats ?? true;
    if (this.#gain) this.registerParameter("weight", createTensor(context, [features], options.init ?? ones));
    if (this.#offset) this.registerParameter("bias", createTensor(context, [features], zeros));
    if (this.tracks) {
      this.registerBuffer("running_mean", createTensor(context, [features], zeros));
      this.registerBuffer("running_var", createTensor(context, [features], ones));
      this.registerBuffer("num_batches_tracked", Tensor.zeros([], { dtype: "int64", device: context.device }));
    }
  }

  override get couplesSamples(): boolean {
    return true;
  }

  /** The accepted ranks of the input. */
  protected abstract readonly ranks: readonly number[];

  /** Forgets the running statistics: mean 0, variance 1, no batches. */
  resetRunningStats(): void {
    if (!this.tracks) return;
    this.buffer("running_mean").zero_();
    this.buffer("running_var").fill_(1);
    this.buffer("num_batches_tracked").zero_();
  }

  override forward(x: Tensor): Tensor {
    this.refuseShape(x);
    if (this.training || !this.tracks) this.#refuseSingleValues(x);
    const { gain: weight, offset: bias, eps } = this;
    if (!this.tracks || (this.training && !passMode().updateStatistics)) {
      return x.batchNorm({ weight, bias, runningMean: null, runningVar: null, training: true, momentum: 0, eps });
    }
    const runningMean = this.buffer("running_mean");
    const runningVar = this.buffer("running_var");
    const momentum = this.training ? this.countBatch() : 0;
    return x.batchNorm({ weight, bias, runningMean, runningVar, training: this.training, momentum, eps });
  }

  /** The trained gain [features], if there is one. */
  protected get gain(): Tensor | null {
    return this.#gain ? this.parameter("weight") : null;
  }

  /** The trained offset [features], if there is one. */
  protected get offset(): Tensor | null {
    return this.#offset ? this.parameter("bias") : null;
  }

  protected refuseShape(x: Tensor): void {
    if (this.ranks.includes(x.ndim) && x.shape[1] === this.features) return;
    const ranks = this.ranks.join(" or ");
    throw new UserError(
      `${this.constructor.name}: input of shape [${x.shape.join(", ")}] must have ${ranks} dimensions and ${this.features} channels`,
    );
  }

  /**
   * One value has no variance: its output would be 0 whatever it is, and the running variance would be NaN from then
   * on.
   */
  #refuseSingleValues(x: Tensor): void {
    if (x.shape.reduce((product, size) => product * size, 1) > this.features) return;
    throw new UserError(
      `${this.constructor.name}: a batch of shape [${x.shape.join(", ")}] has one value per channel, and batch statistics need at least 2: use a larger batch, or fewer micro-batches (\`accumulate\`)`,
    );
  }

  /** Counts the batch and gives the weight that its statistics get. */
  protected countBatch(): number {
    const batches = this.buffer("num_batches_tracked");
    batches.add_(1);
    return this.momentum ?? 1 / batches.item();
  }
}

/**
 * Batch norm over vectors [B, features] or sequences [B, features, L].
 *
 * @example
 * new BatchNorm1d(context, 256).forward(hidden);
 */
export class BatchNorm1d extends BatchNorm {
  protected override readonly ranks = [2, 3];
}

/**
 * Batch norm over images [B, features, H, W].
 *
 * @example
 * new BatchNorm2d(context, 64, { init: normal(0.02, 1) }).forward(maps);
 */
export class BatchNorm2d extends BatchNorm {
  protected override readonly ranks = [4];
}
