/** Consistency regularisation, CR (Zhang et al. 2020, "Consistency Regularization for Generative Adversarial Networks"). */
import { z } from "zod";
import { changeOfMind, flipAndShift, mildOptions, plain } from "./augmentation/consistency.ts";
import { requireImages } from "./augmentation/images.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  weight: z.number().positive("must be above 0").default(10),
  ...mildOptions,
});

/**
 * Adds weight * E[(D(T(x)) - D(x))^2] over real images x to the discriminator's loss: it shall not mind a mirror image or
 * a move by a few pixels. D is the score, before any sigmoid; the adversarial loss is that of the images as they are.
 *
 * - `weight` (lambda, default 10).
 * - `shift` (default 0.125): T moves by a whole number of pixels, each as likely, up to this fraction of the side along each
 *   axis, 0 to 0.5: 4 pixels of 32. What comes in is the image's reflection.
 * - `flip` (default true): T mirrors half of the images; to be turned off where left and right matter, as in digits.
 *
 * Costs one more pass of the discriminator in its update; two where another technique augments what it sees.
 *
 * @throws UserError for an option out of range, and when the samples are vectors.
 *
 * @example
 * techniques: [consistencyRegularisation({ weight: 10 })]
 */
export const consistencyRegularisation = defineTechnique(
  "consistencyRegularisation",
  options,
  (o, context: TechniqueContext): Technique => {
    requireImages(context, "consistencyRegularisation");
    return {
      name: "consistencyRegularisation",
      without: {
        balancedConsistency: "balancedConsistency has the same term for real images, and one for generated ones",
      },
      discriminatorPenalty(pass) {
        const real = plain(pass, "real");
        return changeOfMind(pass, real, flipAndShift(real.images, o, context.rng)).mul(o.weight);
      },
    };
  },
);
