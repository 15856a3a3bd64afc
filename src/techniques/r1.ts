/** R1 regularisation (Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9). */
import { z } from "zod";
import { squaredGradientNorms } from "./input-gradient.ts";
import { positive } from "./options.ts";
import { defineTechnique } from "./technique.ts";

/**
 * Adds a penalty on D's slope at real images x to D's loss:
 *
 *     weight / 2 * E[|dD(x)/dx|^2]
 *
 * - `weight` (gamma, default 10).
 *
 * @throws UserError when `weight` is not above 0.
 *
 * @example
 * loss: nonSaturating(), techniques: [r1({ weight: 10 })]
 */
export const r1 = defineTechnique("r1", z.strictObject({ weight: positive.default(10) }), ({ weight }) => ({
  name: "r1",
  discriminatorPenalty: (pass) =>
    squaredGradientNorms(pass, pass.real, pass.realLabels)
      .mean()
      .mul(weight / 2),
}));
