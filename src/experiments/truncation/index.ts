/** Truncated latents, threshold by threshold: scores, saturation, and what they say. */
export { runTruncation, type TruncationEvents, type TruncationExperiment, truncationKeys } from "./experiment.ts";
export { type TruncationCurve, truncationCurve, truncationTables, writeTruncationPage } from "./page.ts";
export { readTruncationRecords, type TruncationKey, type TruncationRecord } from "./record.ts";
export { type Amenability, amenability, type Saturated, saturationOf } from "./saturation.ts";
