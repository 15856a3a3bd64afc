/**
 * BigGAN (Brock et al. 2019) with improved consistency regularisation (ICR, Zhao et al. 2021) on CIFAR-10: the set-up
 * of which Sinha et al. 2020 report a FID of 9.21, and 8.57 with top-k training.
 *
 *     gantry train cifar10-biggan-icr
 *     gantry train cifar10-biggan-icr --set techniques+=topK
 *     gantry train cifar10-biggan-icr --set generator.width=16 --set discriminator.width=16 --set steps=2000
 *
 * 125,000 steps of 4 discriminator updates on 50 images are the 500 epochs of the script for CIFAR-10 in
 * BigGAN-PyTorch, the code of BigGAN's first author, which is also the source of width, learning rates and betas,
 * initial weights and averaging. Its shared class embedding and hierarchical z are the paper's, which that script does
 * not have, and neither does it mirror images (`cifar10-biggan` says more of the differences). That is work for a GPU:
 * a step is reckoned at 9 TFLOP, more than half of them for ICR, or 50 s on two cores. At width 16, the third command,
 * it is a sixteenth of that.
 *
 * The weights of ICR are those that its paper gives first. A public reproduction with BigGAN takes others:
 *
 *     --set techniques.latentConsistency.discriminatorWeight=20 --set techniques.latentConsistency.sigma=0.05
 *
 * The scores during training are those of the built-in classifier. To compare with 9.21, a run must be evaluated with
 * Inception's weights (`gantry evaluate <run> --preset fid-50k-train`).
 */
import { cifar10 } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { balancedConsistency, latentConsistency, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "cifar10-biggan-icr",
  data: cifar10({ flip: true }),
  generator: biggan.generator({ latent: 128, width: 64, init: "normal" }),
  discriminator: biggan.discriminator({ width: 64, init: "normal" }),
  loss: hinge(),
  techniques: [
    balancedConsistency({ realWeight: 10, fakeWeight: 10 }),
    latentConsistency({ discriminatorWeight: 5, generatorWeight: 0.5, sigma: 0.03 }),
    weightAveraging({ decay: 0.9999, start: 1_000 }),
  ],
  optimizers: {
    generator: adam({ lr: 2e-4, betas: [0, 0.999] }),
    discriminator: adam({ lr: 2e-4, betas: [0, 0.999] }),
  },
  batchSize: 50,
  discriminatorSteps: 4,
  steps: 125_000,
  samples: { every: 1_000 },
  checkpoint: { every: 2_500 },
  evaluate: {
    every: 5_000,
    features: "cifar10-classifier",
    metrics: [fid(), inceptionScore()],
    samples: 10_000,
  },
});
