/** Density and coverage (Naeem et al. 2020, section 3.2). */
import { noGradScope, Tensor } from "../../tensor/index.ts";
import { cloudOf, eachTile, squaredRadii } from "./distance-tiles.ts";
import { requireManifolds, shareAbove0 } from "./precision-recall.ts";

/** Options of {@link densityCoverage}. */
export interface DensityCoverageOptions {
  /** k; default 5, the paper's. */
  readonly neighbours?: number;
}

/** See {@link densityCoverage}. */
export interface DensityCoverage {
  /** At least 0, not bounded by 1. */
  readonly density: number;
  /** From 0 to 1. */
  readonly coverage: number;
}

/**
 * Density: how many real balls a generated sample lies in on average, over k; 1 is expected where both sets come from
 * the same distribution. Coverage: the share of real balls that hold at least one generated sample; 1 - (N-1)...(N-k) /
 * ((N+M-1)...(N+M-k)) is expected there (the paper's lemma 2), about 0.97 for k = 5 and equally many.
 *
 * A real point's ball reaches to its k-th nearest other real point. Balls are open (distance < radius), as in the
 * authors' code: a set compared with itself then has density 1 exactly. (Precision and recall have closed ones; each
 * follows its own paper's code.) Distances that differ by less than they are known to count as equal, so k + 1 equal
 * real points have empty balls.
 *
 * @param real [N, D]
 * @param fake [M, D]
 * @throws UserError for k or fewer samples in a set, different dimensions, NaN and infinities.
 *
 * @example
 * const { density, coverage } = densityCoverage(real, fake, { neighbours: 5 });
 */
export function densityCoverage(
  real: Tensor,
  fake: Tensor,
  { neighbours = 5 }: DensityCoverageOptions = {},
): DensityCoverage {
  requireManifolds(real, fake, neighbours);
  return noGradScope(() => {
    const { points, tolerance } = cloudOf({ real, fake });
    const reach = squaredRadii(points.real, neighbours).sub(tolerance);
    const held = Tensor.zeros([real.shape[0]!], { dtype: "int64", device: reach.device });
    eachTile(points.real, points.fake, ({ squared, row }) => {
      const rows = squared.shape[0]!;
      const inside = squared.lt(reach.narrow(0, row, rows).unsqueeze(1));
      held.narrow(0, row, rows).add_(inside.sum([1]));
    });
    return {
      density: held.sum().item() / (neighbours * fake.shape[0]!),
      coverage: shareAbove0(held),
    };
  });
}
