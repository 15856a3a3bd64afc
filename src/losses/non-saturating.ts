/** The non-saturating loss (Goodfellow et al. 2014, section 3): the generator maximises log D instead. */
import { z } from "zod";
import { CROSS_ENTROPY_TARGETS, crossEntropy } from "./cross-entropy.ts";
import { defineLoss, type Loss } from "./loss.ts";

/**
 * Discriminator: -log D(x) - log(1 - D(G(z))). Generator: -log D(G(z)), whose gradient is largest where the
 * discriminator is surest. Takes targets (label smoothing).
 *
 * @example
 * const loss = nonSaturating().build();
 */
export const nonSaturating = defineLoss(
  "nonSaturating",
  z.strictObject({}),
  (): Loss => ({
    name: "nonSaturating",
    usualTargets: CROSS_ENTROPY_TARGETS,
    discriminator: crossEntropy,
    generator: (fake) => fake.neg().softplus(), // -log D
    realness: (score) => score,
    probability: (score) => score.sigmoid(),
  }),
);
