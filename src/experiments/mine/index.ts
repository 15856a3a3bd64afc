/** MINE against the closed form of correlated Gaussians. */
export { gaussianInformation, type MineExperiment, mineKeys, runMine } from "./experiment.ts";
export { mineTables, writeMinePage } from "./page.ts";
export { type MineRecord, readMineRecords } from "./record.ts";
