/** The device of the benchmarks, on both sides: `run.ts --device cuda` sets the variable for their processes. */
export const DEVICE = process.env.GANTRY_BENCH_DEVICE || "cpu";
/** Whether our side captures its steps as graphs, and replays them: a row of `run.ts` sets the variable. */
export const GRAPH = Boolean(process.env.GANTRY_BENCH_GRAPH);
