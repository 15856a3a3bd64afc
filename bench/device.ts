/** The device of the benchmarks, on both sides: `run.ts --device cuda` sets the variable for their processes. */
export const DEVICE = process.env.GANTRY_BENCH_DEVICE || "cpu";
