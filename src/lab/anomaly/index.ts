/** Anomaly detection by GANs with and without top-k training. */
export { auroc, averagePrecision, scaledRanks } from "./detection.ts";
export {
  type AnomalyExperiment,
  type AnomalyUpdate,
  anomalySweep,
  anomalyUpdates,
  DIGITS,
  normalDigits,
} from "./experiment.ts";
export { type LatentSearchOptions, type Residuals, searchLatents } from "./latent-search.ts";
export { type Areas, detect, METHODS, type Method, type TestImages, testImages } from "./measure.ts";
export {
  type AnomalyKey,
  type AnomalyRecord,
  anomalyRecord,
  anomalyRecordName,
  type Measuring,
  readAnomalyRecord,
  readAnomalyRecords,
  writeAnomalyRecord,
} from "./record.ts";
export { runAnomaly, writeAnomalyTables } from "./run.ts";
export { anomalyTables, overDigits } from "./table.ts";
