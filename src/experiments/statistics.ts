/**
 * Statistics of repeated runs: mean, standard deviation, the 95 % confidence interval of the mean by Student's t.
 *
 * Few seeds are the rule here, and the normal distribution's 1.96 would be far too sure of itself: with three seeds the
 * right factor is 4.30. The quantile is exact (to rounding): the distribution function is the regularised incomplete beta
 * function, by its continued fraction (modified Lentz; Press et al., Numerical Recipes, 3rd edition, section 6.4), and it
 * is inverted by bisection.
 */

/** Coefficients of Lanczos' approximation with g = 7 and 9 terms, relative error below 1e-15. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** The natural logarithm of the gamma function, for x >= 0.5. */
function logGamma(x: number): number {
  const base = x + 6.5;
  const series = LANCZOS.reduce((sum, coefficient, i) => sum + (i === 0 ? coefficient : coefficient / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(series);
}

/** The continued fraction of the incomplete beta function; converges fast for x < (a + 1) / (a + b + 2). */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const factor = d * c;
    result *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return result;
}

/** I_x(a, b), the regularised incomplete beta function; `rest` is 1 - x, given apart so that a small one keeps its digits. */
function incompleteBeta(a: number, b: number, x: number, rest: number): number {
  if (x <= 0) return 0;
  if (rest <= 0) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(rest));
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a;
  return 1 - (front * betaFraction(b, a, rest)) / b;
}

/** P(T > t) for Student's t with `freedom` degrees of freedom, t >= 0. */
function upperTail(t: number, freedom: number): number {
  const square = t * t;
  return incompleteBeta(freedom / 2, 0.5, freedom / (freedom + square), square / (freedom + square)) / 2;
}

/**
 * The quantile of Student's t distribution: the t with P(T <= t) = `probability`.
 *
 * Relative error below 1e-9 against SciPy for 1 to 10,000 degrees of freedom.
 *
 * @param probability - strictly between 0 and 1
 * @param freedom - degrees of freedom, positive; need not be whole
 *
 * @throws RangeError outside those ranges
 *
 * @example
 * studentQuantile(0.975, 4); // 2.776...
 */
export function studentQuantile(probability: number, freedom: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`probability (=${probability}) must lie in (0, 1)`);
  if (!(freedom > 0)) throw new RangeError(`degrees of freedom (=${freedom}) must be positive`);
  if (probability === 0.5) return 0;
  const tail = Math.min(probability, 1 - probability);
  let high = 1;
  while (upperTail(high, freedom) > tail && high < 1e300) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  // Every halving gives one bit; it ends when no double lies between.
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (upperTail(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return probability < 0.5 ? -high : high;
}

/** The arithmetic mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The sample standard deviation (divided by n - 1): what runs with other seeds would show, unlike the spread that some
 * scores report of themselves. NaN below two values.
 */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** A mean with its confidence interval: `mean - halfWidth` to `mean + halfWidth`. */
export interface Interval {
  readonly mean: number;
  /** Half the interval's width; NaN where fewer than two values leave it unknown. */
  readonly halfWidth: number;
  /** Number of values. */
  readonly count: number;
}

/**
 * Mean and confidence interval of the mean: t(1 - (1 - confidence) / 2, n - 1) * s / sqrt(n).
 *
 * It assumes that the values are independent and about normal, as final scores of runs with different seeds are.
 * A value that is not finite makes both numbers not finite: it is not left out.
 *
 * @param values - one for each seed
 * @param confidence - between 0 and 1
 *
 * @example
 * interval([31.2, 29.8, 30.5]); // { mean: 30.5, halfWidth: 1.739, count: 3 }
 */
export function interval(values: readonly number[], confidence = 0.95): Interval {
  const count = values.length;
  if (count < 2) return { mean: mean(values), halfWidth: Number.NaN, count };
  const factor = studentQuantile(1 - (1 - confidence) / 2, count - 1);
  return { mean: mean(values), halfWidth: (factor * standardDeviation(values)) / Math.sqrt(count), count };
}

/**
 * Whether two intervals have no point in common. Where a width is not known (one value) or a mean is not a number they
 * count as not separated: nothing has been shown.
 *
 * Two 95 % intervals that touch are a stricter demand than a t-test at 5 %: what this calls separated, a test would too.
 *
 * @example
 * separated(interval([1, 2, 3]), interval([11, 12, 13])); // true
 */
export function separated(a: Interval, b: Interval): boolean {
  return Math.abs(a.mean - b.mean) > a.halfWidth + b.halfWidth;
}

/** What a chart's bands are, for its title, from the numbers of seeds behind its curves. */
export function overSeeds(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most <= 1) return "one seed";
  return `mean and 95 % interval over ${least === most ? most : `${least} to ${most}`} seeds`;
}
