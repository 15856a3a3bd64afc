/**
 * `import ... from "gantry/experiments"`: sweeps from code, the statistics of repeated runs, the laboratory.
 *
 * @module gantry/experiments
 */

// A sweep: a grid of runs over seeds, defined in code or loaded from a file.
export { defineSweep, expandGrid, loadSweep, parseAxis } from "../experiments/index.ts";
export type { Axis, AxisInput, AxisValue, Cell, Grid, GridRun, LoadedSweep, Sweep } from "../experiments/index.ts";
export type { SweepAdditions, SweepInput } from "../experiments/index.ts";

// Its runs.
export { runSweep, SweepFolder } from "../experiments/index.ts";
export type { ChildEvent, PlannedRun, RunState, RunSweepOptions, Shard, SweepEvents } from "../experiments/index.ts";
export type { SweepOutcome } from "../experiments/index.ts";

// Its table.
export { sweepTable, tableMarkdown, writeResults } from "../experiments/index.ts";
export type { CellRow, CellScore, Column, SweepTable } from "../experiments/index.ts";

// The laboratory: an experiment is a definition, from which records and a page follow.
export { defineExperiment, defineReport, defineSweepExperiment, experiments, makePage } from "../experiments/index.ts";
export { markdownTable, readRecords, runExperiment, seeds, whole } from "../experiments/index.ts";
export type { Context, Experiment, Figure, MeasuredExperiment, Outcome, Page } from "../experiments/index.ts";
export type { RecordedExperiment, Report, RunOptions, SweptExperiment } from "../experiments/index.ts";
export type { TrainedExperiment } from "../experiments/index.ts";

// Means, intervals and tests over seeds.
export { statistics } from "../experiments/index.ts";

// Claims of papers: `gantry reproduce` takes a file that exports one.
export { armOf, bySeed, claims, decide, defineClaim, familyOf, shortest } from "../experiments/index.ts";
export type {
  Claim,
  ClaimInput,
  ClaimOutcome,
  Difference,
  Expected,
  Finding,
  ScoredCell,
} from "../experiments/index.ts";
export type { Size, Stage, Values, Verdict } from "../experiments/index.ts";
