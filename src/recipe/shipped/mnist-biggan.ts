/**
 * Digits at 32 x 32, each class on demand: BigGAN (Brock et al. 2019) at a twelfth of its width, with everything that
 * makes it one: hierarchical latents, shared class embedding, projection, attention, orthogonal weights, averaged
 * weights.
 *
 *     gantry train mnist-biggan
 *
 * About 12 minutes on two cores (an estimate: 0.33 s of processor time per step, libtorch 1.13).
 *
 * Expect strokes after some 300 steps, and digits of the requested class by the end.
 */
import { mnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { orthogonalRegularisation, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `mnist-biggan-deep` has too: all but the networks. */
export const narrowBiggan = {
  data: mnist({ size: 32 }),
  loss: hinge(),
  techniques: [orthogonalRegularisation(), weightAveraging({ decay: 0.999, warmUp: true })],
  optimizers: {
    generator: adam({ lr: 2e-4, betas: [0, 0.999] }),
    discriminator: adam({ lr: 4e-4, betas: [0, 0.999] }),
  },
  batchSize: 64,
  steps: 4_000,
  samples: { every: 250 },
  checkpoint: { every: 500 },
  evaluate: {
    every: 1_000,
    features: "mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
};

export default defineRecipe({
  name: "mnist-biggan",
  ...narrowBiggan,
  generator: biggan.generator({ latent: 64, width: 8, shared: 32, attention: 16 }),
  discriminator: biggan.discriminator({ width: 8, attention: 16 }),
});
