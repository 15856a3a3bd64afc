/**
 * Digits at 32 x 32 from a DCGAN of 8 channels: small enough for a sweep of hundreds of runs on two cores. The sweeps
 * `top-k-images` and `top-k-mnist` vary it; by itself it is the ordinary DCGAN (Radford et al. 2016) among them.
 *
 *     gantry train narrow-dcgan
 *
 * About 15 seconds on one core. Expect strokes with the thickness and slant of digits, of which some can be read: 600
 * steps of a network as narrow as this serve to compare ways of training.
 */
import { mnist } from "../../data/index.ts";
import { nonSaturating } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { dcgan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "narrow-dcgan",
  data: mnist({ size: 32 }),
  generator: dcgan.generator({ latent: 64, width: 8 }),
  discriminator: dcgan.discriminator({ width: 8, batchNorm: true }),
  loss: nonSaturating(),
  optimizers: {
    generator: adam({ lr: 2e-3, betas: [0.5, 0.999] }),
    discriminator: adam({ lr: 2e-3, betas: [0.5, 0.999] }),
  },
  batchSize: 64,
  steps: 600,
  samples: { every: 10_000 },
  log: { every: 50 },
  checkpoint: { every: 10_000, keep: 1 },
  evaluate: {
    every: 10_000,
    features: "mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
});
