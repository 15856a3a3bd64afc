/**
 * What the authors of "Exploring Generative Adversarial Networks" left for later: self-attention (Zhang et al. 2019), two
 * learning rates (TTUR, Heusel et al. 2017) and hierarchical latents (Brock et al. 2019) in a DCGAN, one at a time and together.
 *
 *     gantry sweep dcgan-options     5 variants with 5 seeds each: 25 runs on MNIST
 *
 * The networks are those of the recipe `narrow-dcgan`. TTUR keeps the geometric mean of both rates, 2e-3, and gives D four
 * times G's, as SAGAN does. Attention stands on maps of 16 x 16 in both players.
 */
import { defineSweep } from "../sweep/definition.ts";

const ATTENTION = ["generator.attention=16", "discriminator.attention=16"];
const TTUR = ["optimizers.generator.lr=1e-3", "optimizers.discriminator.lr=4e-3"];
const HIERARCHICAL = ["generator.hierarchical=true"];

/** The sweep. */
export const dcganOptions = defineSweep({
  name: "dcgan-options",
  recipe: "narrow-dcgan",
  over: {
    variant: {
      plain: [],
      attention: ATTENTION,
      TTUR,
      "hierarchical latents": HIERARCHICAL,
      all: [...ATTENTION, ...TTUR, ...HIERARCHICAL],
    },
  },
  seeds: 5,
});
