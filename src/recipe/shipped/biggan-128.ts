/**
 * ImageNet at 128 x 128 from BigGAN as in the paper (Brock et al. 2019, tables 1 and 4, appendices B and C), with 70.43 and
 * 87.98 million parameters. The paper's runs collapse after some 150,000 steps; the best checkpoint is kept.
 *
 *     gantry train biggan-128 --device cuda
 *
 * For large machines: 128 TPU cores compute a step of this batch in the paper. On two cores an image takes about 2.5 s in each
 * update; `--set accumulate=256` takes the batch in parts of 8, in 4 GB of memory.
 */
import { imagenet } from "../../data/index.ts";
import { hinge } from "../../losses/index.ts";
import { fid, inceptionScore } from "../../metrics/index.ts";
import { biggan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import {
  crossReplicaBatchNorm,
  orthogonalRegularisation,
  standingStatistics,
  weightAveraging,
} from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What `biggan-128-topk` has too. */
export const bigganPaper = {
  data: imagenet({ size: 128 }),
  generator: biggan.generator({ latent: 120, width: 96, shared: 128, attention: 64, init: "orthogonal" }),
  discriminator: biggan.discriminator({ width: 96, attention: 64, init: "orthogonal" }),
  loss: hinge(),
  techniques: [
    crossReplicaBatchNorm(),
    orthogonalRegularisation({ beta: 1e-4 }),
    weightAveraging({ decay: 0.9999, start: 20_000 }),
    standingStatistics({ batches: 100 }),
  ],
  optimizers: {
    generator: adam({ lr: 5e-5, betas: [0, 0.999] }),
    discriminator: adam({ lr: 2e-4, betas: [0, 0.999] }),
  },
  batchSize: 2_048,
  steps: 150_000,
  discriminatorSteps: 2,
  samples: { every: 1_000 },
  checkpoint: { every: 1_000 },
  evaluate: { every: 2_500, metrics: [fid(), inceptionScore()], samples: 50_000 },
};

export default defineRecipe({ name: "biggan-128", ...bigganPaper });
