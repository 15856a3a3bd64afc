/** Distances between all pairs of two sets, a tile at a time: for 50,000 samples the whole matrix would take 20 GB. */
import { keep, scope, Tensor } from "../../tensor/index.ts";
import { inDouble } from "./feature-rows.ts";

/** Rows and columns of a tile: 32 MB. */
const TILE = 2048;
/**
 * What two squared distances may be off by together, as a share of the largest squared norm: the worst that rounding
 * does to products of 4,096 dimensions. Of different float32 vectors of that norm, hardly any are so close.
 */
const RESOLUTION = 2 ** -39;

/** Rows in float64 and their squared norms, about a centre that all sets of a comparison share. */
export interface Points {
  readonly rows: Tensor;
  readonly squaredNorms: Tensor;
}

/** Sets that distances are taken between. */
export interface Cloud<Name extends string> {
  readonly points: Readonly<Record<Name, Points>>;
  /** Squared distances that differ by less must be taken as equal. */
  readonly tolerance: number;
}

/**
 * Prepares sets of features for {@link eachTile}.
 *
 * |x - y|^2 is computed as |x|^2 + |y|^2 - 2 x . y, since only products of matrices are fast; that cancels where points
 * are close and far from the origin. So everything is float64 and moved to the mean of the first set: what is left of
 * the error is `tolerance`.
 */
export function cloudOf<Name extends string>(sets: Readonly<Record<Name, Tensor>>): Cloud<Name> {
  return scope(() => {
    const entries = Object.entries<Tensor>(sets).map(([name, rows]) => [name, inDouble(rows)] as const);
    const { device } = entries[0]![1];
    const centre = entries[0]![1].mean(0);
    let largest = 0;
    const points = entries.map(([name, given]): [string, Points] => {
      const rows = given.to({ device }).sub(centre);
      const squaredNorms = rows.square().sum(1);
      largest = Math.max(largest, squaredNorms.amax().item());
      return [name, { rows, squaredNorms }];
    });
    return { points: Object.fromEntries(points) as Record<Name, Points>, tolerance: RESOLUTION * largest };
  });
}

/** A tile of squared distances and its position. */
export interface Tile {
  /** [rows, columns] float64; those of equal points may lie on either side of 0, within the tolerance. */
  readonly squared: Tensor;
  readonly row: number;
  readonly column: number;
}

/** Calls `visit` for all tiles, row by row; its tensors are freed afterwards unless kept. */
export function eachTile(a: Points, b: Points, visit: (tile: Tile) => void): void {
  for (let row = 0; row < a.rows.shape[0]!; row += TILE) {
    for (let column = 0; column < b.rows.shape[0]!; column += TILE) {
      scope(() => visit({ squared: squaredDistances(a, row, b, column), row, column }));
    }
  }
}

function squaredDistances(a: Points, row: number, b: Points, column: number): Tensor {
  const part = ({ rows, squaredNorms }: Points, start: number): Points => {
    const length = Math.min(TILE, rows.shape[0]! - start);
    return { rows: rows.narrow(0, start, length), squaredNorms: squaredNorms.narrow(0, start, length) };
  };
  const x = part(a, row);
  const y = part(b, column);
  return x.rows.mm(y.rows.transpose(0, 1)).mul_(-2).add_(x.squaredNorms.unsqueeze(1)).add_(y.squaredNorms);
}

/** The k nearest of b for each of a, ascending: squared distances [N, k] and their indices int64. */
export function nearest(a: Points, b: Points, k: number): { squared: Tensor; indices: Tensor } {
  return scope(() => {
    const done: { squared: Tensor; indices: Tensor }[] = [];
    let best: { squared: Tensor; indices: Tensor } | undefined;
    eachTile(a, b, ({ squared, column }) => {
      const last = column + TILE >= b.rows.shape[0]!;
      const [values, places] = squared.topk(Math.min(k, squared.shape[1]!), 1, false, true);
      const before = column === 0 ? undefined : best!;
      const candidates = before ? Tensor.cat([before.squared, values], 1) : values;
      const numbers = before ? Tensor.cat([before.indices, places.add(column)], 1) : places.add(column);
      const [merged, order] = candidates.topk(Math.min(k, candidates.shape[1]!), 1, false, true);
      before?.squared.dispose();
      before?.indices.dispose();
      best = { squared: keep(merged), indices: keep(numbers.gather(1, order)) };
      if (last) done.push(best);
    });
    const joined = {
      squared: Tensor.cat(done.map(({ squared }) => squared)),
      indices: Tensor.cat(done.map(({ indices }) => indices)),
    };
    for (const { squared, indices } of done) for (const tensor of [squared, indices]) tensor.dispose();
    return joined;
  });
}

/** The squared distance [N] of each point to the k-th nearest other of its own set. */
export function squaredRadii(points: Points, k: number): Tensor {
  // Among k + 1, itself is one (or a duplicate, as near).
  return scope(() => nearest(points, points, k + 1).squared.select(1, k));
}
