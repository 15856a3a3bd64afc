/**
 * The quickstart: digits at 32 x 32 (MNIST's 28 x 28 on a black margin) from a small spectrally normalised DCGAN with the hinge
 * loss, top-k updates (k falls from 64 to 58 after the first epoch) and averaged weights. The learning rates begin high and fall to
 * zero. About 3 minutes on two cores; digits after some 100 steps, most of a grid readable at the end.
 *
 *     gantry train mnist
 */
import { mnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam, linearDecay } from "../../optim/index.ts";
import { topK, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `fashion-mnist` has too. */
export const quickstart = {
  generator: dcgan.generator({ latent: 128, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, spectralNorm: true }),
  loss: hinge(),
  batchSize: 64,
};

const optimizer = adam({ lr: 1e-3, betas: [0, 0.9] });

export default defineRecipe({
  name: "mnist",
  data: mnist({ size: 32 }),
  ...quickstart,
  optimizers: { generator: optimizer, discriminator: optimizer },
  schedule: linearDecay(),
  techniques: [topK({ gamma: 0.9, floor: 0.75 }), weightAveraging({ decay: 0.995, warmUp: true })],
  steps: 1_800,
  samples: { every: 100 },
  checkpoint: { every: 600 },
  evaluate: { every: 600, features: "mnist-classifier", metrics: [fid(), inceptionScore(), modes()], samples: 5_000 },
});
