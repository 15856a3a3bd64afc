/** The minimax loss (Goodfellow et al. 2014, equation 1): one value function, minimised by one and maximised by the other. */
import { z } from "zod";
import { CROSS_ENTROPY_TARGETS, crossEntropy } from "./cross-entropy.ts";
import { defineLoss, type Loss } from "./loss.ts";

/**
 * Discriminator: -log D(x) - log(1 - D(G(z))). Generator: log(1 - D(G(z))), whose gradient vanishes where the
 * discriminator is sure: use it to study that. Takes targets (label smoothing).
 *
 * @example
 * const loss = minimax().build();
 */
export const minimax = defineLoss(
  "minimax",
  z.strictObject({}),
  (): Loss => ({
    name: "minimax",
    usualTargets: CROSS_ENTROPY_TARGETS,
    discriminator: crossEntropy,
    generator: (fake) => fake.softplus().neg(), // log(1 - D)
    realness: (score) => score,
    probability: (score) => score.sigmoid(),
  }),
);
