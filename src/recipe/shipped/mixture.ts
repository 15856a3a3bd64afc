/**
 * 25 Gaussians on a 5 x 5 grid, the experiment by which Sinha et al. 2020 (section 3) explain top-k training: small
 * perceptrons, points in the plane, and scores against the truth. The settings are those of a public reproduction.
 *
 *     gantry train mixture
 *
 * k falls from 256 by 1 % every 2,000 steps to 192 after 58,000. `--set techniques.topK.keep=bottom` (or `random`)
 * trains on the other samples, `--set techniques.topK.floor=1` on all. About half an hour on one core (17 ms per step).
 */
import { mixtureOfGaussians } from "../../data/index.ts";
import { nonSaturating } from "../../losses/index.ts";
import { mixture } from "../../metrics/index.ts";
import { mlp } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { topK } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "mixture",
  data: mixtureOfGaussians({ arrangement: "grid", modes: 25, sigma: 0.05, spacing: 1 }),
  generator: mlp.generator({ latent: 2, hidden: [256, 256, 256, 256] }),
  discriminator: mlp.discriminator({ hidden: [256, 256, 256, 256] }),
  loss: nonSaturating(),
  techniques: [topK({ gamma: 0.99, floor: 0.75, everySteps: 2_000 })],
  optimizers: {
    generator: adam({ lr: 1e-4, betas: [0.9, 0.99] }),
    discriminator: adam({ lr: 1e-4, betas: [0.9, 0.99] }),
  },
  batchSize: 256,
  steps: 100_000,
  samples: { every: 5_000, count: 2_000 },
  log: { every: 500 },
  checkpoint: { every: 5_000 },
  evaluate: { every: 2_000, features: "samples", metrics: [mixture()], samples: 10_000 },
});
