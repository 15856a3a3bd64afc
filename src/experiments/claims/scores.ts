/** Scores of a sweep's cells that claims compare. */
import type { Measure } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";

/** A score of a cell by its name in the records. */
export const score = (name: string, score: string): Measure<ScoredCell> => ({ name, of: (cell) => cell.of(score) });

export const FID = score("FID", "fid");
export const INCEPTION = score("Inception Score", "inceptionScore");
export const MODES = score("modes", "modes");
export const ENTROPY = score("entropy", "entropy");
export const KL = score("reverse KL, nats", "reverseKl");
