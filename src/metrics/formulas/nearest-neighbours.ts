/** Nearest training samples of generated ones, to see whether the generator copies its data. */
import { createHash } from "node:crypto";
import { UserError } from "../../base/errors.ts";
import { noGradScope, scope, Tensor } from "../../tensor/index.ts";
import { cloudOf, nearest } from "./distance-tiles.ts";
import { inDouble, requireRows, requireSameWidth, requireWhole } from "./feature-rows.ts";

/** See {@link nearestNeighbours}; row i belongs to query i, nearest first. */
export interface Neighbours {
  /** [N, k] int64: rows of the references. */
  readonly indices: Tensor;
  /** [N, k] float64: Euclidean distances. */
  readonly distances: Tensor;
}

/** Rows whose neighbours are subtracted at once. */
const CHUNK = 256;

/**
 * The k nearest references of each query by Euclidean distance, on features or on pixels.
 *
 * Found by tiles of products in float64; the distances of those found are then computed from the differences, so that a
 * copy has distance 0 exactly. Of references equally near, any may be given; those given are ordered by distance, then
 * by number.
 *
 * @param queries [N, ...], of any dtype; what follows N is flattened.
 * @param references [M, ...]
 * @param k Default 1.
 * @throws UserError for fewer references than k, different widths, NaN and infinities.
 *
 * @example
 * const { indices, distances } = nearestNeighbours(fakeFeatures, trainingFeatures, 3);
 */
export function nearestNeighbours(queries: Tensor, references: Tensor, k = 1): Neighbours {
  requireWhole(k, "k", 1);
  return noGradScope(() => {
    const a = rowsOf(queries);
    const b = rowsOf(references);
    requireRows(a, "the queries", 1);
    requireRows(b, `the references of ${k} nearest`, k);
    requireSameWidth(a, b, "the queries", "the references");
    const { points } = cloudOf({ references: b, queries: a });
    const { indices } = nearest(points.queries, points.references, k);
    const exact = inDouble(b).to({ device: indices.device });
    const chunks = inDouble(a)
      .to({ device: indices.device })
      .split(CHUNK)
      .map((rows, i) => scope(() => ordered(rows, exact, indices.narrow(0, i * CHUNK, rows.shape[0]!))));
    return {
      indices: Tensor.cat(chunks.map((chunk) => chunk.indices)),
      distances: Tensor.cat(chunks.map((chunk) => chunk.distances)),
    };
  });
}

function rowsOf(samples: Tensor): Tensor {
  if (samples.ndim < 2) throw new UserError(`samples must be [samples, ...], got [${samples.shape.join(", ")}]`);
  const rows = samples.detach().flatten(1);
  return rows.dtype.startsWith("float") || rows.dtype === "bfloat16" ? rows : rows.float();
}

/** Exact distances of the candidates [n, k] of n rows, in order of distance and number. */
function ordered(rows: Tensor, references: Tensor, candidates: Tensor): Neighbours {
  // Sorting by number first and stably by distance afterwards would need a stable sort, which the engine's plain one is
  // not for long rows; k is small, so this side of the engine does it.
  const [n, k] = candidates.shape as [number, number];
  const columns = Array.from({ length: k }, (_, j) =>
    scope(() => references.indexSelect(0, candidates.select(1, j)).sub_(rows).norm(2, 1)),
  );
  const distances = Tensor.stack(columns, 1).toArray() as Float64Array;
  const numbers = candidates.toArray() as BigInt64Array;
  for (let row = 0; row < n; row++) {
    const order = Array.from({ length: k }, (_, j) => ({
      distance: distances[row * k + j]!,
      number: numbers[row * k + j]!,
    }));
    order.sort((a, b) => a.distance - b.distance || Number(a.number - b.number));
    for (const [j, { distance, number }] of order.entries()) {
      distances[row * k + j] = distance;
      numbers[row * k + j] = number;
    }
  }
  const { device } = candidates;
  return {
    indices: Tensor.fromArray(numbers, [n, k], { device }),
    distances: Tensor.fromArray(distances, [n, k], { device, dtype: "float64" }),
  };
}

/** Options of {@link memorisation}. */
export interface MemorisationOptions {
  /** Which quantile of the real distances counts as near; default 0.01. Within 0 ... 1. */
  readonly quantile?: number;
}

