/**
 * CIFAR-10 with labels from R3GAN as published (Huang et al. 2024, appendix; FID 1.96): the relativistic loss with R1 and R2, five
 * cosines, and networks without norms. As long as its schedules, 20 million images. For a GPU.
 *
 *     gantry train cifar10-r3gan --device cuda
 */
import { cifar10 } from "../../data/index.ts";
import { relativistic } from "../../losses/index.ts";
import { fid } from "../../metrics/index.ts";
import { r3gan } from "../../models/index.ts";
import { adam, cosine } from "../../optim/index.ts";
import { adaptiveAugmentation, r1, r2, weightAveraging } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";

/** What a preset of the paper says besides the networks. */
interface Preset {
  readonly batchSize: number;
  /** Weight of both penalties at the beginning. It falls to a tenth. */
  readonly gamma: number;
  /** Half-life of the averages at the end, in images. */
  readonly halfLife: number;
  /** Probability of the augmentation at the end. */
  readonly augmentation: number;
  /** Images after which the schedules stand still. */
  readonly decay: number;
}

/** The paper's training: everything of a recipe but data, networks and name. */
export function r3ganTraining({ batchSize, gamma, halfLife, augmentation, decay }: Preset) {
  const over = (from: number, to: number) => cosine({ from, to, until: decay, in: "images" });
  const optimizer = adam({ lr: over(2e-4, 5e-5), betas: [0, over(0.9, 0.99)] });
  const weight = over(gamma, gamma / 10);
  return {
    loss: relativistic(),
    optimizers: { generator: optimizer, discriminator: optimizer },
    techniques: [
      r1({ weight }),
      r2({ weight }),
      adaptiveAugmentation({
        probability: over(0, augmentation),
        transformations: ["blit", "geometry", "color", "cutout"],
        multipliers: { color: 0.5 },
      }),
      weightAveraging({ halfLife: over(0, halfLife) }),
    ],
    labelDistribution: "empirical" as const,
    batchSize,
    steps: Math.ceil(decay / batchSize),
    samples: { every: 1_000 },
    checkpoint: { every: 1_000 },
    evaluate: { every: 5_000, metrics: [fid()], samples: 50_000 },
  };
}

export default defineRecipe({
  name: "cifar10-r3gan",
  data: cifar10({ size: 32, flip: true }),
  generator: r3gan.generator({ conditional: true }),
  discriminator: r3gan.discriminator({ conditional: true }),
  ...r3ganTraining({ batchSize: 512, gamma: 0.05, halfLife: 5_000_000, augmentation: 0.55, decay: 20_000_000 }),
});
