/** Scores of a sweep's cells that claims compare. */
import type { Expected } from "../claim.ts";
import type { Difference, Measure } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";

/** A score of a cell by its name in the records. */
export const score = (name: string, score: string): Measure<ScoredCell> => ({ name, of: (cell) => cell.of(score) });

export const FID = score("FID", "fid");
export const INCEPTION = score("Inception Score", "inceptionScore");
export const MODES = score("modes", "modes");
export const ENTROPY = score("entropy", "entropy");
export const KL = score("reverse KL, nats", "reverseKl");

const LOWER: ReadonlySet<string> = new Set([FID.name, KL.name]);

/** Differences of these scores, each with the side on which the better one lies. */
export const betterSides = (family: readonly Difference[]): Expected[] =>
  family.map((difference) => ({ difference, side: LOWER.has(difference.measure) ? "lower" : "higher" }));
