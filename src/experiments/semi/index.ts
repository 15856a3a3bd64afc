/** Semi-supervised learning with few labels: errors over label draws, ensembles, curves. */
export { type SemiExperiment, semiSweep } from "./experiment.ts";
export { semiTables, writeSemiPage } from "./page.ts";
export { readSemiRecords, type SemiEnsemble, type SemiRecord, type SemiRecords } from "./record.ts";
export { runSemi } from "./run.ts";
