/** Consistency regularisation, CR (Zhang et al. 2020, "Consistency Regularization for Generative Adversarial Networks"). */
import { z } from "zod";
import { flipAndShift, flipAndShiftOptions, squaredChange, unaugmented } from "./augmentation/consistency.ts";
import { requireImages } from "./augmentation/images.ts";
import { positive } from "./options.ts";
import { defineTechnique } from "./technique.ts";

/**
 * D's score of a real image and of its augmented copy shall be the same. Adds to D's loss
 *
 *     weight * E[(D(T(x)) - D(x))^2]
 *
 * D is the score, before any sigmoid. The adversarial loss is that of the images without T.
 *
 * - `weight` (lambda, default 10).
 * - `shift` (default 0.125): T moves by a whole number of pixels, each equally likely, up to this fraction of the side along
 *   each axis, 0 to 0.5 (4 pixels of 32). The image is reflected at its edges.
 * - `flip` (default true): T mirrors half of the images. Turn it off where left and right matter, as in digits.
 *
 * It costs one pass of D in D's update; two where another technique augments what D sees.
 *
 * @throws UserError for an option out of range, and when the samples are vectors.
 *
 * @example
 * techniques: [consistencyRegularisation({ weight: 10 })]
 */
export const consistencyRegularisation = defineTechnique(
  "consistencyRegularisation",
  z.strictObject({ weight: positive.default(10), ...flipAndShiftOptions }),
  (o, context) => {
    requireImages(context, "consistencyRegularisation");
    return {
      name: "consistencyRegularisation",
      graph: {},
      without: {
        balancedConsistency: "balancedConsistency has the same term for real images, and one for generated ones",
      },
      discriminatorPenalty(pass) {
        const real = unaugmented(pass, "real");
        return squaredChange(pass, real, flipAndShift(real.images, o, context.rng)).mul(o.weight);
      },
    };
  },
);
