/** What tests of the scores share: stored values of independent implementations, and features. */
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { fixture } from "../nn/oracle.ts";

type Rows = number[][];
type Spread = { mean: number; std: number };
type Manifolds = Record<string, { precision: number; recall: number; density: number; coverage: number }>;

export const stored = fixture<{
  real: Rows;
  fake: Rows;
  frechet: number;
  conditioned: { meanA: number[]; covarianceA: Rows; meanB: number[]; covarianceB: Rows; distance: number };
  singular: { fewA: Rows; fewB: Rows; many: Rows; fewFew: number; fewMany: number };
  kid: Spread & { subsets: { a: number[]; b: number[] }[] };
  logits: Rows;
  inceptionScore: Record<string, Spread>;
  manifolds: Manifolds;
  grid: { real: Rows; fake: Rows; scores: Manifolds };
  neighbours: { indices: Rows; distances: Rows; share: number; threshold: number; ratio: number };
  modes: { histogram: number[]; entropy: number; reverseKl: number; real: number[]; reverseKlToReal: number };
}>("metrics");

/** float64, as the fixtures were computed. */
export const double = (values: readonly (number | readonly number[])[]): Tensor =>
  Tensor.fromArray(values, undefined, { dtype: "float64" });

export const real = double(stored.real);
export const fake = double(stored.fake);

/** Standard normal [n, d] float32. */
export const normal = (n: number, d: number, seed = 1): Tensor =>
  Tensor.randn([n, d], { generator: new Generator(seed) });

/** A copy with one element replaced. */
export function withValue(rows: Tensor, row: number, column: number, value: number): Tensor {
  const copy = rows.clone();
  copy.select(0, row).select(0, column).fill_(value);
  return copy;
}
