/**
 * CIFAR-10 with 4,000 labels: K + 1 classes and feature matching (Salimans et al. 2016, section 5: 18.63 % test error; where
 * the paper is silent, the authors' code). For a GPU: 35 minutes per epoch on one core.
 *
 *     gantry train semi-cifar10
 *     gantry train semi-cifar10 --set labels=1000
 *     gantry train semi-cifar10 --set epochs=30 --set schedule.from=10000     a shorter schedule; 500 steps per epoch
 *
 * Their Adam has 1e-8 inside the root of the second moment, which is an eps of 1e-4 outside of it.
 */
import { cifar10 } from "../../data/index.ts";
import { nonSaturating } from "../../losses/index.ts";
import { testError } from "../../metrics/index.ts";
import { allCnn } from "../../models/index.ts";
import { adam, linearDecay } from "../../optim/index.ts";
import {
  dataDependentInitialisation,
  featureMatching,
  semiSupervised,
  weightAveraging,
} from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

const optimizer = adam({ lr: 3e-4, betas: [0.5, 0.999], eps: 1e-4 });

export default defineRecipe({
  name: "semi-cifar10",
  data: cifar10(),
  generator: allCnn.generator({ latent: 100, width: 128 }),
  discriminator: allCnn.discriminator({ width: 96, inputDropout: 0.2, dropout: 0.5 }),
  loss: nonSaturating(),
  techniques: [
    dataDependentInitialisation({ images: 500 }),
    semiSupervised({ labels: 4_000 }),
    featureMatching({ norm: "l1", layer: -1, reduce: "mean" }),
    weightAveraging({ players: "discriminator", decay: 0.9999, warmUp: true }),
  ],
  optimizers: { generator: optimizer, discriminator: optimizer },
  schedule: linearDecay({ from: 400_000 }),
  latentDistribution: "uniform",
  batchSize: 100,
  epochs: 1_200,
  samples: { every: 1_000 },
  log: { every: 50 },
  checkpoint: { every: 500, keep: 1 },
  evaluate: { every: 500, metrics: [testError({ averaged: true })], best: "testErrorsAveraged" },
});
