/** How the label reaches the two players in the simple architectures. */
import { UserError } from "../base/errors.ts";
import { Tensor } from "../tensor/index.ts";

/**
 * z with the label appended as a one-hot vector, [B, latent + classes] (Mirza and Osindero 2014).
 *
 * Throws UserError when there are no labels.
 */
export function appendLabels(z: Tensor, labels: Tensor | undefined, classes: number): Tensor {
  const oneHot = requireLabels(labels).oneHot(classes).to({ dtype: z.dtype });
  return Tensor.cat([z, oneHot], 1);
}

/** The labels, if they were given. Throws UserError when not. */
export function requireLabels(labels: Tensor | undefined): Tensor {
  if (labels === undefined) throw new UserError("a conditional network needs labels, and none were given");
  return labels;
}
