/**
 * The quickstart: digits at 32 x 32 (MNIST's 28 x 28 on a black margin) from a small spectrally normalised DCGAN with the hinge
 * loss, top-k updates (k falls from 64 to 48 within three epochs) and averaged weights. About 3 minutes on two cores; strokes
 * after some 1,000 steps, most of a grid readable at the end.
 *
 *     gantry train mnist
 */
import { mnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { topK, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `fashion-mnist` has too. */
export const quickstart = {
  generator: dcgan.generator({ latent: 128, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, spectralNorm: true }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
  batchSize: 64,
};

export default defineRecipe({
  name: "mnist",
  data: mnist({ size: 32 }),
  ...quickstart,
  techniques: [topK({ gamma: 0.9, floor: 0.75 }), weightAveraging({ decay: 0.999 })],
  steps: 5_000,
  samples: { every: 500 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 500, features: "mnist-classifier", metrics: [fid(), inceptionScore(), modes()], samples: 5_000 },
});