/** See {@link memorisation}. */
export interface Memorisation {
  /**
   * The share of generated samples nearer than `threshold` to a training sample; about `quantile` without memorising.
   * NaN where the threshold is 0: nothing is nearer than that.
   */
  readonly share: number;
  /** The share of generated samples that are exact copies: equal, number by number, to a training sample. */
  readonly copies: number;
  /** The quantile of the real samples' distances. */
  readonly threshold: number;
  /**
   * The median distance of generated samples over that of real ones; well below 1 for training samples changed a
   * little. NaN where the median of the real ones is 0.
   */
  readonly ratio: number;
}

/**
 * Compares how near generated samples come to training samples with how near real samples do that the generator never
 * saw.
 *
 * The threshold is the `quantile` (1 %, linearly interpolated) of the distances from held-out real samples to their
 * nearest training sample; without held-out ones, from each training sample to the nearest other one, which is slightly
 * stricter on small sets. A generator that draws from the real distribution has about 1 % of its samples below it; a
 * share of 10 % means that a tenth of its samples lie nearer to the training set than 99 % of real ones do. A larger
 * share alone does not prove memorising: blurred or plain samples lie near to everything in pixels; features are the
 * better space. Where the real samples repeat themselves so often that the quantile, or the median, of their distances is 0,
 * there is nothing to compare with, and `share`, or `ratio`, is NaN.
 *
 * @param generated [N, ...]
 * @param training [M, ...]
 * @param heldOut [L, ...] real samples that were not trained on, or undefined.
 * @throws UserError as {@link nearestNeighbours} does.
 *
 * @example
 * const { share, copies } = memorisation(fakeFeatures, trainFeatures, testFeatures);
 */
export function memorisation(
  generated: Tensor,
  training: Tensor,
  heldOut?: Tensor | undefined,
  { quantile = 0.01 }: MemorisationOptions = {},
): Memorisation {
  if (!(quantile >= 0 && quantile <= 1)) throw new UserError(`\`quantile\` (=${quantile}) must lie from 0 to 1`);
  return scope(() => {
    const fake = distancesOf(generated, training);
    const real = heldOut === undefined ? distancesWithin(training) : distancesOf(heldOut, training);
    const threshold = quantileOf(real, quantile);
    const median = quantileOf(real, 0.5);
    return {
      share: threshold === 0 ? Number.NaN : shareOf(fake, (distance) => distance < threshold),
      copies: shareOf(fake, (distance) => distance === 0),
      threshold,
      ratio: median === 0 ? Number.NaN : quantileOf(fake, 0.5) / median,
    };
  });
}

/** To the nearest reference. An equal one is looked up, because in tiles the nearest is only found within rounding. */
function distancesOf(queries: Tensor, references: Tensor): Float64Array {
  const { distances } = nearestNeighbours(queries, references, 1);
  const known = new Set(keysOf(references));
  const isCopy = keysOf(queries).map((key) => known.has(key));
  return (distances.toArray() as Float64Array).map((distance, i) => (isCopy[i] ? 0 : distance)).sort();
}

/** A text for each row; equal for rows of equal numbers. */
function keysOf(samples: Tensor): string[] {
  return rowsOf(samples)
    .split(CHUNK)
    .flatMap((chunk) =>
      scope(() => {
        // -0 + 0 is 0.
        const numbers = inDouble(chunk).add(0).toArray() as Float64Array;
        const [count, width] = chunk.shape as [number, number];
        return Array.from({ length: count }, (_, i) =>
          createHash("sha1")
            .update(numbers.subarray(i * width, (i + 1) * width))
            .digest("base64"),
        );
      }),
    );
}

/** Of each sample to the nearest other one. */
function distancesWithin(samples: Tensor): Float64Array {
  const { indices, distances } = nearestNeighbours(samples, samples, 2);
  const numbers = indices.toArray() as BigInt64Array;
  const both = distances.toArray() as Float64Array;
  const keys = keysOf(samples);
  const first = new Map(keys.map((key, i) => [key, i]).reverse() as [string, number][]);
  const last = new Map(keys.map((key, i) => [key, i]));
  // Where the first is not the sample itself, it is a copy of it, at the same distance 0.
  return Float64Array.from(keys, (key, i) => {
    if (first.get(key) !== last.get(key)) return 0;
    return numbers[2 * i] === BigInt(i) ? both[2 * i + 1]! : both[2 * i]!;
  }).sort();
}

function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

function shareOf(values: Float64Array, holds: (value: number) => boolean): number {
  return values.filter(holds).length / values.length;
}
