/**
 * The Wasserstein loss (Arjovsky et al. 2017, equation 3): the difference of the critic's mean scores, which estimates the earth
 * mover's distance as long as the critic is Lipschitz.
 */
import { z } from "zod";
import { noGrad, type Tensor } from "../tensor/index.ts";
import { defineLoss, refuseTargets } from "./loss.ts";

/**
 *     D: -D(x) + D(G(z))
 *     G: -D(G(z))
 *
 * D is the score. The Lipschitz bound must come from `clip`, from spectral norm, or from a gradient penalty.
 *
 * - `clip` (default: none; the paper takes 0.01): D's weights are clamped to [-clip, clip] after each of its updates.
 *
 * A score has no meaning by itself, only differences have: `probability` is its sigmoid, to have something to show.
 *
 * @throws UserError for an unknown option or a clip that is not above 0.
 *
 * @example
 * const loss = wasserstein({ clip: 0.01 }).build();
 */
export const wasserstein = defineLoss(
  "wasserstein",
  z.strictObject({ clip: z.number().positive("must be above 0").optional() }),
  ({ clip }) => ({
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
 * Clamps weights to [-bound, bound] in place (Arjovsky et al. 2017, algorithm 1, line 7). Optimizer state is not touched.
 *
 * @example
 * if (loss.clip !== undefined) clipWeights(discriminator.parameters(), loss.clip);
 */
export function clipWeights(parameters: readonly Tensor[], bound: number): void {
  noGrad(() => {
    for (const parameter of parameters) parameter.clamp_(-bound, bound);
  });
}
