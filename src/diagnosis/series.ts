/** What the checks ask of numbers over the steps. */

/** The middle value; of an even number of values the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : sorted[half - 1]! / 2 + sorted[half]! / 2;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The entries at the end of a list for all of which `holds` is true. */
export function lastStretch<T>(list: readonly T[], holds: (one: T) => boolean): readonly T[] {
  return list.slice(list.findLastIndex((one) => !holds(one)) + 1);
}

/** At most `most` entries, evenly spaced; the last three are always among them. */
export function thinned<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  const end = list.slice(-3);
  const before = list.slice(0, -3);
  const count = most - end.length;
  return [...Array.from({ length: count }, (_, i) => before[Math.floor((i * before.length) / count)]!), ...end];
}

/** Lines of the log that a stretch has at least, and its share of all lines. */
const LINES = 10;
const SHARE = 0.1;

/** Whether a stretch at the end is too long to be a moment. */
export const isLasting = (stretch: readonly unknown[], all: readonly unknown[]): boolean =>
  stretch.length >= Math.max(LINES, SHARE * all.length);
