/** Sweeps of the questions of "Exploring Generative Adversarial Networks" (Iyengar, Pandey and Mehta). */
export { bigganWeights } from "./biggan-weights.ts";
export { dcganOptions } from "./dcgan-options.ts";
export { dropout128 } from "./dropout-128.ts";
export { resolution } from "./resolution.ts";
export { exploringTables } from "./tables.ts";
