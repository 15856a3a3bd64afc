/** Experiments built on training: the laboratory with its runner, sweeps, and the statistics of repeated runs. */
import type { Experiment } from "./experiment.ts";
import * as registry from "./registry.ts";

export { type CellDifference, cellDifferences, cellNamed, differencesMarkdown } from "./cell-differences.ts";
export {
  armOf,
  type Claim,
  type ClaimInput,
  countOf,
  decide,
  defineClaim,
  type Expected,
  type Finding,
  type Outcome as ClaimOutcome,
  type Size,
  type Stage,
  secondsOf,
  setupText,
  shortest,
  stageOptions,
  type Verdict,
} from "./claim.ts";
export { claims, published } from "./claims/index.ts";
export { bySeed, type Difference, familyOf, type Values } from "./differences.ts";
export {
  type Context,
  defineExperiment,
  defineReport,
  defineSweepExperiment,
  type Experiment,
  type Figure,
  type MeasuredExperiment,
  type Page,
  type RecordedExperiment,
  type Report,
  type SweptExperiment,
  type TrainedExperiment,
} from "./experiment.ts";
export { markdownTable } from "./markdown.ts";
export { defaultText, hintOf, parseOption, seeds, whole } from "./options.ts";
export { readRecords } from "./records.ts";
export { conclude, loadClaim, sizeOf } from "./reproduce.ts";
export { makePage, type Outcome, type RunOptions, runExperiment } from "./run.ts";
export { shippedSweeps } from "./shipped-sweeps.ts";
export * as statistics from "./statistics.ts";
export * from "./sweep/index.ts";

/** Every experiment, by the name of its sub-command. */
export const experiments: Readonly<Record<string, Experiment>> = registry;
