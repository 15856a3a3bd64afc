/**
 * LSUN's churches and bridges at 128 x 128 from the BigGAN of a re-implementation (Iyengar, Pandey and Mehta, section 3.1,
 * figures 5 and 11): `biggan-128-seed` with two classes. They trained on four K80 GPUs for ten days.
 *
 *     gantry train biggan-128-seed-lsun --device cuda
 *     gantry train biggan-128-seed-lsun --set data.categories=[church_outdoor] --set generator.conditional=false --set discriminator.conditional=false
 */
import { lsun } from "../../data/index.ts";
import { defineRecipe } from "../recipe.ts";
import { bigganSeed } from "./biggan-128-seed.ts";

export default defineRecipe({
  ...bigganSeed,
  name: "biggan-128-seed-lsun",
  data: lsun({ categories: ["church_outdoor", "bridge"], size: 128 }),
});
