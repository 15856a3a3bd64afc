/** FID without the bias of few samples, by extrapolation (Chong & Forsyth 2020). */
import { UserError } from "../../base/errors.ts";
import { type Generator, scope, Tensor } from "../../tensor/index.ts";
import { requireRows, requireWhole } from "./feature-rows.ts";
import { factored, frechetToFactored } from "./frechet-distance.ts";
import { type Gaussian, gaussianOf } from "./moments.ts";

/** Options of {@link fidInfinity}. */
export interface FidInfinityOptions {
  /** How many sample counts; default 15, at least 2. */
  readonly points?: number;
  /** The smallest count; default 5000, or half of the samples if that is fewer. */
  readonly smallest?: number | undefined;
  /** Where subsets are drawn from; on the CPU. */
  readonly generator: Generator;
}

/** See {@link fidInfinity}. */
export interface FidInfinity {
  /** The intercept: FID for infinitely many generated samples. */
  readonly fid: number;
  /** How much FID grows with 1/N. */
  readonly slope: number;
  /** The share of the points' variance that the line explains: near 1, or the extrapolation means little. */
  readonly r2: number;
  /** What the line was fitted to, by ascending count. */
  readonly points: readonly { readonly count: number; readonly fid: number }[];
}

/**
 * FID at several numbers N of generated samples, and the line FID = fid + slope / N through them by least squares.
 *
 * FID from N samples is too large by about slope / N, and the slope depends on the generator, so that even equal N are
 * not quite comparable; the intercept is free of it. Counts lie evenly in 1/N from `smallest` to all samples; each
 * subset is drawn without replacement from the generator. (The authors' code spaces them evenly in N; evenly in 1/N
 * pins the line down better.) Only the generated side's bias is removed: the real Gaussian keeps that of its own count.
 * Subsets overlap, so r2 flatters; counts below the number of dimensions bend the line.
 *
 * @param fake [N, D]
 * @throws UserError for fewer than 4 samples, a smallest count that leaves no range, and as Moments does.
 *
 * @example
 * const { fid, r2 } = fidInfinity(fakeFeatures, real.result(), { generator: new Generator(1) });
 */
export function fidInfinity(
  fake: Tensor,
  real: Gaussian,
  { points = 15, smallest, generator }: FidInfinityOptions,
): FidInfinity {
  requireWhole(points, "points", 2);
  requireRows(fake, "the generated features", 4);
  const all = fake.shape[0]!;
  const least = smallest ?? Math.min(5000, Math.floor(all / 2));
  requireWhole(least, "smallest", 2);
  if (least >= all)
    throw new UserError(`\`smallest\` (=${least}) must be below the number of generated samples, which is ${all}`);
  return scope(() => {
    const target = factored(real);
    const measured = countsBetween(least, all, points).map((count) => ({
      count,
      fid: scope(() => {
        const rows = Tensor.randperm(all, { generator }).narrow(0, 0, count).to({ device: fake.device });
        return frechetToFactored(gaussianOf(fake.indexSelect(0, rows)), target);
      }),
    }));
    return { ...line(measured.map(({ count, fid }) => [1 / count, fid] as const)), points: measured };
  });
}

/** Whole numbers, evenly in their reciprocals, both ends included, without repetition. */
function countsBetween(least: number, most: number, points: number): number[] {
  const counts = Array.from({ length: points }, (_, i) => {
    const reciprocal = 1 / least + (i / (points - 1)) * (1 / most - 1 / least);
    return Math.round(1 / reciprocal);
  });
  return [...new Set(counts)];
}

/** Least squares. */
function line(data: readonly (readonly [x: number, y: number])[]): { fid: number; slope: number; r2: number } {
  const meanX = data.reduce((sum, [x]) => sum + x, 0) / data.length;
  const meanY = data.reduce((sum, [, y]) => sum + y, 0) / data.length;
  const xx = data.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const xy = data.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const yy = data.reduce((sum, [, y]) => sum + (y - meanY) ** 2, 0);
  const slope = xy / xx;
  return { fid: meanY - slope * meanX, slope, r2: yy === 0 ? 1 : xy ** 2 / (xx * yy) };
}
