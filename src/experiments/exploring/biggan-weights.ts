/**
 * Orthogonal initialisation and orthogonal regularisation (Brock et al. 2019, sections 3.1 and appendix), the two parts of BigGAN
 * that the authors of "Exploring Generative Adversarial Networks" left out, against PyTorch's default initialisation, which they
 * used, and no regularisation.
 *
 *     gantry sweep biggan-weights     4 variants with 3 seeds each: 12 runs on MNIST
 *
 * A BigGAN of 16 channels by class at 32 x 32 (see `src/experiments/gans.ts`), batch 64, 600 steps.
 */
import { ganOverrides, ORDINARY } from "../gans.ts";
import { defineSweep } from "../sweep/definition.ts";

/** The sweep. */
export const bigganWeights = defineSweep({
  name: "biggan-weights",
  recipe: "narrow-dcgan",
  set: [...ganOverrides("biggan"), ...ORDINARY],
  over: {
    initialisation: {
      orthogonal: [],
      default: ["generator.init=default", "discriminator.init=default"],
    },
    regularisation: { none: [], orthogonal: ["techniques=[orthogonalRegularisation]"] },
  },
  seeds: 3,
});
