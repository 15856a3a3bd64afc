/** Diagnosis: the usual faults of GANs in what a run has written. */
export type { Finding, Measured } from "./check.ts";
export { type Diagnosed, type Diagnosis, diagnose } from "./diagnose.ts";
