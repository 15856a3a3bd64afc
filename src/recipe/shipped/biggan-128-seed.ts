/**
 * BigGAN at 128 x 128 as a re-implementation with small means trained it (Iyengar, Pandey and Mehta, "Exploring
 * Generative Adversarial Networks: Improving training techniques"): width 64, batches of 64, PyTorch's default
 * initialisation (Kaiming uniform), plain batch norm, one discriminator update per step, SAGAN's learning rates of 1e-4
 * for G and 4e-4 for D, spectral norm everywhere but in the attention. With 100 classes 31.86 and 38.53 million
 * parameters.
 *
 *     gantry train biggan-128-seed --set data.synsets=hundred.txt --device cuda
 *
 * `hundred.txt` names the classes, one synset per line. The authors took 100 of dogs, cats, fish, butterflies and birds
 * (259,048 images), and trained on four K80 GPUs for ten days. On two cores a step takes about 35 s (an estimate: 8.8 s
 * of processor time for a batch of 8, libtorch 1.13) and some 30 GB of memory; `--set batchSize=8` takes 4 GB.
 *
 * Half as wide again, which they could not afford: `--set generator.width=96 --set discriminator.width=96`. What they
 * could not do otherwise, initialisation and regularisation among it, is in `biggan-128`.
 */
import { imagenet } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "biggan-128-seed",
  data: imagenet({ size: 128 }),
  generator: biggan.generator({
    latent: 120,
    width: 64,
    shared: 128,
    attention: 64,
    attentionNorm: false,
    init: "default",
  }),
  discriminator: biggan.discriminator({ width: 64, attention: 64, attentionNorm: false, init: "default" }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
  batchSize: 64,
  steps: 200_000,
  samples: { every: 1_000 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 10_000, metrics: [fid(), inceptionScore()], samples: 50_000 },
});
