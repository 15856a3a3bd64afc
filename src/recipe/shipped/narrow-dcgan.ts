/**
 * Digits from a DCGAN (Radford et al. 2016) of 8 channels, to compare ways of training in sweeps of hundreds of runs, not to
 * look at. About 15 seconds on one core; strokes, some of which can be read.
 *
 *     gantry train narrow-dcgan
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
