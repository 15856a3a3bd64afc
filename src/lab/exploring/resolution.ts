/**
 * "Increasing training image quality in terms of resolution greatly boosts generated image quality" (Iyengar, Pandey and Mehta,
 * section 3.2): Fashion-MNIST at 8 x 8, 16 x 16 and 32 x 32.
 *
 *     gantry sweep resolution     3 sizes with 3 seeds each: 9 runs
 *
 * The DCGAN of the recipe `narrow-dcgan`, with as many doublings as the size asks for. The Inception Score compares between sizes: the
 * classifier enlarges what it is shown to 32 x 32. FID is held against real images of the size itself, so each size has one
 * of its own. What real images of each size score: `gantry evaluate fashion-mnist --size 16 --split test --metrics
 * inceptionScore --features fashion-mnist-classifier`.
 */
import { datasetOverrides } from "../datasets.ts";
import { defineSweep, type Sweep } from "../sweep/definition.ts";

/**
 * The sweep.
 *
 * @example
 * const grid = expandGrid(resolution(), (await loadRecipe("narrow-dcgan")).recipe); // 9 runs
 */
export function resolution(): Sweep {
  return defineSweep({
    name: "resolution",
    recipe: "narrow-dcgan",
    set: datasetOverrides("fashion-mnist"),
    over: { "data.size": [8, 16, 32] },
    seeds: 3,
  });
}
