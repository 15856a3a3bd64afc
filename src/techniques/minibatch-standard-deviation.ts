/** Minibatch standard deviation (Karras et al. 2018, "Progressive Growing of GANs", section 3). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { MinibatchStandardDeviation } from "../nn/index.ts";
import { headStage } from "./head-stage.ts";
import { whole } from "./options.ts";
import { defineTechnique } from "./technique.ts";

/**
 * D sees how much the samples of its batch differ: one more number next to the features of each sample, the standard deviation
 * over a group of samples, averaged over all features ({@link MinibatchStandardDeviation}).
 *
 * - `group` (default 4, as in the authors' code; the paper takes the whole batch): samples per group.
 *
 * The paper appends the number as a feature map before the last convolution. Here it stands before the last layer, so no
 * nonlinearity follows it. The real and the generated batch pass through D separately.
 *
 * @throws UserError for an option out of range, when the batch does not divide into groups, and for a D without a place for it.
 *
 * @example
 * techniques: [minibatchStandardDeviation({ group: 4 })]
 */
export const minibatchStandardDeviation = defineTechnique(
  "minibatchStandardDeviation",
  z.strictObject({ group: whole(2, "samples").default(4) }),
  ({ group }, { batchSize }) => {
    if (batchSize > group && batchSize % group !== 0) {
      throw new UserError(
        `\`minibatchStandardDeviation\`: batchSize (=${batchSize}) must divide into groups of \`group\` (=${group}) samples`,
      );
    }
    const stage = (_context: unknown, features: number) => new MinibatchStandardDeviation(features, { group });
    return headStage("minibatchStandardDeviation", stage);
  },
);
