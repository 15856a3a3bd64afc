/** The losses that Gantry ships: one file and one line each. */
export { hinge } from "./hinge.ts";
export { leastSquares } from "./least-squares.ts";
export { minimax } from "./minimax.ts";
export { nonSaturating } from "./non-saturating.ts";
export { relativistic } from "./relativistic.ts";
export { relativisticAverage } from "./relativistic-average.ts";
export { wasserstein } from "./wasserstein.ts";
