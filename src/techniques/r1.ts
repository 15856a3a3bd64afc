/** R1 regularisation (Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9). */
import { defineTechnique } from "./technique.ts";
import { zeroCentredOptions, zeroCentredPenalty } from "./zero-centred-penalty.ts";

/**
 * Adds a penalty on D's slope at real images x to D's loss:
 *
 *     weight / 2 * E[|dD(x)/dx|^2]
 *
 * x are the images of the data, as in the paper, and as StyleGAN2-ADA and R3GAN take them: where a technique augments them,
 * the slope goes through the augmentation. It comes from the graph of D's main pass.
 *
 * - `weight` (gamma, default 10): a number or a schedule ({@link cosine}).
 * - `every` (n, default 1): computes it in every n-th update of D, with n times the weight (lazy regularisation, Karras
 *   et al. 2020, section 3.1). Updates are counted from the run's first. Unlike in StyleGAN2, it is a part of an ordinary
 *   update: the optimizer's settings stay.
 * - `finiteDifference` (sigma, off by default): the squared slope along normal noise e instead, by one more pass of D and
 *   no second derivative: ((D(x) - D(x + sigma e)) / sigma)^2. Its mean over e is |dD/dx|^2 up to terms of sigma^2 (as
 *   in "Adversarial Flow Models", Lin et al. 2025, and GAT, 2026, which use sigma = 0.01).
 * - `images` (default "raw"): "augmented" takes the slope at the images as D sees them, after all augmentations.
 *
 * @throws UserError when an option is out of range, and in the first update for `finiteDifference` with a D that draws
 *   (dropout).
 *
 * @example
 * loss: nonSaturating(), techniques: [r1({ weight: 10 })]
 */
export const r1 = defineTechnique("r1", zeroCentredOptions, (o, context) =>
  zeroCentredPenalty("r1", "real", o, context),
);
