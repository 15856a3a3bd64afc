/** A step to be timed: `run` makes `count` of them. */
export interface Step {
  run(count: number): void;
  /** The parameters of G and D, where the peer's networks must have the same number. */
  readonly parameters?: readonly [number, number];
}
