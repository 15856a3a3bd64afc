/**
 * The 95 % interval of a share (Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"). It stays
 * within 0 and 1 and holds for few observations too.
 */

/** The quantile of the normal distribution for 95 %. */
const Z = 1.959964;

/**
 * The interval of a share of `hits` among `count` observations, with p = hits / count and n = count:
 *
 *     (p + z^2 / 2n  +-  z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
 *
 * Its ends are the shares from which the observed one is z = 1.96 standard deviations away.
 *
 * @param hits - From 0 to `count`.
 * @param count - At least 1.
 *
 * @example
 * wilsonInterval(8, 10); // { low: 0.490, high: 0.943 }
 */
export function wilsonInterval(hits: number, count: number): { readonly low: number; readonly high: number } {
  const share = hits / count;
  const square = Z ** 2 / count;
  const spread = Z * Math.sqrt((share * (1 - share)) / count + square / (4 * count));
  const end = (sign: number): number => (share + square / 2 + sign * spread) / (1 + square);
  return { low: Math.max(0, end(-1)), high: Math.min(1, end(1)) };
}
