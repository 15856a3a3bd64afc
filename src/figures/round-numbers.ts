/** Where an axis has its numbers. */

const TICKS = 5;

/** Round numbers within a range, about {@link TICKS} of them: 1, 2 or 5 times a power of ten apart. */
export function roundNumbers(low: number, high: number): number[] {
  const rough = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const digits = Math.min(100, Math.max(0, -Math.floor(Math.log10(step))));
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toFixed(digits)));
}
