/**
 * Clothes at 32 x 32 with the quickstart's network and loss. About 2 minutes on two cores; silhouettes after some 300 steps,
 * garments of all ten classes by the end. The data: Debian's package dataset-fashion-mnist, or `gantry data get fashion-mnist`.
 *
 *     gantry train fashion-mnist
 */
import { fashionMnist } from "../../data/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { adam } from "../../optim/index.ts";
import { topK } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";
import { quickstart } from "./mnist.ts";

export default defineRecipe({
  name: "fashion-mnist",
  data: fashionMnist({ size: 32 }),
  ...quickstart,
  optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
  techniques: [topK({ gamma: 0.9, floor: 0.75 })],
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
