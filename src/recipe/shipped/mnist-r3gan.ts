/**
 * Digits from a small R3GAN (Huang et al. 2024): the relativistic loss with R1 and R2, networks without norms, learning rate and
 * beta2 on cosines. For two CPU cores: about 25 minutes on one of them, from the processor time of 33 steps. What it looks like at the
 * end has not been seen yet.
 *
 *     gantry train mnist-r3gan
 */
import { mnist } from "../../data/index.ts";
import { relativistic } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { r3gan } from "../../models/index.ts";
import { adam, cosine } from "../../optim/index.ts";
import { r1, r2, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

const steps = 2_000;
const networks = { widths: [128, 64, 32, 16], blocks: 1 };
const optimizer = adam({
  lr: cosine({ from: 1e-3, to: 1e-4, until: steps }),
  betas: [0, cosine({ from: 0.9, to: 0.99, until: steps })],
});

export default defineRecipe({
  name: "mnist-r3gan",
  data: mnist({ size: 32 }),
  generator: r3gan.generator(networks),
  discriminator: r3gan.discriminator(networks),
  loss: relativistic(),
  optimizers: { generator: optimizer, discriminator: optimizer },
  techniques: [r1({ weight: 1 }), r2({ weight: 1 }), weightAveraging({ halfLife: 5_000, rampUp: 0.1 })],
  batchSize: 64,
  steps,
  samples: { every: 200 },
  checkpoint: { every: 500 },
  evaluate: { every: 500, features: "mnist-classifier", metrics: [fid(), inceptionScore(), modes()], samples: 5_000 },
});
