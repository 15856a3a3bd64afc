/** Anomaly detection by GANs with and without top-k training. */
export { auroc, averagePrecision, scaledRanks } from "./detection.ts";
export { type AnomalyExperiment, type AnomalyUpdate, anomalySweep } from "./experiment.ts";
export { type LatentSearchOptions, type Residuals, searchLatents } from "./latent-search.ts";
export { type AnomalyRecord, type Measuring, readAnomalyRecords } from "./record.ts";
export { runAnomaly, writeAnomalyTables } from "./run.ts";
export { anomalyTables } from "./table.ts";
