/**
 * Averages of weights that can be chosen after training (Karras et al. 2024, "Analyzing and Improving the Training Dynamics of
 * Diffusion Models", section 3 and appendix C): an average whose memory grows with the run, and how averages of other lengths are
 * made of stored ones.
 *
 *     average(T) = sum over t of (t^(g+1) - (t-1)^(g+1)) / T^(g+1) x weights(t)        t = 1 ... T
 *
 * the power-function average of exponent g. Its length is named by the standard deviation of that profile in parts of the run, std =
 * sqrt(g + 1) / ((g + 2) sqrt(g + 3)): 0.05 is the last few steps of a hundred, 0.25 most of the run.
 */
import { noGradScope, Tensor } from "../tensor/index.ts";

/** The largest std: that of the plain mean of all steps, g = 0. */
export const LARGEST_STD = 1 / Math.sqrt(12);

/** The decay of the t-th update, from 1: average <- decay x average + (1 - decay) x weights. */
export const powerDecay = (exponent: number, t: number): number => (1 - 1 / t) ** (exponent + 1);

/**
 * The exponent g of a std, at least 0.
 *
 * @param std - above 0, at most 1 / sqrt(12) = 0.289
 *
 * @example
 * powerExponent(0.1); // 6.94
 */
export function powerExponent(std: number): number {
  const stdOf = (g: number): number => Math.sqrt(g + 1) / ((g + 2) * Math.sqrt(g + 3));
  let [low, high] = [0, 1];
  while (stdOf(high) > std) high *= 2;
  // The std falls with the exponent.
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (stdOf(middle) > std) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A power-function average as it stood after a number of steps. */
export interface PowerProfile {
  readonly std: number;
  readonly step: number;
}

/** The integral over all times of the product of two profiles, each of them (g + 1) t^g / T^(g + 1) up to its T. */
function product(a: PowerProfile, b: PowerProfile): number {
  const [early, late] = a.step <= b.step ? [a, b] : [b, a];
  const [g, h] = [powerExponent(early.std), powerExponent(late.std)];
  return (((g + 1) * (h + 1)) / ((g + h + 1) * late.step)) * (early.step / late.step) ** h;
}

/** How an average is made of others. */
export interface PowerCombination {
  /** The factor of each of the given averages. */
  readonly weights: readonly number[];
  /** The distance of the combined profile from the wanted one, as a part of that one's length: near 0 where it is met. */
  readonly error: number;
}

/**
 * The sum of given averages whose profile is nearest to that of another one, by least squares (equation 4 of the paper).
 *
 * @example
 * const { weights } = powerCombination([{ std: 0.05, step: 500 }, { std: 0.1, step: 500 }], { std: 0.07, step: 500 });
 */
export function powerCombination(given: readonly PowerProfile[], wanted: PowerProfile): PowerCombination {
  const products = given.map((a) => given.map((b) => product(a, b)));
  const towards = given.map((a) => product(a, wanted));
  const weights = noGradScope(() => {
    const matrix = Tensor.fromArray(Float64Array.from(products.flat()), [given.length, given.length]);
    const side = Tensor.fromArray(Float64Array.from(towards), [given.length, 1]);
    return Array.from(matrix.linalgLstsq(side).toArray(), Number);
  });
  const own = product(wanted, wanted);
  const squared = weights.reduce(
    (sum, weight, i) =>
      sum + weight * (weights.reduce((row, other, j) => row + other * products[i]![j]!, 0) - 2 * towards[i]!),
    own,
  );
  return { weights, error: Math.sqrt(Math.max(0, squared) / own) };
}
