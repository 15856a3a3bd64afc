/** Balanced consistency regularisation, bCR (Zhao et al. 2021, "Improved Consistency Regularization for GANs", algorithm 1). */
import { z } from "zod";
import { flipAndShift, flipAndShiftOptions, squaredChange, unaugmented } from "./augmentation/consistency.ts";
import { requireImages } from "./augmentation/images.ts";
import { positive } from "./options.ts";
import { defineTechnique } from "./technique.ts";

const options = z.strictObject({
  realWeight: positive.default(10),
  fakeWeight: positive.default(10),
  ...flipAndShiftOptions,
});

/**
 * Consistency regularisation for real and generated images, so that traces of the augmentation do not turn up in samples.
 * Adds to D's loss
 *
 *     realWeight * E[(D(T(x)) - D(x))^2] + fakeWeight * E[(D(T(G(z))) - D(G(z)))^2]
 *
 * - `realWeight`, `fakeWeight` (lambda_real, lambda_fake; default 10 each).
 * - `shift` (default 0.125) and `flip` (default true): T, as in {@link consistencyRegularisation}.
 *
 * With {@link latentConsistency} it is the paper's improved consistency regularisation, ICR. It costs two passes of D in D's
 * update; four where another technique augments what D sees.
 *
 * @throws UserError for an option out of range, and when the samples are vectors.
 *
 * @example
 * techniques: [balancedConsistency(), latentConsistency()] // ICR
 */
export const balancedConsistency = defineTechnique("balancedConsistency", options, (o, context) => {
  requireImages(context, "balancedConsistency");
  return {
    name: "balancedConsistency",
    graph: {},
    discriminatorPenalty(pass) {
      const [real, fake] = (["real", "fake"] as const).map((of) => {
        const batch = unaugmented(pass, of);
        return squaredChange(pass, batch, flipAndShift(batch.images, o, context.rng)).mul(o[`${of}Weight`]);
      });
      return real!.add(fake!);
    },
  };
});
