/**
 * "Increasing training image quality in terms of resolution greatly boosts generated image quality" (Iyengar, Pandey and Mehta,
 * section 3.2): Fashion-MNIST at 16 x 16, 32 x 32 and 64 x 64, of which the last is enlarged: the images have 28 x 28.
 *
 *     gantry sweep resolution     3 sizes with 3 seeds each: 9 runs
 *
 * The DCGAN of the recipe `narrow-dcgan`, with as many doublings as the size asks for. The Inception Score compares between sizes: the
 * classifier sees all of them at 32 x 32. FID is computed with real images of the size itself, so each size has one
 * of its own. What real images of each size score: `gantry evaluate fashion-mnist --size 16 --split test --metrics
 * inceptionScore --features fashion-mnist-classifier`.
 */
import { datasetOverrides } from "../datasets.ts";
import { defineSweep } from "../sweep/definition.ts";

/** The sweep. */
export const resolution = defineSweep({
  name: "resolution",
  recipe: "narrow-dcgan",
  set: datasetOverrides("fashion-mnist"),
  over: { "data.size": [16, 32, 64] },
  seeds: 3,
});
