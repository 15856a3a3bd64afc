/**
 * Digits at 32 x 32, each class on demand, from a narrow BigGAN-deep (Brock et al. 2019, appendix B): bottleneck blocks,
 * two to each doubling of the size, and all of z in every norm.
 *
 *     gantry train mnist-biggan-deep
 *
 * About 14 minutes on two cores (an estimate: 0.39 s of processor time a step, libtorch 1.13).
 *
 * Expect strokes after some 300 steps, and digits of the class that was asked for by the end.
 */
import { mnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { bigganDeep } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { orthogonalRegularisation, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

export default defineRecipe({
  name: "mnist-biggan-deep",
  data: mnist({ size: 32 }),
  generator: bigganDeep.generator({ latent: 64, width: 16, shared: 32, attention: 16 }),
  discriminator: bigganDeep.discriminator({ width: 16, attention: 16 }),
  loss: hinge(),
  techniques: [orthogonalRegularisation(), weightAveraging({ decay: 0.999, warmUp: true })],
  optimizers: {
    generator: adam({ lr: 2e-4, betas: [0, 0.999] }),
    discriminator: adam({ lr: 4e-4, betas: [0, 0.999] }),
  },
  batchSize: 64,
  steps: 4_000,
  samples: { every: 250 },
  checkpoint: { every: 500 },
  evaluate: {
    every: 1_000,
    features: "mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
});
