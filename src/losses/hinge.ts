/** The hinge loss (Lim and Ye 2017; Tran et al. 2017; Miyato et al. 2018, equations 16 and 17). */
import { z } from "zod";
import { defineLoss, refuseTargets } from "./loss.ts";

/**
 *     D: max(0, 1 - D(x)) + max(0, 1 + D(G(z)))
 *     G: -D(G(z))
 *
 * D is the score. D learns nothing from an image whose score is beyond the margin of 1. `probability` shows the margin,
 * -1 to 1, as 0 to 1.
 *
 * @example
 * const loss = hinge().build();
 */
export const hinge = defineLoss("hinge", z.strictObject({}), () => ({
  name: "hinge",
  usualTargets: undefined,
  discriminator: (real, fake, targets) => {
    refuseTargets("hinge", targets);
    return { real: real.neg().add(1).relu(), fake: fake.add(1).relu() };
  },
  generator: (fake) => fake.neg(),
  realness: (score) => score,
  probability: (score) => score.clamp(-1, 1).add(1).mul(0.5),
}));
