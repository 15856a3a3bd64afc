/** Minibatch discrimination (Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.2). */
import { z } from "zod";
import { MinibatchDiscrimination } from "../nn/index.ts";
import { headStage } from "./head-stage.ts";
import { defineTechnique, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  kernels: z.int("must be a whole number").positive("must be above 0").default(100),
  dimensions: z.int("must be a whole number").positive("must be above 0").default(5),
});

/**
 * The discriminator sees of each sample how close it is to the others of its batch, in `kernels` learned ways, beside its
 * features; a generator that makes one image only is found out. The layer and its formula: {@link MinibatchDiscrimination}.
 *
 * - `kernels` (B, default 100) and `dimensions` (C, default 5): as the authors' code for MNIST and CIFAR-10; it has 300 and
 *   50 for ImageNet.
 *
 * Real and generated samples are judged in batches of their own, as the paper has it: closeness within each. They are not
 * offered together, since the generator's update has no real samples for its own to be close to.
 *
 * @throws UserError for an option out of range, and when the run is built for a discriminator without a place for it.
 *
 * @example
 * techniques: [minibatchDiscrimination({ kernels: 100, dimensions: 5 })]
 */
export const minibatchDiscrimination = defineTechnique(
  "minibatchDiscrimination",
  options,
  (o, _context: TechniqueContext): Technique =>
    headStage("minibatchDiscrimination", (context, features) => new MinibatchDiscrimination(context, features, o)),
);
