/**
 * Clothes at 32 x 32: Fashion-MNIST (Debian's package dataset-fashion-mnist, or `gantry data get fashion-mnist`) with
 * the network and the loss of the quickstart.
 *
 *     gantry train fashion-mnist
 *
 * About 2 minutes on two cores (reckoned from the quickstart, whose networks it has).
 *
 * Expect silhouettes after some 300 steps and garments of all ten classes, shoes and trousers first, by the end.
 */
import { fashionMnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { topK } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "fashion-mnist",
  data: fashionMnist({ size: 32 }),
  generator: dcgan.generator({ latent: 128, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, spectralNorm: true }),
  loss: hinge(),
  techniques: [topK({ gamma: 0.9, floor: 0.75 })],
  optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
  batchSize: 64,
  steps: 3_000,
  samples: { every: 250 },
  checkpoint: { every: 500 },
  evaluate: {
    every: 500,
    features: "fashion-mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
});
