/** DRAGAN's penalty (Kodali et al. 2017, "On Convergence and Stability of GANs", section 2.3). */
import { z } from "zod";
import { Tensor } from "../tensor/index.ts";
import { normPenalty, perSample, squaredGradientNorms } from "./input-gradient.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  weight: z.number().positive("must be above 0").default(10),
  noise: z.number().positive("must be above 0").default(0.5),
});

/**
 * Adds weight * E[(|dD(x)/dx|_2 - 1)^2] to the discriminator's loss at points around the data,
 *
 *     x = real + a * noise * std(real) * u,   a ~ U(0, 1) a sample, u ~ U(0, 1) an element,
 *
 * which is where the authors' code evaluates it: on the lines between real samples and their perturbed copies. std is
 * that of all elements of the batch (divided by their number, not one less). Defaults: `weight` (lambda) 10, `noise` 0.5.
 *
 * @throws UserError when an option is not above 0.
 *
 * @example
 * loss: nonSaturating(), techniques: [dragan()]
 */
export const dragan = defineTechnique(
  "dragan",
  options,
  ({ weight, noise }, { rng: random }: TechniqueContext): Technique => ({
    name: "dragan",
    discriminatorPenalty(pass) {
      const { real } = pass;
      const a = Tensor.rand(perSample(real), { generator: random }).to({ device: real.device });
      const u = Tensor.rand(real.shape, { generator: random }).to({ device: real.device });
      const spread = real.std(null, { correction: 0 }).mul(noise);
      const around = real.add(u.mul(a).mul(spread));
      return normPenalty(squaredGradientNorms(pass, around, pass.realLabels), 1).mul(weight);
    },
  }),
);
