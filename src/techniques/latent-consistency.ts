/** Latent consistency regularisation, zCR (Zhao et al. 2021, "Improved Consistency Regularization for GANs", algorithm 2). */
import { z } from "zod";
import { drawFor, noGrad, type Tensor } from "../tensor/index.ts";
import { squaredChange, unaugmented } from "./augmentation/consistency.ts";
import { notNegative, positive } from "./options.ts";
import { defineTechnique, type GeneratorPass } from "./technique.ts";

const options = z.strictObject({
  discriminatorWeight: notNegative.default(5),
  generatorWeight: notNegative.default(0.5),
  sigma: positive.default(0.03),
});

/**
 * For close latents z and z' = z + N(0, sigma^2), D's scores shall be close and G's images shall differ:
 *
 *     added to D's loss   discriminatorWeight * E[(D(G(z')) - D(G(z)))^2]
 *     added to G's loss   -generatorWeight * E[(G(z') - G(z))^2], a mean over all values
 *
 * - `discriminatorWeight` (lambda_dis, default 5), `generatorWeight` (lambda_gen, default 0.5): 0 leaves the term out.
 * - `sigma` (default 0.03): of the noise, drawn for each update and each element of z.
 *
 * With {@link balancedConsistency} it is the paper's improved consistency regularisation, ICR. It costs one forward pass of G
 * and one pass of D in D's update, and one pass of G in G's update.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [balancedConsistency(), latentConsistency({ sigma: 0.03 })] // ICR
 */
export const latentConsistency = defineTechnique("latentConsistency", options, (o, { rng }) => {
  /** G(z') */
  const nearby = (
    { generate }: Pick<GeneratorPass, "generate">,
    latents: Tensor,
    labels: Tensor | undefined,
  ): Tensor => {
    const noise = drawFor(latents.device, { of: "normal", shape: latents.shape }, rng);
    return generate(latents.add(noise.mul(o.sigma)), labels);
  };
  return {
    name: "latentConsistency",
    graph: {},
    discriminatorPenalty(pass) {
      if (o.discriminatorWeight === 0) return undefined;
      const moved = noGrad(() => nearby(pass, pass.latents, pass.fakeLabels));
      return squaredChange(pass, unaugmented(pass, "fake"), moved).mul(o.discriminatorWeight);
    },
    generatorPenalty(pass) {
      if (o.generatorWeight === 0) return undefined;
      return nearby(pass, pass.latents, pass.labels).sub(pass.rawFake).square().mean().mul(-o.generatorWeight);
    },
  };
});
