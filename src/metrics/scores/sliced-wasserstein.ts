/**
 * The sliced Wasserstein distance: optimal transport between two sets of features, seen along random directions (Rabin et
 * al. 2011, "Wasserstein Barycenter and its Application to Texture Mixing"; as a score of GANs: Deshpande, Zhang and Schwing
 * 2018, "Generative Modeling using the Sliced Wasserstein Distance").
 */
import { z } from "zod";
import { noGradScope, Tensor } from "../../tensor/index.ts";
import { inDouble, requireRows, requireSameWidth } from "../formulas/feature-rows.ts";
import { defineMetric } from "../metric.ts";

const options = z.strictObject({
  directions: z.int("must be a whole number").min(1, "must be at least 1").default(256),
});

/**
 * sqrt(mean over directions d of W2^2(d.a, d.b)), with W2 the 2-Wasserstein distance of the projections. On a line the
 * optimal transport keeps the order, so W2^2 is the mean square difference of the two quantile functions: of the sorted
 * projections, where both sets are equally large. It needs no Gaussian and no kernel, and is 0 only for equal sets as the
 * directions see them. Lower is better. It is biased upwards for few images.
 *
 * Score: `slicedWasserstein`, over `directions` (default 256) random directions, drawn from the evaluation's seed.
 *
 * @example
 * evaluate: { every: 1_000, features: "mnist-classifier", metrics: [slicedWasserstein()] }
 */
export const slicedWasserstein = defineMetric("slicedWasserstein", options, {
  description: "sliced 2-Wasserstein distance of the features",
  needs: { fake: ["features"], real: ["features"] },
  scores: { slicedWasserstein: "lower" },
  compute({ fake, real, random }, { directions }) {
    const normal = Tensor.randn([fake.features.shape[1]!, directions], { generator: random, dtype: "float64" });
    return { slicedWasserstein: slicedDistance(fake.features, real.features, normal) };
  },
});

/**
 * The sliced 2-Wasserstein distance of two sets along given directions.
 *
 * @param a [N, D]
 * @param b [M, D]
 * @param directions [D, L], one to a column, of any length.
 *
 * @throws UserError for empty sets, different dimensions, NaN and infinities.
 *
 * @example
 * slicedDistance(Tensor.zeros([4, 2]), Tensor.ones([4, 2]), Tensor.fromArray([[3], [4]])); // 7 / 5
 */
export function slicedDistance(a: Tensor, b: Tensor, directions: Tensor): number {
  requireRows(a, "the generated features", 1);
  requireRows(b, "the real features", 1);
  requireSameWidth(a, b, "the generated features", "the real features");
  return noGradScope(() => {
    const unit = inDouble(directions).div(inDouble(directions).norm(2, [0], true));
    const sorted = (rows: Tensor): Tensor =>
      inDouble(rows)
        .mm(unit.to({ device: inDouble(rows).device }))
        .sort(0)[0];
    const { rowsOfA, rowsOfB, shares } = quantiles(a.shape[0]!, b.shape[0]!);
    const difference = sorted(a).indexSelect(0, rowsOfA).sub(sorted(b).indexSelect(0, rowsOfB));
    return Math.sqrt(difference.square().mul(shares.unsqueeze(1)).sum(0).mean().item());
  });
}

/** Where the quantile functions of N and of M sorted values are both constant: the rows there, and each stretch's share. */
function quantiles(n: number, m: number): { rowsOfA: Tensor; rowsOfB: Tensor; shares: Tensor } {
  const rowsOfA: bigint[] = [];
  const rowsOfB: bigint[] = [];
  const shares: number[] = [];
  // Positions in units of 1 / (n m), so that they are whole numbers.
  for (let i = 0, j = 0, at = 0; i < n && j < m; ) {
    const end = Math.min((i + 1) * m, (j + 1) * n);
    rowsOfA.push(BigInt(i));
    rowsOfB.push(BigInt(j));
    shares.push((end - at) / (n * m));
    at = end;
    if (end === (i + 1) * m) i++;
    if (end === (j + 1) * n) j++;
  }
  return {
    rowsOfA: Tensor.fromArray(BigInt64Array.from(rowsOfA)),
    rowsOfB: Tensor.fromArray(BigInt64Array.from(rowsOfB)),
    shares: Tensor.fromArray(Float64Array.from(shares)),
  };
}
