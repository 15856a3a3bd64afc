/** The hinge loss (Lim and Ye 2017; Tran et al. 2017; Miyato et al. 2018, equations 16 and 17). */
import { z } from "zod";
import { defineLoss, type Loss, refuseTargets } from "./loss.ts";

/**
 * Discriminator: max(0, 1 - x) on real images and max(0, 1 + x) on generated ones: what is judged with a margin of 1
 * teaches it no more. Generator: -x. `probability` shows the margin, -1 to 1, as 0 to 1.
 *
 * @example
 * const loss = hinge().build();
 */
export const hinge = defineLoss(
  "hinge",
  z.strictObject({}),
  (): Loss => ({
    name: "hinge",
    usualTargets: undefined,
    discriminator: (real, fake, targets) => {
      refuseTargets("hinge", targets);
      return {
        real: real.neg().add(1).relu(), // max(0, 1 - x)
        fake: fake.add(1).relu(), // max(0, 1 + x)
      };
    },
    generator: (fake) => fake.neg(),
    realness: (score) => score,
    probability: (score) => score.clamp(-1, 1).add(1).mul(0.5),
  }),
);
