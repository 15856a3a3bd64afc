/**
 * CIFAR-10 from SNGAN as published (Miyato et al. 2018, table 4 and section 4.1.1); public libraries report an FID of 16.8 for
 * this set-up. For a GPU: on two cores a step takes about 7 s.
 *
 *     gantry train cifar10-sngan --device cuda
 *     gantry train cifar10-sngan --set generator.width=64 --set discriminator.width=32 --set discriminatorSteps=1    for a CPU
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { resnet } from "../../models/index.ts";
import { adam, linearDecay } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "cifar10-sngan",
  data: cifar10({ flip: true }),
  generator: resnet.generator({ latent: 128, width: 256 }),
  discriminator: resnet.discriminator({ width: 128 }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 2e-4, betas: [0, 0.9] }) },
  schedule: linearDecay(),
  batchSize: 64,
  steps: 100_000,
  discriminatorSteps: 5,
  samples: { every: 1_000 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 5_000, metrics: [fid(), inceptionScore()], samples: 50_000 },
});
