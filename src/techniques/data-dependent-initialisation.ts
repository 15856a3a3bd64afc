/** Data-dependent initialisation of weight-normed networks (Salimans and Kingma 2016, "Weight Normalization", section 3). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type Module, WeightedModule, withPassMode } from "../nn/index.ts";
import { noGrad, scope } from "../tensor/index.ts";
import { whole } from "./options.ts";
import { defineTechnique } from "./technique.ts";

/**
 * Before the first step one batch of real images passes through D and one of latents through G. In it every layer with weight
 * norm sets its lengths and biases so that its outputs have mean 0 and the layer's initial standard deviation (1 unless the
 * network says otherwise). Networks without weight norm are left alone.
 *
 * - `images` (default 500, as in the code of Salimans et al. 2016): images, and latents, of the batch. Noise and dropout act as
 *   in training.
 *
 * `weightAveraging` and `historicalAveraging` begin with the first weights, so they stand after this one.
 *
 * @throws UserError for an option out of range, and when neither network has weight norm.
 *
 * @example
 * techniques: [dataDependentInitialisation({ images: 500 })]
 */
export const dataDependentInitialisation = defineTechnique(
  "dataDependentInitialisation",
  z.strictObject({ images: whole(2).default(500) }),
  ({ images }) => ({
    name: "dataDependentInitialisation",
    graph: {},
    loaders: () => ({ first: { batchSize: images } }),
    prepare(gan, { first }) {
      const { generator, discriminator } = gan;
      const fits = (network: Module): boolean =>
        network.modules().some((module) => module instanceof WeightedModule && module.fitsToData);
      if (!fits(generator) && !fits(discriminator)) {
        throw new UserError(
          "`dataDependentInitialisation` sets the lengths of weight-normed layers, and neither network has one; use it with noisyMlp or allCnn",
        );
      }
      // The weights come from elsewhere: from a checkpoint, or from another run.
      if (first === undefined || gan.hasGivenWeights) return;
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
