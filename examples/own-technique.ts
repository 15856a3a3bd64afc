/**
 * A technique of your own: instance noise (Sønderby et al. 2017, "Amortised MAP inference", section 4).
 *
 * D sees every image, real or generated, under Gaussian noise. Early in the training the two kinds hardly overlap, and D
 * can tell them apart without teaching G anything. Noise makes them overlap. It shrinks to nothing as G gets better.
 *
 *     npx gantry train ./own-technique.ts
 *     npx gantry train ./own-technique.ts --set techniques.instanceNoise.sigma=0.3
 */
import { adam, dcgan, defineRecipe, defineTechnique, hinge, mnist, Tensor, topK, z } from "gantry";

// The options, with their defaults. A recipe that gives others, or misspells one, is refused with a sentence.
const options = z.strictObject({
  /** Standard deviation of the noise at the first step. Images lie in [-1, 1]. */
  sigma: z.number().positive().default(0.2),
  /** The step at which the noise is gone. */
  until: z.int().positive().default(1_000),
});

/** D sees x + e, with e ~ N(0, s^2) and s = sigma * max(0, 1 - step / until). */
export const instanceNoise = defineTechnique("instanceNoise", options, ({ sigma, until }, { rng }) => {
  let now = sigma;
  return {
    name: "instanceNoise",

    // A hook: called with every batch that D is about to see. G's gradient goes back through it.
    augment(images, _kind, { progress }) {
      now = sigma * Math.max(0, 1 - progress.step / until);
      // `rng` is this technique's own random stream. Checkpoints keep its state: a resumed run draws the same noise.
      return now === 0 ? images : images.add(Tensor.randnLike(images, rng).mul(now));
    },

    // Numbers for the log, the terminal and the report.
    report: () => ({ noise: now }),
  };
});

export default defineRecipe({
  data: mnist({ size: 32 }),
  generator: dcgan.generator({ latent: 64, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, spectralNorm: true }),
  loss: hinge(),
  techniques: [instanceNoise(), topK()], // it combines with every other technique
  optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
  steps: 2_000,
});
