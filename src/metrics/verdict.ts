/** What two values of a score say about the images they were measured on: which is better, or that it is not known. */
import { isBetter, type Score } from "./score.ts";

/**
 * Relative difference up to which two values are equal to the rounding of the score. Float32 features and the root of a
 * matrix leave about six digits: the same images give the same FID to 1e-6 on other engines or threads.
 */
const ROUNDING = 1e-5;

/** The outcome of a comparison. */
export interface Verdict {
  readonly kind:
    | "undefined: they do not compare"
    | "equal"
    | "equal to the rounding of the score"
    | "within their spread"
    | "first"
    | "second";
  /** Whether both values have a spread. */
  readonly spreadKnown: boolean;
}

/**
 * Compares two values of one score, by the first rule that holds:
 *
 * 1. one is NaN: undefined; 2. a = b: equal; 3. |a - b| <= 1e-5 max(|a|, |b|): equal to the rounding of the score;
 * 4. |a - b| <= std(a) + std(b): within their spread; 5. the better one is better.
 *
 * Rule 4 is no test: a spread over seeds or splits of the samples says nothing about other trainings.
 */
export function verdictOf(a: Pick<Score, "value" | "std" | "better">, b: Pick<Score, "value" | "std">): Verdict {
  const spreadKnown = a.std !== undefined && b.std !== undefined;
  const difference = Math.abs(a.value - b.value);
  const kind = (): Verdict["kind"] => {
    if (Number.isNaN(difference)) return "undefined: they do not compare";
    if (difference === 0) return "equal";
    if (difference <= ROUNDING * Math.max(Math.abs(a.value), Math.abs(b.value)))
      return "equal to the rounding of the score";
    if (difference <= (a.std ?? 0) + (b.std ?? 0)) return "within their spread";
    return isBetter(a.better, a.value, b.value) ? "first" : "second";
  };
  return { kind: kind(), spreadKnown };
}
