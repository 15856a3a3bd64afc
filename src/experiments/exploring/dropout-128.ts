/**
 * "Training collapses immediately even with spectral normalization" at 128 x 128, unless D has a dropout of 0.5 after every
 * convolution but the first and the last (Iyengar, Pandey and Mehta, section 3.2). Does it, and does dropout help?
 *
 *     gantry sweep dropout-128     D with and without either, 3 seeds each: 12 runs on CIFAR-10
 *
 * The authors' rates and batch (2e-4, betas 0.5 and 0.999, 64) at a quarter of their width, 16, for 1,000 steps; CIFAR-10's
 * images are enlarged from 32 x 32, so there is no more in them than at that size. Scores are of a classifier that looks at
 * 32 x 32.
 */
import { datasetOverrides } from "../datasets.ts";
import { defineSweep } from "../sweep/definition.ts";

/** The sweep. */
export const dropout128 = defineSweep({
  name: "dropout-128",
  recipe: "narrow-dcgan",
  set: [
    ...datasetOverrides("cifar10", 128),
    "generator.latent=100",
    "generator.width=16",
    "discriminator.width=16",
    "optimizers.generator.lr=2e-4",
    "optimizers.discriminator.lr=2e-4",
    "steps=1000",
    "evaluate.every=250",
  ],
  over: {
    norm: {
      batch: [],
      spectral: ["discriminator.batchNorm=false", "discriminator.spectralNorm=true"],
    },
    dropout: { none: [], "0.5": ["discriminator.dropout=0.5"] },
  },
  seeds: 3,
});
