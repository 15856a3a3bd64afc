/** Balanced consistency regularisation, bCR (Zhao et al. 2021, "Improved Consistency Regularization for GANs", algorithm 1). */
import { z } from "zod";
import { changeOfMind, flipAndShift, mildOptions, plain } from "./augmentation/consistency.ts";
import { requireImages } from "./augmentation/images.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  realWeight: z.number().positive("must be above 0").default(10),
  fakeWeight: z.number().positive("must be above 0").default(10),
  ...mildOptions,
});

/**
 * Consistency regularisation on both sides, so that the generator has no reason to show the augmentation's traces. To the
 * discriminator's loss it adds
 *
 *     realWeight * E[(D(T(x)) - D(x))^2] + fakeWeight * E[(D(T(G(z))) - D(G(z)))^2]
 *
 * - `realWeight`, `fakeWeight` (lambda_real, lambda_fake; default 10 each).
 * - `shift` (default 0.125) and `flip` (default true): T, as in {@link consistencyRegularisation}.
 *
 * With {@link latentConsistency} it makes up the paper's improved consistency regularisation, ICR. Costs two more passes of
 * the discriminator in its update; four where another technique augments what it sees.
 *
 * @throws UserError for an option out of range, and when the samples are vectors.
 *
 * @example
 * techniques: [balancedConsistency(), latentConsistency()] // ICR
 */
export const balancedConsistency = defineTechnique(
  "balancedConsistency",
  options,
  (o, context: TechniqueContext): Technique => {
    requireImages(context, "balancedConsistency");
    return {
      name: "balancedConsistency",
      discriminatorPenalty(pass) {
        const terms = (["real", "fake"] as const).map((of) => {
          const half = plain(pass, of);
          const changed = flipAndShift(half.images, o, context.rng);
          return changeOfMind(pass, half, changed).mul(o[`${of}Weight`]);
        });
        return terms[0]!.add(terms[1]!);
      },
    };
  },
);
