/**
 * The Donsker-Varadhan bound on mutual information, and the gradient by which MINE climbs it (Belghazi et al. 2018, "Mutual
 * Information Neural Estimation", arXiv 1801.04062, sections 3.1 and 3.2).
 *
 *     I(X; Y) >= E_joint[T(x, y)] - log E_marginal[exp T(x, y)]   for any function T, with equality for T = log of the
 *                                                                 ratio of the densities + any constant
 */
import { noGrad, scope, type Tensor } from "../tensor/index.ts";

/** On the CPU, since not every device has float64. */
const inDouble = (values: Tensor): Tensor => values.to({ device: "cpu" }).double();

/** log of the mean of exp, of values [N], accumulated in float64. */
function logMeanExp(values: Tensor): number {
  return noGrad(() => scope(() => inDouble(values).logsumexp([0]).item())) - Math.log(values.numel);
}

/**
 * The bound in nats, from T of pairs that belong together and of pairs that do not, accumulated in float64.
 *
 * Of few samples it is no bound: the log of a mean is on average below the log of the expectation.
 *
 * @param joint T(x, y) of joint pairs, [N].
 * @param marginal T(x, y) of independent pairs, [M].
 *
 * @example
 * donskerVaradhan(Tensor.fromArray([1, 3]), Tensor.fromArray([0, 0])); // 2
 */
export function donskerVaradhan(joint: Tensor, marginal: Tensor): number {
  return noGrad(() => scope(() => inDouble(joint).mean().item())) - logMeanExp(marginal);
}

/**
 * The moving average of E_marginal[exp T] over batches, which stands in the denominator of MINE's gradient:
 *
 *     a <- decay a + (1 - decay) mean exp T,   the first batch alone at first
 *
 * A batch's own mean there makes the gradient of the log biased, since the mean of a quotient is not the quotient of means.
 * The logarithm of a is what is kept, a number in double precision: exp T overflows where T has learned much.
 */
export class MovingDenominator {
  readonly #decay: number;
  #log = 0;
  #batches = 0;

  /** @param decay from 0 (each batch by itself) to below 1. */
  constructor(decay: number) {
    this.#decay = decay;
  }

  /** log a as it is to be with this batch, T [M] of independent pairs; nothing is remembered. */
  with(marginal: Tensor): number {
    const own = logMeanExp(marginal);
    if (this.#batches === 0 || this.#decay === 0) return own;
    const [past, now] = [Math.log(this.#decay) + this.#log, Math.log1p(-this.#decay) + own];
    const larger = Math.max(past, now);
    return larger + Math.log(Math.exp(past - larger) + Math.exp(now - larger));
  }

  /** log a with this batch, and from now on. */
  observe(marginal: Tensor): number {
    this.#log = this.with(marginal);
    this.#batches++;
    return this.#log;
  }

  /** What a checkpoint keeps. */
  numbers(): { readonly logDenominator: number; readonly batches: number } {
    return { logDenominator: this.#log, batches: this.#batches };
  }

  /** Goes on from {@link numbers}. */
  load({ logDenominator = 0, batches = 0 }: Readonly<Record<string, number>>): void {
    this.#log = logDenominator;
    this.#batches = batches;
  }
}

/**
 * A number whose gradient is the bound's with the denominator a given: E_joint[dT] - E_marginal[exp(T) dT] / a. Its value is
 * not the bound; {@link donskerVaradhan} is.
 *
 * @param logDenominator log a, with the batch at hand in it, so that no exponent is above log(M / (1 - decay)).
 */
export function informationObjective(joint: Tensor, marginal: Tensor, logDenominator: number): Tensor {
  return joint.mean().sub(marginal.sub(logDenominator).exp().mean());
}
