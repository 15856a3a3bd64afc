/**
 * Clothes at 32 x 32, each class on demand: a narrow SAGAN (Zhang et al. 2019) with its two learning rates. Attention
 * stands on maps of 16 x 16 in both players.
 *
 *     gantry train fashion-mnist-sagan
 *
 * About 11 minutes on two cores (an estimate: 0.32 s of processor time a step, libtorch 1.13).
 *
 * Expect silhouettes after some 500 steps, and garments of the class that was asked for by the end.
 */
import { fashionMnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { sagan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "fashion-mnist-sagan",
  data: fashionMnist({ size: 32 }),
  generator: sagan.generator({ latent: 128, width: 32 }),
  discriminator: sagan.discriminator({ width: 32 }),
  loss: hinge(),
  techniques: [weightAveraging({ decay: 0.999, warmUp: true })],
  optimizers: { generator: adam({ lr: 1e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
  batchSize: 64,
  steps: 4_000,
  samples: { every: 250 },
  checkpoint: { every: 500 },
  evaluate: {
    every: 1_000,
    features: "fashion-mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
});
