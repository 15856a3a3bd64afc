/**
 * Clothes at 32 x 32, each class on demand: a narrow SAGAN (Zhang et al. 2019) with its two learning rates. About 11 minutes on
 * two cores; garments of the requested class by the end.
 *
 *     gantry train fashion-mnist-sagan
 */
import { sagan } from "../../models/index.ts";
import { adam } from "../../optim/index.ts";
import { defineRecipe } from "../recipe.ts";
import { narrowResidual } from "./fashion-mnist-sngan.ts";

export default defineRecipe({
  name: "fashion-mnist-sagan",
  ...narrowResidual,
  generator: sagan.generator({ latent: 128, width: 32 }),
  discriminator: sagan.discriminator({ width: 32 }),
  optimizers: { generator: adam({ lr: 1e-4, betas: [0, 0.9] }), discriminator: adam({ lr: 4e-4, betas: [0, 0.9] }) },
});
