/**
 * BigGAN at 128 x 128 as a re-implementation with few resources trained it (Iyengar, Pandey and Mehta, "Exploring Generative
 * Adversarial Networks: Improving training techniques"), with 31.86 and 38.53 million parameters for 100 classes. Like theirs,
 * G embeds classes by a linear layer with spectral norm.
 *
 *     gantry train biggan-128-seed --set data.synsets=hundred.txt --device cuda
 *
 * `hundred.txt` names the classes, one synset per line; theirs were 100 of dogs, cats, fish, butterflies and birds. They trained
 * on four K80 GPUs for ten days. On two cores a step takes about 35 s and some 30 GB; `--set batchSize=8` takes 4 GB.
 */
import { imagenet } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `biggan-128-seed-lsun` has too. */
export const bigganSeed = {
  generator: biggan.generator({
    latent: 120,
    width: 64,
    shared: 128,
    embedding: "linear",
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
};

export default defineRecipe({ name: "biggan-128-seed", data: imagenet({ size: 128 }), ...bigganSeed });
