/** Data-dependent initialisation of weight-normed networks (Salimans and Kingma 2016, "Weight Normalization", section 3). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type Module, WeightedModule, withPassMode } from "../nn/index.ts";
import { noGrad, scope } from "../tensor/index.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  images: z.int("must be a whole number").min(2, "must be at least 2").default(500),
});

/**
 * Before the first step: one batch of real images through the discriminator and one of latents through the generator, in
 * which every layer with weight norm sets its lengths and biases so that its outputs have mean 0 and the layer's
 * initial standard deviation (1 unless the network says otherwise). Networks without weight norm are left alone.
 *
 * - `images` (default 500, the authors' number for Salimans et al. 2016): images, and latents, of the batch. Noise and dropout act
 *   as in training.
 *
 * `weightAveraging` and `historicalAveraging`, which begin with the first weights, stand after this one.
 *
 * @throws UserError for an option out of range, and when neither network has weight norm.
 *
 * @example
 * techniques: [dataDependentInitialisation({ images: 500 })]
 */
export const dataDependentInitialisation = defineTechnique(
  "dataDependentInitialisation",
  options,
  ({ images }, _context: TechniqueContext): Technique => ({
    name: "dataDependentInitialisation",
    loaders: () => ({ first: { batchSize: images } }),
    prepare(gan, loaders) {
      const { generator, discriminator } = gan;
      const fits = (network: Module): boolean => {
        return network.modules().some((module) => module instanceof WeightedModule && module.fitsToData);
      };
      if (!fits(generator) && !fits(discriminator)) {
        throw new UserError(
          "`dataDependentInitialisation` sets the lengths of weight-normed layers, and neither network has one; use it with noisyMlp or allCnn",
        );
      }
      // A run that is only sampled from gets its weights from a checkpoint, as does one that goes on or begins with another's.
      if (loaders.first === undefined || gan.hasGivenWeights) return;
      const { first } = loaders;
      scope(() =>
        noGrad(() =>
          withPassMode({ updateStatistics: false, initialiseFromData: true }, () => {
            if (fits(generator)) generator.forward(gan.latents(images), gan.labels(images));
            const real = first.next();
            if (fits(discriminator)) discriminator.forward(real.images, real.labels);
          }),
        ),
      );
    },
  }),
);
