/** Experiments built on training: the statistics of repeated runs, and sweeps. */
export * from "./mixture/index.ts";
export * as statistics from "./statistics.ts";
export * from "./sweep/index.ts";
export { type Annealing, annealing, type TopKDataset, topKImages } from "./top-k-images.ts";
