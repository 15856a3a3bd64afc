/** The experiments of `gantry lab`, a line each: their sub-commands, flags, help and docs/how-to/lab.md's tables follow from it. */
export { anomaly } from "./anomaly/anomaly.ts";
export { games } from "./games/games.ts";
export { images } from "./images.ts";
export { mine } from "./mine.ts";
export { anneal } from "./mixture/anneal.ts";
export { mixture } from "./mixture/mixture.ts";
export { oracle } from "./mixture/oracle.ts";
export { realism } from "./realism/realism.ts";
export { semi } from "./semi.ts";
export { smoothing } from "./smoothing.ts";
export { truncation } from "./truncation/truncation.ts";
