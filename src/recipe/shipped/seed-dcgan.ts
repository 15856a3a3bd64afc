/**
 * The DCGANs of Iyengar, Pandey and Mehta, "Exploring Generative Adversarial Networks: Improving training techniques", with the
 * numbers of their paper (section 3.2) and, where it has none, of their code (rikenmehta03/gan_mine). What the four recipes
 * `seed-dcgan-64`, `seed-sn-dcgan-64`, `seed-dcgan-128` and `seed-sn-dcgan-128` share.
 *
 *     G:  z of 100 -> 4 x 4 maps of 512 channels (1,024 at 128 px), halved by each doubling down to 64; batch norm, ReLU; tanh
 *     D:  64 channels (128 at 128 px) next to the image, doubled by each halving up to 512 (2,048); batch norm, leaky ReLU 0.2
 *
 * No layer has a bias. With spectral norm it is on every convolution and linear layer of both networks, and batch norm stays. D
 * drops whole channels between batch norm and leaky ReLU, as the paper says at 128 px only; the last version of their code does
 * so at 64 px, too: `--set discriminator.dropout=0.5`. Images are stretched to squares.
 *
 * Two things differ from their code: G's update draws new z where theirs takes those of D's update again, and the spectral norm
 * of a transposed convolution is that of its matrix of outputs by inputs, as in PyTorch, where theirs has inputs by outputs.
 */

import { nonSaturating } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe, type Recipe, type RecipeInput } from "../recipe.ts";

/** The recipe of one size, with or without spectral norm in both networks. */
export function seedDcgan(
  name: string,
  data: RecipeInput["data"],
  { size, spectralNorm }: { size: 64 | 128; spectralNorm: boolean },
): Recipe {
  const dropout = size === 128 ? 0.5 : 0;
  const shape = { widest: 16, bias: false, batchNorm: true, spectralNorm } as const;
  return defineRecipe({
    name,
    data,
    generator: dcgan.generator({ latent: 100, width: 64, ...shape }),
    discriminator: dcgan.discriminator({ width: size, ...shape, dropout, dropoutOf: "channels" }),
    loss: nonSaturating(),
    optimizers: {
      generator: adam({ lr: 2e-4, betas: [0.5, 0.999] }),
      discriminator: adam({ lr: 2e-4, betas: [0.5, 0.999] }),
    },
    batchSize: 64,
    steps: 25_000,
    samples: { every: 500 },
    checkpoint: { every: 500 },
    evaluate: { every: 5_000, metrics: [fid(), inceptionScore()], samples: 50_000 },
  });
}
