/** The least-squares loss (Mao et al. 2017, equation 2): scores are pulled to labels instead of being classified. */
import { z } from "zod";
import type { Tensor } from "../tensor/index.ts";
import { defineLoss, type Loss } from "./loss.ts";

/**
 * Discriminator: (x - b)^2 / 2 on real images and (x - a)^2 / 2 on generated ones. Generator: (x - c)^2 / 2.
 * Default a = 0, b = c = 1 (the paper's equation 9); a = -1, b = 1, c = 0 minimises Pearson's chi-squared divergence
 * (equation 8). Targets (label smoothing)
 * replace b and a.
 *
 * @throws UserError for an unknown option, or unless a < b: larger scores mean more real.
 *
 * @example
 * const loss = leastSquares({ a: -1, b: 1, c: 0 }).build();
 */
export const leastSquares = defineLoss(
  "leastSquares",
  z
    .strictObject({
      a: z.number().default(0),
      b: z.number().default(1),
      c: z.number().default(1),
    })
    .refine(({ a, b }) => a < b, { path: ["b"], message: "must be above `a`: larger scores mean more real" }),
  ({ a, b, c }): Loss => ({
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
  }),
);

/** (x - label)^2 / 2 */
function halfSquare(score: Tensor, label: number | Tensor): Tensor {
  return score.sub(label).pow(2).mul(0.5);
}
