/**
 * Smoothed curves: an exponential moving average, corrected for its start as Adam's moments are (Kingma and Ba 2015),
 * so that the first points are not pulled to zero.
 *
 *     m = w m + (1 - w) x,   y = m / (1 - w^n)
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight === 0) return [...values];
  let mean = 0;
  let left = 1;
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    left *= weight;
    return mean / (1 - left);
  });
}
