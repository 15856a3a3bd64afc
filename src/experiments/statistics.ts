/**
 * Statistics of repeated runs: mean, standard deviation, the 95 % confidence interval of the mean by Student's t, of one
 * cell or pooled over several, and Holm's correction where several differences are tested.
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

/** P(T <= t) of Student's t distribution with `freedom` degrees of freedom. */
export function studentProbability(t: number, freedom: number): number {
  if (!(freedom > 0)) throw new RangeError(`degrees of freedom (=${freedom}) must be positive`);
  return Math.abs(t) === Number.POSITIVE_INFINITY ? Number(t > 0) : jstat.studentt.cdf(t, freedom);
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

/** A mean with its interval, tested against 0. */
export interface Tested extends Interval {
  /** Degrees of freedom of the interval and the test. */
  readonly freedom: number;
  /** Two-sided p value of the mean being 0; NaN where every value is 0 or no cell has two values. */
  readonly p: number;
}

/**
 * The mean over cells, with the variance within them: what a difference between two arms is over several cells, each
 * with its seeds.
 *
 *     mean = 1/C sum_c m_c          m_c, s_c^2, n_c: mean, variance and number of values of cell c, C cells
 *     s^2  = sum_c (n_c - 1) s_c^2 / sum_c (n_c - 1)
 *     standard error = s / C sqrt(sum_c 1 / n_c),  freedom = sum_c (n_c - 1)
 *
 * This is the analysis of variance with the cells as fixed blocks: what differs from cell to cell is taken out, and
 * every run counts towards the error (Montgomery, Design and Analysis of Experiments, chapters 3 and 4). The cells' runs
 * must be independent of each other and spread alike. A cell whose values are all the same, such as a score at its end,
 * says nothing about the spread: it is left out of s^2 and of the freedom, unless all are such. With `variances: "own"` they need not spread alike: the standard
 * error is sqrt(sum_c s_c^2 / n_c) / C, with Satterthwaite's degrees of freedom (1946), v^2 / sum_c (v_c^2 / (n_c - 1)),
 * v_c = s_c^2 / n_c, v their sum. One cell gives {@link interval} and the paired t test.
 *
 * @param cells - of each cell a value for each seed
 *
 * @example
 * pooled([[-1.0, -0.8, -1.2], [0.1, 0.3, -0.1]]); // { mean: -0.45, halfWidth: 0.227, count: 6, freedom: 4, p: 0.005 }
 */
export function pooled(
  cells: readonly (readonly number[])[],
  { variances = "equal", confidence = 0.95 }: { variances?: "equal" | "own"; confidence?: number } = {},
): Tested {
  const centre = mean(cells.map(mean));
  const count = cells.reduce((sum, { length }) => sum + length, 0);
  const spread = cells.map((values) => ({
    n: values.length,
    variance: values.length < 2 ? 0 : standardDeviation(values) ** 2,
  }));
  const varying = spread.some(({ variance }) => variance > 0) ? spread.filter(({ variance }) => variance > 0) : spread;
  const within = varying.reduce((sum, { n }) => sum + n - 1, 0);
  if (!(within > 0)) return { mean: centre, halfWidth: Number.NaN, count, freedom: Number.NaN, p: Number.NaN };
  const common = varying.reduce((sum, { n, variance }) => sum + (n - 1) * variance, 0) / within;
  const parts = spread.map(({ n, variance }) => (variances === "own" ? variance : common) / n);
  const total = parts.reduce((sum, part) => sum + part, 0);
  const satterthwaite = total ** 2 / parts.reduce((sum, part, c) => sum + part ** 2 / (spread[c]!.n - 1), 0);
  const freedom = variances === "own" && total > 0 ? satterthwaite : within;
  const error = Math.sqrt(total) / cells.length;
  const halfWidth = studentQuantile(1 - (1 - confidence) / 2, freedom) * error;
  const p = error === 0 && centre === 0 ? Number.NaN : 2 * studentProbability(-Math.abs(centre) / error, freedom);
  return { mean: centre, halfWidth, count, freedom, p };
}

/**
 * P values corrected for being several (Holm 1979, "A simple sequentially rejective multiple test procedure"): of m,
 * the i-th smallest times m - i + 1, at most 1, and never below that of a smaller one. Rejecting what is below 0.05
 * makes a wrong rejection in the whole family with a probability of at most 5 %. NaN, where nothing was tested, stays
 * NaN and does not count.
 *
 * @param values - the p values of one family of tests
 *
 * @example
 * holm([0.04, 0.01, 0.03]); // [0.06, 0.03, 0.06]
 */
export function holm(values: readonly number[]): number[] {
  const order = values.flatMap((p, i) => (Number.isNaN(p) ? [] : [i])).sort((a, b) => values[a]! - values[b]!);
  const corrected = values.map(() => Number.NaN);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * values[i]!));
    corrected[i] = largest;
  }
  return corrected;
}

/** A p value as a table shows it: three decimals below 0.1, two above, "–" where nothing was tested. */
export function probabilityText(p: number): string {
  if (Number.isNaN(p)) return "–";
  if (p < 0.001) return "< 0.001";
  return p < 0.0995 ? p.toFixed(3) : p < 0.995 ? p.toFixed(2) : "1";
}

/** A p value in a sentence: `p = 0.036`, `p < 0.001`. */
export function probabilityPhrase(p: number): string {
  const text = probabilityText(p);
  return `p ${text.startsWith("<") ? text : `= ${text}`}`;
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
