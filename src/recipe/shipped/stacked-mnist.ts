/**
 * Stacked MNIST, 1,000 modes, from a plain DCGAN (Radford et al. 2016): how many modes does it lose? Scored as by VEEGAN
 * (Srivastava et al. 2017) and PacGAN (Lin et al. 2018); networks and lengths are not theirs. Real stacks score 1,000 modes
 * and a reverse KL of 0.023. About 14 minutes on one core.
 *
 *     gantry train stacked-mnist
 *     gantry sweep stacked-mnist --over 'techniques=[],[mine]' --seeds 3    # with MINE and without, three runs each
 */
import { stackedMnist } from "../../data/index.ts";
import { nonSaturating } from "../../losses/index.ts";
import { modes } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "stacked-mnist",
  data: stackedMnist({ size: 32 }),
  generator: dcgan.generator({ latent: 128, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, batchNorm: true }),
  loss: nonSaturating(),
  optimizers: {
    generator: adam({ lr: 2e-4, betas: [0.5, 0.999] }),
    discriminator: adam({ lr: 2e-4, betas: [0.5, 0.999] }),
  },
  batchSize: 64,
  steps: 10_000,
  samples: { every: 1_000 },
  log: { every: 100 },
  checkpoint: { every: 2_500, keep: 2 },
  evaluate: { every: 2_500, features: "stacked-mnist-classifier", metrics: [modes()], samples: 26_000 },
});
