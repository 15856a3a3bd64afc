/** The scores of a sweep's cells that several pages compare. */
import type { Measure } from "./compare.ts";
import type { Cell } from "./records.ts";

/** A score of a cell by its name in the records. */
export const score = (name: string, score: string): Measure<Cell> => ({ name, of: (cell) => cell.of(score) });

export const FID = score("FID", "fid");
export const INCEPTION = score("Inception Score", "inceptionScore");
export const MODES = score("modes", "modes");
