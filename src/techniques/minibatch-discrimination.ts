/** Minibatch discrimination (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.2). */
import { z } from "zod";
import { MinibatchDiscrimination } from "../nn/index.ts";
import { headStage } from "./head-stage.ts";
import { defineTechnique } from "./technique.ts";

const above0 = z.int("must be a whole number").positive("must be above 0");

/**
 * D sees how close each sample is to the others of its batch, in `kernels` learned ways, next to the sample's features. So D can
 * tell a generator that makes one image only. The layer and its formula: {@link MinibatchDiscrimination}.
 *
 * - `kernels` (B, default 100) and `dimensions` (C, default 5): as in the authors' code for MNIST and CIFAR-10; that for ImageNet
 *   has 300 and 50.
 *
 * Closeness is within the real batch and within the generated one, as in the paper. D does not get both in one batch: G's update
 * has no real samples to which its own could be close.
 *
 * @throws UserError for an option out of range, and when the run is built for a D without a place for it.
 *
 * @example
 * techniques: [minibatchDiscrimination({ kernels: 100, dimensions: 5 })]
 */
export const minibatchDiscrimination = defineTechnique(
  "minibatchDiscrimination",
  z.strictObject({ kernels: above0.default(100), dimensions: above0.default(5) }),
  (o) => headStage("minibatchDiscrimination", (context, features) => new MinibatchDiscrimination(context, features, o)),
);
