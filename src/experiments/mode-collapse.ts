/**
 * What helps a GAN that loses modes: a set-up in which the plain GAN collapses, and the same with minibatch discrimination,
 * feature matching or historical averaging (Salimans et al. 2016), and with top-k training (Sinha et al. 2020), as a sweep.
 *
 *     gantry sweep mode-collapse     5 variants with 5 seeds each: 25 runs on MNIST
 *
 * The set-up is the recipe `narrow-dcgan` without the discriminator's batch norm (which shows it, in every image, how alike
 * the batch is) and with Adam's usual beta1 of 0.9 in place of 0.5 (at which Radford et al. 2016, section 3, saw training
 * oscillate and fail): D is soon sure, and G's samples race from one image to the next. It was found by looking at the plain
 * GAN alone, MNIST with seed 100 unless said otherwise. What was tried, classes of ten and the entropy of their shares:
 *
 *     without D's batch norm, beta1 0.5    500 to 2,000 steps: 10, 8, 10, 10; 1.53, 1.23, 2.10, 2.24    it recovers
 *     likewise, both rates 4e-3            500 to 1,500 steps: 10, 10, 10;    1.96, 2.19, 2.25
 *     likewise, D 4e-3 and 2 updates       500 to 1,500 steps: 10, 10, 10;    1.53, 1.95, 2.02
 *     without batch norm in either         600 steps, seed 0: 10;             1.90
 *     likewise, 3 updates of D             600 steps, seed 0: 10;             2.01
 *     beta1 0.9                            1,000 steps, seeds 100 to 102: 6, 6, 4; 0.38, 0.92, 0.90     taken
 *                                          1,500 steps, likewise:         8, 9, 7; 0.69, 1.27, 1.27
 *
 * The techniques have their authors' options or the defaults, k falls as in the sweep of images, and nothing was tuned for
 * them. The probe's seeds are 0 to 4. Three short runs on Stacked MNIST ended before their images were digits.
 */

import { annealing } from "./gans.ts";
import { defineSweep } from "./sweep/definition.ts";

const STEPS = 1_000;
const BETAS = [0.9, 0.999];

const topK = annealing(STEPS);

/**
 * The sweep. Its scores: the classes that a classifier of digits finds, the entropy of their shares (ln 10 = 2.303
 * for all alike), their divergence from equal shares; and FID and Inception Score with the same classifier.
 */
export const modeCollapse = defineSweep({
  name: "mode-collapse",
  recipe: "narrow-dcgan",
  set: [
    "discriminator.batchNorm=false",
    `optimizers.generator.betas=[${BETAS}]`,
    `optimizers.discriminator.betas=[${BETAS}]`,
    `steps=${STEPS}`,
  ],
  over: {
    variant: {
      plain: [],
      "minibatch discrimination": [
        "techniques=[minibatchDiscrimination]",
        "techniques.minibatchDiscrimination.kernels=100",
        "techniques.minibatchDiscrimination.dimensions=5",
      ],
      "feature matching": ["techniques=[featureMatching]"],
      "historical averaging": ["techniques=[historicalAveraging]", "techniques.historicalAveraging.weight=0.01"],
      "top-k": ["techniques=[topK]", ...Object.entries(topK).map(([key, value]) => `techniques.topK.${key}=${value}`)],
    },
  },
  seeds: 5,
});
