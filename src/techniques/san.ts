/**
 * SAN, the slicing adversarial network (Takida et al. 2024, "SAN: Inducing Metrizability of GAN with Discriminative Normalized
 * Linear Layer", section 5), which turns any GAN with a linear last layer of D into one whose D is a distance.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { Head, type ModelContext } from "../models/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { prepared, requireBuilt } from "./prepared.ts";
import { defineTechnique } from "./technique.ts";

/**
 * D's score is D(x) = |w| <w / |w|, h(x)> + b, with w the weight of its last layer (plus the embedding of the label) and h its
 * features. D's loss trains h, |w| and b, with the direction w / |w| a constant. The direction is trained by
 *
 *     -E[|w| <w / |w|, h(x)>] + E[|w| <w / |w|, h(G(z))>]        with h and |w| constant
 *
 * which makes it the one that tells both apart best. D's scores, and what G gets from them, are the same numbers as without it.
 * The last layer has no spectral norm and no weight norm then.
 *
 * Works with any D that ends in `Head` and has one logit.
 *
 * @throws UserError when the run is built for another D.
 *
 * @example
 * loss: hinge(), techniques: [san()]
 */
export const san = defineTechnique("san", z.strictObject({}), () => {
  let built = false;
  let made: Head | undefined;
  return {
    name: "san",
    graph: {},
    networks({ generator, discriminator }) {
      const build = (context: ModelContext) => {
        built = true;
        const network = discriminator.build({ ...context, sliced: true });
        made = network.modules().find((module) => module instanceof Head);
        if (made !== undefined) return network;
        throw new UserError(
          `\`san\`: the discriminator \`${discriminator.kind}\` has no head of one linear layer; one is needed that ends in \`Head\`, as dcgan and mlp do`,
        );
      };
      return { generator, discriminator: { ...discriminator, build } };
    },
    prepare: () => requireBuilt("san", "discriminator", built),
    discriminatorPenalty({ realOutput, fakeOutput, realLabels, fakeLabels }) {
      const mean = (features: Tensor, labels: Tensor | undefined): Tensor =>
        prepared(made, "san").direction(features, labels).mean();
      return mean(fakeOutput.features, fakeLabels).sub(mean(realOutput.features, realLabels));
    },
  };
});
