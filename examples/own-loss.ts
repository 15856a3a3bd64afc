/**
 * A loss of your own, with pairs: the relativistic loss (Jolicoeur-Martineau 2018, arXiv 1807.00734, section 3.1) with a margin.
 * Without one it ships as `relativistic`.
 *
 * D does not say how real an image is. It says how much more real one image is than another. Both players look at pairs of
 * a real image x and a generated image G(z):
 *
 *     D minimises  -log sigmoid(D(x) - D(G(z)) - margin)
 *     G minimises  -log sigmoid(D(G(z)) - D(x) - margin)
 *
 *     npx gantry train ./own-loss.ts
 */
import { adam, dcgan, defineLoss, defineRecipe, mnist, r1, Tensor, z } from "gantry";

const options = z.strictObject({
  /** How much more real the better image of a pair must be before the loss vanishes. */
  margin: z.number().min(0).default(0),
});

export const pairMargin = defineLoss("pairMargin", options, ({ margin }) => ({
  name: "pairMargin",

  // This loss has no targets such as "1 for real images", so label smoothing is refused with it.
  usualTargets: undefined,

  // `real` and `fake` are D's outputs [B], row i of both a pair. The two parts are added: one of them can be 0.
  discriminator: (real, fake) => ({
    real: fake.sub(real).add(margin).softplus(), // softplus(-t) = -log sigmoid(t)
    fake: Tensor.zerosLike(fake),
  }),

  // With `pairs`, G's update gets D's outputs of a new batch of real images too.
  pairs: true,
  generator: (fake, real) => real!.sub(fake).add(margin).softplus(),

  // What top-k ranks by, and what the log shows as D(x).
  realness: (score) => score,
  probability: (score) => score.sigmoid(),
}));

export default defineRecipe({
  data: mnist({ size: 32 }),
  generator: dcgan.generator({ latent: 64, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, spectralNorm: true }),
  loss: pairMargin({ margin: 1 }),
  techniques: [r1({ weight: 1 })],
  optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 2e-4 }) },
  steps: 2_000,
});
