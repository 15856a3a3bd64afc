/**
 * Faces of FFHQ at 64 x 64 from R3GAN as published (Huang et al. 2024, appendix; FID 1.95). As long as its schedules, 20 million
 * images. For a GPU.
 *
 *     gantry train ffhq-64-r3gan --set data.path=ffhq-64x64.zip --device cuda
 */
import { imageFolder } from "../../data/index.ts";
import { r3gan } from "../../models/index.ts";
import { defineRecipe } from "../recipe.ts";
import { r3ganTraining } from "./cifar10-r3gan.ts";

const widths = [768, 768, 768, 768, 384];

export default defineRecipe({
  name: "ffhq-64-r3gan",
  data: imageFolder({ path: "ffhq-64x64.zip", size: 64, flip: true }),
  generator: r3gan.generator({ widths }),
  discriminator: r3gan.discriminator({ widths }),
  ...r3ganTraining({ batchSize: 256, gamma: 2, halfLife: 500_000, augmentation: 0.3, decay: 20_000_000 }),
});
