/** Sweeps: a grid of runs over the values of a recipe's keys, with several seeds each, and the table of their scores. */
export { type Axis, type AxisInput, type AxisValue, parseAxis } from "./axis.ts";
export type { ChildEvent } from "./child.ts";
export { defineSweep, isSweep, type Sweep, type SweepInput } from "./definition.ts";
export { SweepFolder } from "./folder.ts";
export { type Cell, expandGrid, type Grid, type GridRun, runsOf, type Shard } from "./grid.ts";
export { type LoadedSweep, loadSweep, type SweepAdditions } from "./load.ts";
export { type RecipeChange, recipeChanges } from "./recipe-changes.ts";
export { readScoredCells, readSweepTable, type ScoredCell } from "./records.ts";
export { boldText, signedText, spreadText, tableMarkdown } from "./render.ts";
export {
  type CellRow,
  type CellScore,
  type Column,
  runResults,
  type ScoresAt,
  type SweepTable,
  type SweptRun,
  sweepTable,
} from "./results.ts";
export { type RunState, stateOf } from "./run-state.ts";
export {
  type PlannedRun,
  type RunSweepOptions,
  runSweep,
  type SweepEvents,
  type SweepOutcome,
  whenFinished,
} from "./run-sweep.ts";
export { writeResults } from "./write-results.ts";
