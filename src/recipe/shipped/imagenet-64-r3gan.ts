/**
 * ImageNet with labels at 64 x 64 from R3GAN as published (Huang et al. 2024, appendix; FID 2.09). As long as its schedules, 200
 * million images. For several GPUs; `accumulate` cuts a batch into pieces that fit.
 *
 *     gantry train imagenet-64-r3gan --set data.path=imagenet --set accumulate=16 --device cuda
 */
import { imagenet } from "../../data/index.ts";
import { r3gan } from "../../models/index.ts";
import { defineRecipe } from "../recipe.ts";
import { r3ganTraining } from "./cifar10-r3gan.ts";

const networks = { width: 1_536, groupSize: 32, conditional: true };

export default defineRecipe({
  name: "imagenet-64-r3gan",
  data: imagenet({ size: 64, flip: true }),
  generator: r3gan.generator(networks),
  discriminator: r3gan.discriminator(networks),
  ...r3ganTraining({ batchSize: 4_096, gamma: 1, halfLife: 50_000_000, augmentation: 0.4, decay: 200_000_000 }),
});
