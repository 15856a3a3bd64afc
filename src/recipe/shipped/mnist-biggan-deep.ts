/**
 * Digits at 32 x 32, each class on demand, from a narrow BigGAN-deep (Brock et al. 2019, appendix B). About 14 minutes on two
 * cores; digits of the requested class by the end.
 *
 *     gantry train mnist-biggan-deep
 */
import { bigganDeep } from "../../models/index.ts";
import { defineRecipe } from "../recipe.ts";
import { narrowBiggan } from "./mnist-biggan.ts";

export default defineRecipe({
  name: "mnist-biggan-deep",
  ...narrowBiggan,
  generator: bigganDeep.generator({ latent: 64, width: 16, shared: 32, attention: 16 }),
  discriminator: bigganDeep.discriminator({ width: 16, attention: 16 }),
});
