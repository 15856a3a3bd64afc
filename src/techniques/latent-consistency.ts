/** Latent consistency regularisation, zCR (Zhao et al. 2021, "Improved Consistency Regularization for GANs", algorithm 2). */
import { z } from "zod";
import { frozenStatistics } from "../nn/index.ts";
import { noGrad, Tensor } from "../tensor/index.ts";
import { changeOfMind, plain } from "./augmentation/consistency.ts";
import { defineTechnique, type Gan, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  discriminatorWeight: z.number().min(0, "must be at least 0").default(5),
  generatorWeight: z.number().min(0, "must be at least 0").default(0.5),
  sigma: z.number().positive("must be above 0").default(0.03),
});

/**
 * Close latents z and z' = z + N(0, sigma^2) shall give images that the discriminator judges alike and that differ all the
 * same:
 *
 *     to the discriminator's loss   discriminatorWeight * E[(D(G(z')) - D(G(z)))^2]
 *     to the generator's            - generatorWeight * E[mean of (G(z') - G(z))^2 over all values of an image]
 *
 * - `discriminatorWeight` (lambda_dis, default 5) and `generatorWeight` (lambda_gen, default 0.5); 0 leaves a term out.
 * - `sigma` (default 0.03): of the noise, drawn anew for each update and for each element of z.
 *
 * With {@link balancedConsistency} it makes up the paper's improved consistency regularisation, ICR. Costs one more forward
 * pass of the generator and one pass of the discriminator in its update, and one pass of the generator in its own.
 *
 * @throws UserError for an option out of range.
 *
 * @example
 * techniques: [balancedConsistency(), latentConsistency({ sigma: 0.03 })] // ICR
 */
export const latentConsistency = defineTechnique(
  "latentConsistency",
  options,
  (o, { rng: random }: TechniqueContext): Technique => {
    /** Images of latents nearby; only the main pass moves what the generator carries. */
    const nearby = ({ generator }: Gan, latents: Tensor, labels: Tensor | undefined): Tensor => {
      const noise = Tensor.randn(latents.shape, { generator: random }).to({ device: latents.device });
      return frozenStatistics(() => generator.forward(latents.add(noise.mul(o.sigma)), labels));
    };
    return {
      name: "latentConsistency",
      discriminatorPenalty(pass, gan) {
        if (o.discriminatorWeight === 0) return undefined;
        const moved = noGrad(() => nearby(gan, pass.latents, pass.fakeLabels));
        return changeOfMind(pass, plain(pass, "fake"), moved).mul(o.discriminatorWeight);
      },
      generatorPenalty(pass, gan) {
        if (o.generatorWeight === 0) return undefined;
        return nearby(gan, pass.latents, pass.labels).sub(pass.rawFake).square().mean().mul(-o.generatorWeight);
      },
    };
  },
);
