/**
 * CIFAR-10 by class from BigGAN (Brock et al. 2019), with the settings of the script for this data in BigGAN-PyTorch, the
 * code of BigGAN's first author (`launch_cifar_ema.sh`). For a GPU: on two cores a step takes about 11 s.
 *
 *     gantry train cifar10-biggan --device cuda
 *     gantry train cifar10-biggan --set generator.shared=0 --set generator.hierarchical=false --set data.flip=false
 *     gantry train cifar10-biggan --set generator.width=16 --set discriminator.width=16 --set discriminatorSteps=1
 *
 * The shared class embedding and hierarchical z are the paper's; mirrored images are in neither; the second command takes these
 * three as the script has them. Its biases begin as PyTorch's do, here at 0, and it draws the images of its scores with batch
 * statistics (`gantry evaluate --mode train`). The third command is a try-out for a CPU.
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `cifar10-biggan-icr` has too. */
export const cifarBiggan = {
  data: cifar10({ flip: true }),
  generator: biggan.generator({ latent: 128, width: 64, init: "normal" }),
  discriminator: biggan.discriminator({ width: 64, init: "normal" }),
  loss: hinge(),
  optimizers: {
    generator: adam({ lr: 2e-4, betas: [0, 0.999] }),
    discriminator: adam({ lr: 2e-4, betas: [0, 0.999] }),
  },
  batchSize: 50,
  steps: 125_000,
  discriminatorSteps: 4,
  samples: { every: 1_000 },
};

export default defineRecipe({
  name: "cifar10-biggan",
  ...cifarBiggan,
  techniques: [weightAveraging({ decay: 0.9999, start: 1_000 })],
  checkpoint: { every: 1_000 },
  evaluate: { every: 5_000, metrics: [fid(), inceptionScore()], samples: 50_000 },
});
