/**
 * CIFAR-10 from SN-DCGAN (Miyato et al. 2018) with the hinge loss. About 35 minutes on two cores; plausible colours within 1,000
 * steps, shapes like animals and vehicles after some 10,000. Published runs take 100,000 (`--set steps=100000`, on a GPU).
 *
 *     gantry train cifar10
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam, linearDecay } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "cifar10",
  data: cifar10({ flip: true }),
  generator: dcgan.generator({ latent: 128, width: 64 }),
  discriminator: dcgan.discriminator({ width: 64, spectralNorm: true }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 2e-4, betas: [0, 0.9] }) },
  schedule: linearDecay(),
  batchSize: 64,
  steps: 20_000,
  samples: { every: 500 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 2_000, features: "cifar10-classifier", metrics: [fid(), inceptionScore()], samples: 5_000 },
});
