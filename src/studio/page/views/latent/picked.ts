/** A picked sample: the seed of its grid, and its place there. */
export interface Picked {
  readonly seed: number;
  readonly index: number;
}
