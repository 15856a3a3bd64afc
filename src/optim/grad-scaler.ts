/**
 * Dynamic loss scaling for float16, whose smallest number is 6e-8 (Micikevicius et al. 2018, "Mixed Precision Training", section
 * 3.2), with the rule and the numbers of PyTorch's torch.amp.GradScaler.
 */
import { UserError } from "../base/errors.ts";
import { foreachNorm, noGradScope, Tensor } from "../tensor/index.ts";

/** Options of `GradScaler`; the defaults are PyTorch's. */
export interface GradScalerOptions {
  /** The first scale. Default 65536. */
  readonly initScale?: number;
  /** Factor of the scale after {@link growthInterval} steps without an overflow. Default 2. */
  readonly growthFactor?: number;
  /** Factor of the scale after an overflow. Default 0.5. */
  readonly backoffFactor?: number;
  /** Steps. Default 2000. */
  readonly growthInterval?: number;
}

/**
 * Multiplies a loss so that its float16 gradients do not vanish, divides the gradients of the parameters again, and says whether
 * the optimizer may take them:
 *
 *     overflow (a gradient is infinite or NaN):   no step, scale <- scale x backoffFactor
 *     growthInterval steps in a row without:      scale <- scale x growthFactor
 *
 * {@link accept} reads one number of the device, as PyTorch's does.
 *
 * @example
 * const gradients = grad(scaler.scaled(loss), parameters).map((gradient) => scaler.unscaled(gradient));
 * if (scaler.accept(gradients)) optimizer.step(gradients);
 */
export class GradScaler {
  readonly #options: Required<GradScalerOptions>;
  #scale: number;
  #growthTracker = 0;
  #skipped = 0;

  constructor(options: GradScalerOptions = {}) {
    const { initScale = 65536, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = options;
    this.#options = { initScale, growthFactor, backoffFactor, growthInterval };
    this.#scale = initScale;
  }

  /** The present scale. */
  get scale(): number {
    return this.#scale;
  }

  /** Steps that an overflow has cost. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The loss times the scale. */
  scaled(loss: Tensor): Tensor {
    return loss.mul(this.#scale);
  }

  /** A gradient of a scaled loss over the scale. */
  unscaled(gradient: Tensor): Tensor {
    return gradient.mul(1 / this.#scale);
  }

  /** Whether all gradients are finite. Sets the scale of the next step. */
  accept(gradients: readonly Tensor[]): boolean {
    const { growthFactor, backoffFactor, growthInterval } = this.#options;
    const largest = noGradScope(() => Tensor.stack(foreachNorm(gradients, Number.POSITIVE_INFINITY)).sum().item());
    if (!Number.isFinite(largest)) {
      this.#scale *= backoffFactor;
      this.#growthTracker = 0;
      this.#skipped++;
      return false;
    }
    this.#growthTracker++;
    if (this.#growthTracker === growthInterval) {
      this.#growthTracker = 0;
      // PyTorch's scale is a float32.
      if (Number.isFinite(Math.fround(this.#scale * growthFactor))) this.#scale *= growthFactor;
    }
    return true;
  }

  /** What a checkpoint keeps. */
  state(): Readonly<Record<string, number>> {
    return { scale: this.#scale, growthTracker: this.#growthTracker, skipped: this.#skipped };
  }

  /** Continues from {@link state}. @throws UserError when a number is missing. */
  load({ scale, growthTracker, skipped }: Readonly<Record<string, number>>): void {
    if (scale === undefined || growthTracker === undefined || skipped === undefined) {
      throw new UserError("the state of a GradScaler needs `scale`, `growthTracker` and `skipped`");
    }
    this.#scale = scale;
    this.#growthTracker = growthTracker;
    this.#skipped = skipped;
  }
}
