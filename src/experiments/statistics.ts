/**
 * Statistics of repeated runs: mean, standard deviation, the 95 % confidence interval of the mean by Student's t.
 *
 * Few seeds are the rule here, and the normal distribution's 1.96 would be far too small: with three seeds the factor
 * is 4.30.
 */
import jstat from "jstat";

/**
 * The quantile of Student's t distribution: the t with P(T <= t) = `probability`.
 *
 * Relative error below 1e-7 against SciPy for 1 to 10,000 degrees of freedom; an interval is shown with two digits.
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
  return jstat.studentt.inv(probability, freedom);
}

/** The arithmetic mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The sample standard deviation (divided by n - 1): the spread over seeds, unlike the spread that some
 * scores have of their own. NaN below two values.
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
 * Two 95 % intervals that touch are a stricter demand than a t-test at 5 %: what this calls separated, a test would
 * too.
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

/** 0, 1 ... count - 1: seeds, draws. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
