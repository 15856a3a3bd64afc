/**
 * Clothes at 32 x 32: SNGAN (Miyato et al. 2018) at an eighth and a quarter of its widths, with twice the learning rate for D
 * instead of several of its updates. About 10 minutes on two cores; garments of all classes by the end.
 *
 *     gantry train fashion-mnist-sngan
 */
import { fashionMnist } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore, modes } from "../../metrics/index.ts";
import { resnet } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `fashion-mnist-sagan` has too: all but the networks and the learning rates. */
export const narrowResidual = {
  data: fashionMnist({ size: 32 }),
  loss: hinge(),
  techniques: [weightAveraging({ decay: 0.999, warmUp: true })],
  batchSize: 64,
  steps: 4_000,
  samples: { every: 250 },
  checkpoint: { every: 500 },
  evaluate: {
    every: 1_000,
    features: "fashion-mnist-classifier",
    metrics: [fid(), inceptionScore(), modes()],
    samples: 5_000,
  },
};

export default defineRecipe({
  name: "fashion-mnist-sngan",
  ...narrowResidual,
  generator: resnet.generator({ latent: 128, width: 32 }),
  discriminator: resnet.discriminator({ width: 32 }),
  optimizers: { generator: adam({ lr: 2e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
});
