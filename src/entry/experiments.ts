/** `import ... from "gantry/experiments"`: sweeps from code, the statistics of repeated runs, the laboratory. */

// A sweep: a grid of runs over seeds, defined in code or loaded from a file.
export {
  type Axis,
  type AxisInput,
  type AxisValue,
  type Cell,
  defineSweep,
  expandGrid,
  type Grid,
  type GridRun,
  type LoadedSweep,
  loadSweep,
  parseAxis,
  type Sweep,
  type SweepAdditions,
  type SweepInput,
} from "../experiments/index.ts";

// Its runs.
export {
  type ChildEvent,
  type PlannedRun,
  type RunState,
  type RunSweepOptions,
  runSweep,
  type Shard,
  type SweepEvents,
  SweepFolder,
  type SweepOutcome,
} from "../experiments/index.ts";

// Its table.
export {
  type CellRow,
  type CellScore,
  type Column,
  type SweepTable,
  sweepTable,
  tableMarkdown,
  writeResults,
} from "../experiments/index.ts";

// The laboratory: an experiment is a definition, from which records and a page follow.
export {
  type Context,
  defineExperiment,
  defineReport,
  defineSweepExperiment,
  type Experiment,
  experiments,
  type Figure,
  type MeasuredExperiment,
  makePage,
  markdownTable,
  type Outcome,
  type Page,
  type RecordedExperiment,
  type Report,
  type RunOptions,
  readRecords,
  runExperiment,
  type SweptExperiment,
  seeds,
  type TrainedExperiment,
  whole,
} from "../experiments/index.ts";

// Means, intervals and tests over seeds.
export { statistics } from "../experiments/index.ts";
