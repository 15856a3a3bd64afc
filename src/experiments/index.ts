/** Experiments built on training: the statistics of repeated runs, and sweeps. */
export * from "./anomaly/index.ts";
export { bigganIcr } from "./biggan-icr.ts";
export { datasetAxis, datasetOverrides, type SweepDataset } from "./datasets.ts";
export * from "./exploring/index.ts";
export * from "./games/index.ts";
export {
  type Annealing,
  annealing,
  dcgans,
  ganOverrides,
  ORDINARY,
  residualGans,
  type SweepGan,
  stepsOf,
  unlabelledGans,
} from "./gans.ts";
export { improvedAblation } from "./improved-ablation.ts";
export * from "./mine/index.ts";
export * from "./mixture/index.ts";
export { modeCollapse } from "./mode-collapse.ts";
export * from "./semi/index.ts";
export * as statistics from "./statistics.ts";
export * from "./sweep/index.ts";
export { topKImages } from "./top-k-images.ts";
export { readStoredTable, type StoredTable, updateTables } from "./top-k-images-table.ts";
export * from "./truncation/index.ts";
