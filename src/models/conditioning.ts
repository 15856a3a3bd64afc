/** How labels enter the generator and the discriminator of the simple architectures. */
import { UserError } from "../base/errors.ts";
import { Tensor } from "../tensor/index.ts";

/**
 * z with the label appended as a one-hot vector, [B, latent + classes] (Mirza and Osindero 2014); shares of classes are
 * appended as they are.
 *
 * @throws UserError when there are no labels.
 */
export function appendLabels(z: Tensor, labels: Tensor | undefined, classes: number): Tensor {
  return Tensor.cat([z, sharesOf(requireLabels(labels), classes).to({ dtype: z.dtype })], 1);
}

/** Labels int64 [B] as shares of the classes, [B, classes]: 1 for its class. Shares are returned as they are. */
export function sharesOf(labels: Tensor, classes: number): Tensor {
  return labels.ndim === 2 ? labels : labels.oneHot(classes).float();
}

/**
 * The labels, if they were given.
 * @throws UserError when not.
 */
export function requireLabels(labels: Tensor | undefined): Tensor {
  if (labels === undefined) throw new UserError("a conditional network needs labels, and none were given");
  return labels;
}
