/** Experiments built on training: the statistics of repeated runs, and sweeps. */
export { type Interval, interval, mean, separated, standardDeviation, studentQuantile } from "./statistics.ts";
