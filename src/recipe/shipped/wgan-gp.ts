/**
 * Handwritten digits by the Wasserstein distance with a gradient penalty (WGAN-GP, Gulrajani et al. 2017): five critic
 * updates per step, no normalisation of the critic, the paper's optimizer.
 *
 *     gantry train wgan-gp
 *
 * About 5 minutes on two cores (reckoned from 40 steps in 6.3 s, libtorch 1.13).
 *
 * Expect a critic loss that falls quickly below zero and then climbs slowly towards it while digits emerge, later than
 * in the quickstart: a step costs several times as much, and the penalty differentiates twice.
 */
import { mnist } from "../../data/index.ts";
import { wasserstein } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { gradientPenalty } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "wgan-gp",
  data: mnist({ size: 32 }),
  generator: dcgan.generator({ latent: 128, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32 }),
  loss: wasserstein(),
  techniques: [gradientPenalty({ weight: 10 })],
  optimizers: { generator: adam({ lr: 1e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 1e-4, betas: [0, 0.9] }) },
  batchSize: 64,
  steps: 2_000,
  discriminatorSteps: 5,
  samples: { every: 200 },
  checkpoint: { every: 500 },
  evaluate: {
    every: 500,
    features: "mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
});
