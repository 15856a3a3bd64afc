/** Improved precision and recall (Kynkäänniemi et al. 2019, section 2). */
import { UserError } from "../../base/errors.ts";
import { noGradScope, Tensor } from "../../tensor/index.ts";
import { cloudOf, eachTile, squaredRadii } from "./distance-tiles.ts";
import { requireRows, requireSameWidth, requireWhole } from "./feature-rows.ts";

/** Options of {@link precisionRecall}. */
export interface PrecisionRecallOptions {
  /** k; default 3, the paper's. */
  readonly neighbours?: number;
}

/** See {@link precisionRecall}. */
export interface PrecisionRecall {
  readonly precision: number;
  readonly recall: number;
}

/**
 * Precision: the share of generated samples that lie within the real manifold; recall: the share of real samples within
 * the generated one.
 *
 * A set's manifold is the union of balls around its points, each reaching to the point's k-th nearest other point of
 * the set. Balls are closed (distance <= radius), as in the paper's equation 1 and its authors' code; distances that
 * differ by less than they are known to count as equal. k + 1 equal points make a ball of radius 0, which holds their
 * copies.
 *
 * Depends on the numbers of samples: compare only equal ones (the paper: 50,000 each). One outlier's ball can be very
 * large: see {@link densityCoverage}. Takes memory for both sets in float64 and tiles, and 3 N^2 D multiplications.
 *
 * @param real [N, D]
 * @param fake [M, D]
 * @throws UserError for k or fewer samples in a set, different dimensions, NaN and infinities.
 *
 * @example
 * const { precision, recall } = precisionRecall(real, fake, { neighbours: 3 });
 */
export function precisionRecall(
  real: Tensor,
  fake: Tensor,
  { neighbours = 3 }: PrecisionRecallOptions = {},
): PrecisionRecall {
  requireManifolds(real, fake, neighbours);
  return noGradScope(() => {
    const { points, tolerance } = cloudOf({ real, fake });
    const realReach = squaredRadii(points.real, neighbours).add(tolerance);
    const fakeReach = squaredRadii(points.fake, neighbours).add(tolerance);
    const fakeInside = Tensor.zeros([fake.shape[0]!], { dtype: "int64", device: realReach.device });
    const realInside = Tensor.zeros([real.shape[0]!], { dtype: "int64", device: realReach.device });
    eachTile(points.real, points.fake, ({ squared, row, column }) => {
      const [rows, columns] = squared.shape as [number, number];
      const inReal = squared.le(realReach.narrow(0, row, rows).unsqueeze(1));
      const inFake = squared.le(fakeReach.narrow(0, column, columns));
      fakeInside.narrow(0, column, columns).add_(inReal.sum([0]));
      realInside.narrow(0, row, rows).add_(inFake.sum([1]));
    });
    return { precision: shareAbove0(fakeInside), recall: shareAbove0(realInside) };
  });
}

/** @internal The share of entries above 0. */
export function shareAbove0(counts: Tensor): number {
  return counts.gt(0).double().mean().item();
}

/** @internal @throws UserError unless both sets can have balls that reach to their k-th neighbours. */
export function requireManifolds(real: Tensor, fake: Tensor, neighbours: number): void {
  requireWhole(neighbours, "neighbours", 1);
  for (const [rows, what] of [
    [real, "the real features"],
    [fake, "the generated features"],
  ] as const) {
    requireRows(rows, what, 1);
    if (rows.shape[0]! <= neighbours)
      throw new UserError(
        `\`neighbours\` (=${neighbours}) needs at least ${neighbours + 1} samples, ${what} have ${rows.shape[0]}`,
      );
  }
  requireSameWidth(real, fake, "the real features", "the generated features");
}
