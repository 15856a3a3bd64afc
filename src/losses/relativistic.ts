/**
 * The relativistic pairing loss, RpGAN: RSGAN of Jolicoeur-Martineau 2018 ("The relativistic discriminator: a key element missing
 * from standard GAN", section 4.1), and the loss of R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!", section 2).
 */
import { z } from "zod";
import { defineLoss, refuseTargets } from "./loss.ts";

/**
 * D says how much more real one image of a pair is than the other. Pairs are the rows of a batch:
 *
 *     D: softplus(-(D(x_i) - D(G(z_i))))
 *     G: softplus(-(D(G(z_i)) - D(x_i)))
 *
 * G's update has a new batch of real images. With `topK` the pairs of the selected rows remain. Only differences of scores have a
 * meaning: `probability` is the score's sigmoid, to have something to show. R3GAN has `r1` and `r2` with it.
 *
 * @example
 * loss: relativistic(), techniques: [r1({ weight: 1 }), r2({ weight: 1 })]
 */
export const relativistic = defineLoss("relativistic", z.strictObject({}), () => ({
  name: "relativistic",
  usualTargets: undefined,
  pairs: true,
  discriminator: (real, fake, targets) => {
    refuseTargets("relativistic", targets);
    // Each image of a pair has half of its loss: a technique that looks at one side sees its share.
    const half = fake.sub(real).softplus().mul(0.5);
    return { real: half, fake: half };
  },
  generator: (fake, real) => real!.sub(fake).softplus(),
  realness: (score) => score,
  probability: (score) => score.sigmoid(),
}));
