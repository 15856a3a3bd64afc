/** Recipes that carry as much state from step to step as recipes can: what a resumed run has to get right. */
import { mnist } from "../../src/data/index.ts";
import { hinge, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { dcgan } from "../../src/models/index.ts";
import { adam, linearDecay, rmsprop } from "../../src/optim/index.ts";
import { defineRecipe, type Recipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import { dragan, gradientPenalty, topK, weightAveraging } from "../../src/techniques/index.ts";

// 120 images in batches of 16, two per step: an epoch ends within the 4th step and within the 8th, so k falls at both.
const common: RecipeInput = {
  name: "demanding",
  data: mnist({ size: 16, first: 120, flip: true }),
  generator: dcgan.generator({ latent: 6, width: 3, spectralNorm: true }),
  discriminator: dcgan.discriminator({ width: 3, spectralNorm: true, dropout: 0.3 }),
  loss: hinge(),
  techniques: [topK({ gamma: 0.8 }), weightAveraging({ decay: 0.9, start: 2, warmUp: true })],
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 2e-3, betas: [0, 0.9] }) },
  schedule: linearDecay({ from: 3 }),
  batchSize: 16,
  steps: 9,
  discriminatorSteps: 2,
  seed: 5,
  samples: { every: 3, count: 4, columns: 2 },
  log: { every: 1 },
  checkpoint: { every: 3, keep: 2 },
};

/** Each by a name for the test's title. */
export const demanding: Readonly<Record<string, Recipe>> = {
  "spectral norm, dropout, top-k and averages": defineRecipe(common),
  "the same in row-major order, k at random": defineRecipe({
    ...common,
    techniques: [topK({ gamma: 0.8, keep: "random", reduce: "zeroed" }), ...common.techniques!.slice(1)],
    memoryFormat: "contiguous",
  }),
  "batch norm in both, labels, uniform latents, DRAGAN": defineRecipe({
    ...common,
    generator: dcgan.generator({ latent: 6, width: 3, conditional: true }),
    discriminator: dcgan.discriminator({ width: 3, batchNorm: true, conditional: true }),
    loss: nonSaturating(),
    techniques: [dragan(), topK({ gamma: 0.8, everySteps: 3 }), weightAveraging()],
    latentDistribution: "uniform",
  }),
  "a penalised critic with RMSProp": defineRecipe({
    ...common,
    discriminator: dcgan.discriminator({ width: 3 }),
    loss: wasserstein(),
    techniques: [gradientPenalty()],
    optimizers: { generator: rmsprop({ momentum: 0.5 }), discriminator: rmsprop({ centered: true }) },
  }),
};
