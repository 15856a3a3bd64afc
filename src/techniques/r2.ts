/** R2 regularisation (Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 10). */
import { defineTechnique } from "./technique.ts";
import { zeroCentredOptions, zeroCentredPenalty } from "./zero-centred-penalty.ts";

/**
 * Adds a penalty on D's slope at generated images y = G(z) to D's loss:
 *
 *     weight / 2 * E[|dD(y)/dy|^2]
 *
 * y are the images of G, before a technique augments them: the slope goes through the augmentation, as in R3GAN (Huang et al.
 * 2024, "The GAN is dead; long live the GAN!"), which has `r1` and `r2` together. One backward pass of D's main pass gives
 * both.
 *
 * - `weight` (gamma, default 10): a number or a schedule ({@link cosine}).
 * - `every` (n, default 1): computes it in every n-th update of D, with n times the weight (lazy regularisation, Karras
 *   et al. 2020, section 3.1). Updates are counted from the run's first. Unlike in StyleGAN2, it is a part of an ordinary
 *   update: the optimizer's settings stay.
 * - `finiteDifference` (sigma, off by default): the squared slope along normal noise e instead, by one more pass of D and
 *   no second derivative: ((D(y) - D(y + sigma e)) / sigma)^2. Its mean over e is |dD/dy|^2 up to terms of sigma^2 (as
 *   in "Adversarial Flow Models", Lin et al. 2025, and GAT, 2026, which use sigma = 0.01).
 * - `images` (default "raw"): "augmented" takes the slope at the images as D sees them, after all augmentations.
 *
 * @throws UserError when an option is out of range, and in the first update for `finiteDifference` with a D that draws
 *   (dropout).
 *
 * @example
 * loss: nonSaturating(), techniques: [r1({ weight: 1 }), r2({ weight: 1 })]
 */
export const r2 = defineTechnique("r2", zeroCentredOptions, (o, context) =>
  zeroCentredPenalty("r2", "fake", o, context),
);
