/**
 * CIFAR-10 by class from BigGAN (Brock et al. 2019).
 *
 *     gantry train cifar10-biggan --device cuda
 *     gantry train cifar10-biggan --set generator.shared=0 --set generator.hierarchical=false --set data.flip=false
 *
 * From the script for this data in BigGAN-PyTorch, the code of BigGAN's first author (`launch_cifar_ema.sh`): width 64,
 * which are 256 channels, z of 128 numbers, no attention, batches of 50, four discriminator updates per step, 500
 * epochs (125,000 steps), both learning rates 2e-4 with betas 0 and 0.999, hinge, N(0, 0.02^2) weights, weights
 * averaged at 0.9999 from step 1,000, and scores of 50,000 images every 5,000 steps.
 *
 * From the paper, and not in that script: the shared class embedding and hierarchical z. The script has tables of the
 * classes in each norm instead, and gives z to the first layer alone. Mirrored images are in neither. The second
 * command takes these three as the script has them. What still differs then: its biases start as in PyTorch, here at 0,
 * and it draws the images of its scores with batch statistics (`gantry evaluate --mode train`).
 *
 * For a GPU: on two cores a step takes about 11 s (an estimate: 21 s of processor time per step, libtorch 1.13). `--set
 * generator.width=16 --set discriminator.width=16 --set discriminatorSteps=1` is a try-out for a CPU.
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
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
