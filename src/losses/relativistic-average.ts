/**
 * The relativistic average loss, RaSGAN (Jolicoeur-Martineau 2018, "The relativistic discriminator: a key element missing from
 * standard GAN", section 4.2).
 */
import { z } from "zod";
import type { Tensor } from "../tensor/index.ts";
import { defineLoss, refuseTargets } from "./loss.ts";

/** softplus(-(score - mean(others))), [B] */
const above = (score: Tensor, others: Tensor): Tensor => others.mean().sub(score).softplus();

/**
 * Each image is compared with the mean score of the other kind in the batch:
 *
 *     D: softplus(-(D(x) - E[D(G(z))])) + softplus(D(G(z)) - E[D(x)])
 *     G: softplus(-(D(G(z)) - E[D(x)])) + softplus(D(x) - E[D(G(z))])
 *
 * G's update has a new batch of real images. With `topK` both means are over the selected rows. Only differences of scores have a
 * meaning: `probability` is the score's sigmoid, to have something to show.
 *
 * @example
 * const loss = relativisticAverage().build();
 */
export const relativisticAverage = defineLoss("relativisticAverage", z.strictObject({}), () => ({
  name: "relativisticAverage",
  usualTargets: undefined,
  pairs: true,
  discriminator: (real, fake, targets) => {
    refuseTargets("relativisticAverage", targets);
    return { real: above(real, fake), fake: above(fake.neg(), real.neg()) };
  },
  generator: (fake, real) => above(fake, real!).add(above(real!.neg(), fake.neg())),
  realness: (score) => score,
  probability: (score) => score.sigmoid(),
}));
