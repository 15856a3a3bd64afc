/** Tiny runs with a fault each, made on purpose, and healthy ones. Each takes a few seconds. */
import { mixtureOfGaussians, mnist } from "../../src/data/index.ts";
import { hinge, minimax, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { topK } from "../../src/techniques/index.ts";

const optimizers = (generator: number, discriminator: number, beta1 = 0): RecipeInput["optimizers"] => ({
  generator: adam({ lr: generator, betas: [beta1, 0.9] }),
  discriminator: adam({ lr: discriminator, betas: [beta1, 0.9] }),
});

/** Digits of 16 pixels. */
const digits: RecipeInput = {
  name: "digits",
  data: mnist({ size: 16, first: 512 }),
  generator: dcgan.generator({ latent: 16, width: 8 }),
  discriminator: dcgan.discriminator({ width: 8, spectralNorm: true }),
  loss: hinge(),
  optimizers: optimizers(1e-3, 1e-3),
  batchSize: 32,
  steps: 200,
  log: { every: 5 },
  samples: { every: 40, count: 36, columns: 6 },
  checkpoint: { every: 200 },
  convolution: "rules",
  threads: 1,
};

/** Eight Gaussians on a ring. */
const ring: RecipeInput = {
  name: "ring",
  data: mixtureOfGaussians({ arrangement: "ring", modes: 8, sigma: 0.05 }),
  generator: mlp.generator({ latent: 4, hidden: [64, 64] }),
  discriminator: mlp.discriminator({ hidden: [64, 64] }),
  loss: nonSaturating(),
  optimizers: optimizers(1e-3, 1e-3),
  techniques: [topK({ gamma: 0.9, floor: 0.5, everySteps: 100 })],
  batchSize: 128,
  steps: 1_000,
  log: { every: 20 },
  samples: { every: 200, count: 128 },
  checkpoint: { every: 1_000 },
  threads: 1,
};

/** Nothing is wrong with these. */
/** After 200 steps the features of digits are not yet as far from each other as later. */
export const healthy: Readonly<Record<string, RecipeInput>> = { digits: { ...digits, steps: 400 }, ring };

/** By the fault, with the check that must find it. */
export const faulty: Readonly<Record<string, readonly [check: string, recipe: RecipeInput]>> = {
  "a G that hardly moves": ["discriminator-wins", { ...digits, steps: 120, optimizers: optimizers(1e-6, 1e-3) }],
  "a D that hardly moves": ["generator-wins", { ...digits, steps: 120, optimizers: optimizers(1e-3, 1e-7) }],
  "log(1 - D(G(z))) where D rejects everything": [
    "saturation",
    {
      ...digits,
      loss: minimax(),
      discriminator: dcgan.discriminator({ width: 8 }),
      optimizers: optimizers(1e-5, 1e-2),
    },
  ],
  "a critic without a bound": [
    "divergence",
    {
      ...ring,
      loss: wasserstein(),
      techniques: [],
      optimizers: { generator: sgd({ lr: 1e-3 }), discriminator: sgd({ lr: 0.05 }) },
      steps: 160,
      log: { every: 4 },
    },
  ],
  "digits without batch norm at high rates": [
    "collapse",
    {
      ...digits,
      loss: nonSaturating(),
      generator: dcgan.generator({ latent: 16, width: 8, batchNorm: false }),
      discriminator: dcgan.discriminator({ width: 8 }),
      optimizers: optimizers(5e-3, 2e-3, 0.9),
    },
  ],
  "points that stay at the middle of 25 modes": [
    "collapse",
    {
      ...ring,
      data: mixtureOfGaussians({ arrangement: "grid", modes: 25 }),
      optimizers: optimizers(1e-6, 1e-4),
      steps: 200,
      samples: { every: 50, count: 128 },
    },
  ],
  "six digits": ["memorising", { ...digits, data: mnist({ size: 16, first: 6 }), batchSize: 12, steps: 600 }],
  "32 digits and a wide D": [
    "overfitting",
    {
      ...digits,
      data: mnist({ size: 16, first: 32 }),
      discriminator: dcgan.discriminator({ width: 16, spectralNorm: true }),
      loss: nonSaturating(),
      optimizers: optimizers(1e-3, 2e-3),
      steps: 400,
    },
  ],
};
