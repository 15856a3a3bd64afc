/** Thresholds of truncated latents, as they are typed on the command line. */
import { UsageError } from "./errors.ts";
import { positiveNumber } from "./flags.ts";

/** From no truncation over the range of Brock et al. 2019 (figure 2a: 2 to 0.04). */
export const THRESHOLDS = "none,2,1.5,1.25,1,0.75,0.5,0.25,0.04";

/**
 * The listed thresholds in falling order, each once; `none` becomes undefined.
 * @throws UsageError for anything else.
 */
export function thresholdsOf(flag: string, text: string): (number | undefined)[] {
  const words = text.split(",").map((word) => word.trim());
  const numbers = words.map((word) => (word === "none" ? Number.POSITIVE_INFINITY : positiveNumber(flag, word)!));
  const least = Math.min(...numbers);
  if (least < 0.01)
    throw new UsageError(`${flag} (=${least}) must be at least 0.01: fewer latents than one in a hundred lie within`);
  return [...new Set(numbers)].sort((a, b) => b - a).map((value) => (Number.isFinite(value) ? value : undefined));
}
