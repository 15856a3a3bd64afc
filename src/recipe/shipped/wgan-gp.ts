/**
 * Handwritten digits by the Wasserstein distance with a gradient penalty (WGAN-GP, Gulrajani et al. 2017), with the paper's
 * optimizer. About 5 minutes on two cores; D's loss falls below zero and climbs towards it while digits emerge.
 *
 *     gantry train wgan-gp
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
  evaluate: { every: 500, features: "mnist-classifier", metrics: [fid(), inceptionScore(), modes()], samples: 5_000 },
});
