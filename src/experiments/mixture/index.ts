/** The laboratory of top-k training on mixtures of Gaussians. */
export { type AnnealExperiment, annealSweep } from "./anneal.ts";
export {
  FULL_LENGTH,
  type MixtureExperiment,
  milestones,
  mixtureSweep,
  type Update,
  updateNames,
  updates,
} from "./experiment.ts";
export { writeMixtureFigures } from "./figures.ts";
export { motions, RINGS, type RingCosine, ringCosines, ringNames, type SampleMotion } from "./oracle.ts";
export { oracleTables, readOracles, writeOraclePage } from "./oracle-page.ts";
export { measureOracle, type OracleOptions, type OracleRecord, oracleSchema, writeOracle } from "./oracle-run.ts";
export { type MixtureRecord, readRecords, recordName, recordOf, writeRecord } from "./record.ts";
export { recordsFolder, runMixture, writeMixturePage } from "./run.ts";
export { groupsOf, groupTable, mixtureTables, populatedModes, verdicts } from "./table.ts";
