/** The scores of a sweep's cells that several pages compare. */
export { ENTROPY, FID, INCEPTION, KL, MODES, score } from "../../../src/experiments/claims/scores.ts";
