/** A step to be timed, and the library that makes it. */

/** The library as it is shipped: compiled, because compiling during a measurement would cost memory. */
export type Gantry = typeof import("../src/index.ts");

/** A step to be timed: `run` makes `count` of them. */
export interface Step {
  run(count: number): void;
  /** The parameters of G and D, where the peer's networks must have the same number. */
  readonly parameters?: readonly [number, number];
}
