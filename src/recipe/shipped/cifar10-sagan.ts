/**
 * CIFAR-10 by class from SAGAN (Zhang et al. 2019, which has no numbers for this data) on SNGAN's networks of 32 pixels. For a
 * GPU: on two cores a step takes about 3 s.
 *
 *     gantry train cifar10-sagan --device cuda
 *     gantry train cifar10-sagan --set generator.width=64 --set discriminator.width=32    for a CPU
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { sagan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "cifar10-sagan",
  data: cifar10({ flip: true }),
  generator: sagan.generator({ latent: 128, width: 256 }),
  discriminator: sagan.discriminator({ width: 128 }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
  batchSize: 64,
  steps: 100_000,
  samples: { every: 1_000 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 5_000, metrics: [fid(), inceptionScore()], samples: 50_000 },
});
