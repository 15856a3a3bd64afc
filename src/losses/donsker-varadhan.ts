/**
 * The Donsker-Varadhan bound on mutual information, and the gradient with which MINE maximises it (Belghazi et al. 2018, "Mutual
 * Information Neural Estimation", arXiv 1801.04062, sections 3.1 and 3.2).
 *
 *     I(X; Y) >= E_joint[T(x, y)] - log E_marginal[exp T(x, y)]   for any function T; equal for T = log(p_joint / p_marginal) + c
 */
import { noGradScope, type Tensor } from "../tensor/index.ts";

/** On the CPU: not every device has float64. */
const inDouble = (values: Tensor): Tensor => values.to({ device: "cpu" }).double();

/** log(mean(exp(values))) of values [N], accumulated in float64. */
function logMeanExp(values: Tensor): number {
  return noGradScope(() => inDouble(values).logsumexp([0]).item()) - Math.log(values.numel);
}

/**
 * The bound in nats, accumulated in float64. With few samples it is no bound: the log of a mean is on average below the log of the
 * expectation.
 *
 * @param joint T(x, y) of joint pairs, [N].
 * @param marginal T(x, y) of independent pairs, [M].
 *
 * @example
 * donskerVaradhan(Tensor.fromArray([1, 3]), Tensor.fromArray([0, 0])); // 2
 */
export function donskerVaradhan(joint: Tensor, marginal: Tensor): number {
  return noGradScope(() => inDouble(joint).mean().item()) - logMeanExp(marginal);
}

/**
 * The moving average of E_marginal[exp T] over batches, the denominator of MINE's gradient:
 *
 *     a <- decay a + (1 - decay) mean(exp T),   a = mean(exp T) in the first batch
 *
 * A batch's own mean there biases the gradient of the log, since the mean of a quotient is not the quotient of means. The class
 * keeps log a in double precision: exp T overflows where T has learned much.
 */
export class MovingDenominator {
  readonly #decay: number;
  #log = 0;
  #batches = 0;

  /** @param decay from 0 (each batch by itself) to below 1. */
  constructor(decay: number) {
    this.#decay = decay;
  }

  /** log a with this batch, T [M] of independent pairs, without storing it. */
  with(marginal: Tensor): number {
    const own = logMeanExp(marginal);
    if (this.#batches === 0 || this.#decay === 0) return own;
    const [past, now] = [Math.log(this.#decay) + this.#log, Math.log1p(-this.#decay) + own];
    const larger = Math.max(past, now);
    return larger + Math.log(Math.exp(past - larger) + Math.exp(now - larger));
  }

  /** Takes in this batch and returns log a. */
  observe(marginal: Tensor): number {
    this.#log = this.with(marginal);
    this.#batches++;
    return this.#log;
  }

  /** What a checkpoint keeps. */
  numbers(): { readonly logDenominator: number; readonly batches: number } {
    return { logDenominator: this.#log, batches: this.#batches };
  }

  /** Continues from {@link numbers}. */
  load({ logDenominator = 0, batches = 0 }: Readonly<Record<string, number>>): void {
    this.#log = logDenominator;
    this.#batches = batches;
  }
}

/**
 * A number whose gradient is that of the bound for a given denominator a: E_joint[dT] - E_marginal[exp(T) dT] / a. Its value is not
 * the bound; {@link donskerVaradhan} is.
 *
 * @param logDenominator log a, with the present batch in it, so that no exponent is above log(M / (1 - decay)).
 */
export function informationObjective(joint: Tensor, marginal: Tensor, logDenominator: number): Tensor {
  return joint.mean().sub(marginal.sub(logDenominator).exp().mean());
}
