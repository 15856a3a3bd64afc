/**
 * Digits at 32 x 32, each class on demand: BigGAN (Brock et al. 2019) at a twelfth of its width. About 12 minutes on two
 * cores; strokes after some 300 steps, digits of the requested class by the end.
 *
 *     gantry train mnist-biggan
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
  evaluate: { every: 1_000, features: "mnist-classifier", metrics: [fid(), inceptionScore(), modes()], samples: 5_000 },
};

export default defineRecipe({
  name: "mnist-biggan",
  ...narrowBiggan,
  generator: biggan.generator({ latent: 64, width: 8, shared: 32, attention: 16 }),
  discriminator: biggan.discriminator({ width: 8, attention: 16 }),
});
