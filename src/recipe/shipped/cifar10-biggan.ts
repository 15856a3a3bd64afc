/**
 * CIFAR-10 by class from BigGAN (Brock et al. 2019; their published code's settings for this data): width 64, which are 256
 * channels, four discriminator updates a step, N(0, 0.02^2) weights, averaged weights.
 *
 *     gantry train cifar10-biggan --device cuda
 *
 * For a GPU: on two cores a step takes about 11 s (an estimate: 21 s of processor time a step, libtorch 1.13). `--set
 * generator.width=16 --set discriminator.width=16 --set discriminatorSteps=1` is a try-out for a CPU.
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/scores/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "cifar10-biggan",
  data: cifar10({ flip: true }),
  generator: biggan.generator({ latent: 128, width: 64, init: "normal" }),
  discriminator: biggan.discriminator({ width: 64, init: "normal" }),
  loss: hinge(),
  techniques: [weightAveraging({ decay: 0.9999, start: 1_000 })],
  optimizers: {
    generator: adam({ lr: 2e-4, betas: [0, 0.999] }),
    discriminator: adam({ lr: 2e-4, betas: [0, 0.999] }),
  },
  batchSize: 50,
  steps: 125_000,
  discriminatorSteps: 4,
  samples: { every: 1_000 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 5_000, metrics: [fid(), inceptionScore()], samples: 50_000 },
});
