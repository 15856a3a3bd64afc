/** R1 regularisation (Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9). */
import { z } from "zod";
import { squaredGradientNorms } from "./input-gradient.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({ weight: z.number().positive("must be above 0").default(10) });

/**
 * Adds weight / 2 * E[|dD(x)/dx|^2] on real samples to the discriminator's loss: it is punished for any slope where the
 * data is. `weight` is the paper's gamma, default 10.
 *
 * @throws UserError when `weight` is not above 0.
 *
 * @example
 * loss: nonSaturating(), techniques: [r1({ weight: 10 })]
 */
export const r1 = defineTechnique(
  "r1",
  options,
  ({ weight }, _context: TechniqueContext): Technique => ({
    name: "r1",
    discriminatorPenalty: (pass) =>
      squaredGradientNorms(pass, pass.real, pass.realLabels)
        .mean()
        .mul(weight / 2),
  }),
);
