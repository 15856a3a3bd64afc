/** The least-squares loss, LSGAN (Mao et al. 2017, equation 2): regression of scores to labels instead of classification. */
import { z } from "zod";
import type { Tensor } from "../tensor/index.ts";
import { defineLoss } from "./loss.ts";

const options = z
  .strictObject({ a: z.number().default(0), b: z.number().default(1), c: z.number().default(1) })
  .refine(({ a, b }) => a < b, { path: ["b"], message: "must be above `a`: larger scores mean more real" });

/**
 *     D: (D(x) - b)^2 / 2 + (D(G(z)) - a)^2 / 2
 *     G: (D(G(z)) - c)^2 / 2
 *
 * - `a`, `b`, `c` (default 0, 1, 1, the paper's equation 9): -1, 1, 0 minimise Pearson's chi-squared divergence (equation 8).
 *
 * D is the score. Targets (label smoothing) replace b and a.
 *
 * @throws UserError for an unknown option, or unless a < b.
 *
 * @example
 * const loss = leastSquares({ a: -1, b: 1, c: 0 }).build();
 */
export const leastSquares = defineLoss("leastSquares", options, ({ a, b, c }) => ({
  name: "leastSquares",
  usualTargets: { real: b, fake: a },
  discriminator: (real, fake, targets) => ({
    real: halfSquare(real, targets?.real ?? b),
    fake: halfSquare(fake, targets?.fake ?? a),
  }),
  generator: (fake) => halfSquare(fake, c),
  realness: (score) => score,
  probability: (score) =>
    score
      .sub(a)
      .div(b - a)
      .clamp(0, 1),
}));

/** (score - label)^2 / 2 */
function halfSquare(score: Tensor, label: number | Tensor): Tensor {
  return score.sub(label).pow(2).mul(0.5);
}
