/** The gradient penalty of WGAN-GP (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", algorithm 1). */
import { z } from "zod";
import { Tensor } from "../tensor/index.ts";
import { normPenalty, perSample, squaredGradientNorms } from "./input-gradient.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({ weight: z.number().positive("must be above 0").default(10) });

/**
 * Adds weight * E[(|dD(x)/dx|_2 - 1)^2] to the critic's loss, at points x = e real + (1 - e) fake on the lines between
 * real and generated samples, e uniform in [0, 1] for each pair. `weight` is the paper's lambda, default 10. A conditional
 * critic judges a point under the label of its real end.
 *
 * @throws UserError when `weight` is not above 0.
 *
 * @example
 * loss: wasserstein(), techniques: [gradientPenalty({ weight: 10 })]
 */
export const gradientPenalty = defineTechnique(
  "gradientPenalty",
  options,
  ({ weight }, { rng: random }: TechniqueContext): Technique => ({
    name: "gradientPenalty",
    discriminatorPenalty(pass) {
      const { real, fake } = pass;
      const e = Tensor.rand(perSample(real), { generator: random }).to({ device: real.device });
      const between = fake.add(real.sub(fake).mul(e)); // e real + (1 - e) fake
      return normPenalty(squaredGradientNorms(pass, between, pass.realLabels), 1).mul(weight);
    },
  }),
);
