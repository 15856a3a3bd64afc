/**
 * The Wasserstein loss (Arjovsky et al. 2017, equation 3): the difference of the critic's mean scores, which estimates
 * the earth mover's distance as long as the critic is Lipschitz.
 */
import { z } from "zod";
import { noGrad, type Tensor } from "../tensor/index.ts";
import { defineLoss, type Loss, refuseTargets } from "./loss.ts";

/**
 * Discriminator: -x on real images and x on generated ones. Generator: -x. The Lipschitz bound must come from somewhere:
 * from `clip`, which clamps the critic's weights after each update (the paper takes 0.01), from spectral norm, or from a
 * gradient penalty. A score has no meaning by itself, only differences have: `probability` is its sigmoid, to be able to
 * show it.
 *
 * @throws UserError for an unknown option or a clip that is not above 0.
 *
 * @example
 * const loss = wasserstein({ clip: 0.01 }).build();
 */
export const wasserstein = defineLoss(
  "wasserstein",
  z.strictObject({ clip: z.number().positive("must be above 0").optional() }),
  ({ clip }): Loss => ({
    name: "wasserstein",
    usualTargets: undefined,
    ...(clip === undefined ? {} : { clip }),
    discriminator: (real, fake, targets) => {
      refuseTargets("wasserstein", targets);
      return { real: real.neg(), fake };
    },
    generator: (fake) => fake.neg(),
    realness: (score) => score,
    probability: (score) => score.sigmoid(),
  }),
);

/**
 * Clamps all weights to [-bound, bound] in place (Arjovsky et al. 2017, algorithm 1, line 7). Optimizer state is not
 * touched.
 *
 * @example
 * if (loss.clip !== undefined) clipWeights(discriminator.parameters(), loss.clip);
 */
export function clipWeights(parameters: readonly Tensor[], bound: number): void {
  noGrad(() => {
    for (const parameter of parameters) parameter.clamp_(-bound, bound);
  });
}
