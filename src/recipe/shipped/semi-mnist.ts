/**
 * MNIST with 100 labels: K + 1 classes and feature matching (Salimans et al. 2016, section 5; where the paper is silent, the
 * authors' code). About 71 minutes on one core, 40 on two: 98 errors of 10,000, the mean of three label draws.
 *
 *     gantry train semi-mnist
 *     gantry train semi-mnist --set labels=20 --set labelSeed=3
 *     gantry train semi-mnist --set epochs=300         the paper's length
 *
 * `testErrorsAveraged`, of D with averaged weights, is the authors' measure; the last line counts, not the best. Their Adam
 * has 1e-8 inside the root of the second moment, which is an eps of 1e-4 outside of it.
 */
import { mnist } from "../../data/index.ts";
import { nonSaturating } from "../../losses/index.ts";
import { testError } from "../../metrics/index.ts";
import { noisyMlp } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import {
  dataDependentInitialisation,
  featureMatching,
  semiSupervised,
  weightAveraging,
} from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

const optimizer = adam({ lr: 3e-3, betas: [0.5, 0.999], eps: 1e-4 });

export default defineRecipe({
  name: "semi-mnist",
  data: mnist({ size: 28 }),
  generator: noisyMlp.generator({ latent: 100, hidden: [500, 500] }),
  discriminator: noisyMlp.discriminator({ hidden: [1000, 500, 250, 250, 250], inputNoise: 0.3, noise: 0.5 }),
  loss: nonSaturating(),
  techniques: [
    dataDependentInitialisation({ images: 500 }),
    semiSupervised({ labels: 100 }),
    featureMatching({ norm: "l2", layer: -1, reduce: "mean" }),
    weightAveraging({ players: "discriminator", decay: 0.9999, warmUp: true }),
  ],
  optimizers: { generator: optimizer, discriminator: optimizer },
  latentDistribution: "uniform",
  batchSize: 100,
  epochs: 100,
  samples: { every: 3_000, count: 64 },
  log: { every: 100 },
  checkpoint: { every: 3_000, keep: 1 },
  evaluate: { every: 600, metrics: [testError({ averaged: true })], best: "testErrorsAveraged" },
});
