/** A number that was computed several times: its mean and how far it spreads. */

/** Mean and standard deviation of repeated values. */
export interface Spread {
  readonly mean: number;
  /** The population's: divided by the number of values, as reference implementations of the scores do. */
  readonly std: number;
}

/** Mean and population standard deviation of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}
