/** Minibatch standard deviation (Karras et al. 2018, "Progressive Growing of GANs", section 3). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { MinibatchStandardDeviation } from "../nn/index.ts";
import { headStage } from "./head-stage.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  group: z.int("must be a whole number of samples").min(2, "must be at least 2").default(4),
});

/**
 * The discriminator sees how much the samples of its batch differ: one number beside the features of each, the standard
 * deviation over a group of samples, averaged over all features ({@link MinibatchStandardDeviation}).
 *
 * - `group` (default 4, as in the authors' code; the paper takes the whole batch): samples a group.
 *
 * The paper appends the number as a further map of features before the last convolution; here it stands before the last
 * layer, so that no nonlinearity follows it.
 *
 * Real and generated samples are judged in batches of their own.
 *
 * @throws UserError for an option out of range, when the batch does not divide into groups, and for a discriminator
 * without a place for it.
 *
 * @example
 * techniques: [minibatchStandardDeviation({ group: 4 })]
 */
export const minibatchStandardDeviation = defineTechnique(
  "minibatchStandardDeviation",
  options,
  ({ group }, { batchSize }: TechniqueContext): Technique => {
    if (batchSize > group && batchSize % group !== 0) {
      throw new UserError(
        `\`minibatchStandardDeviation\`: batchSize (=${batchSize}) must divide into groups of \`group\` (=${group}) samples`,
      );
    }
    return headStage(
      "minibatchStandardDeviation",
      (_context, features) => new MinibatchStandardDeviation(features, { group }),
    );
  },
);
