/** Latent consistency regularisation, zCR (Zhao et al. 2021, "Improved Consistency Regularization for GANs", algorithm 2). */
import { z } from "zod";
import { frozenStatistics } from "../nn/index.ts";
import { noGrad, Tensor } from "../tensor/index.ts";
import { squaredChange, unaugmented } from "./augmentation/consistency.ts";
import { notNegative, positive } from "./options.ts";
import { defineTechnique, type Gan } from "./technique.ts";

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
  const nearby = ({ generator }: Gan, latents: Tensor, labels: Tensor | undefined): Tensor => {
    const noise = Tensor.randn(latents.shape, { generator: rng }).to({ device: latents.device });
    return frozenStatistics(() => generator.forward(latents.add(noise.mul(o.sigma)), labels));
  };
  return {
    name: "latentConsistency",
    discriminatorPenalty(pass, gan) {
      if (o.discriminatorWeight === 0) return undefined;
      const moved = noGrad(() => nearby(gan, pass.latents, pass.fakeLabels));
      return squaredChange(pass, unaugmented(pass, "fake"), moved).mul(o.discriminatorWeight);
    },
    generatorPenalty(pass, gan) {
      if (o.generatorWeight === 0) return undefined;
      return nearby(gan, pass.latents, pass.labels).sub(pass.rawFake).square().mean().mul(-o.generatorWeight);
    },
  };
});
