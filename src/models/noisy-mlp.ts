/**
 * Perceptrons with noise on every layer, for semi-supervised learning on MNIST (Salimans et al. 2016, section 5; widths
 * and settings as in the authors' code). With the default options:
 *
 *     G:  z [100] -> (linear, batch norm, softplus) 500, 500 -> weight-normed linear -> sigmoid
 *     D:  image + N(0, 0.3^2) -> (weight-normed linear, ReLU, + N(0, 0.5^2)) 1000, 500, 250, 250, 250
 *         -> weight-normed linear
 *
 * The paper's pixels are in [0, 1], and so is the scale of its noise. Here pixels are in [-1, 1], so D begins with (x +
 * 1) / 2 and G ends with 2 sigmoid - 1.
 */

import { z } from "zod";
import { withDefaults } from "../base/descriptor.ts";
import { areaOf } from "../base/image-size.ts";
import {
  GaussianNoise,
  Linear,
  normal,
  ReLU,
  Sequential,
  Softplus,
  type UnaryModule,
  weightNorm,
  xavierUniform,
  zeros,
} from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { imageShape, type ModelContext, sampleShape } from "./context.ts";
import { Head } from "./head.ts";
import {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { batchNorm1d } from "./normalisation.ts";
import { count } from "./option-schemas.ts";

const widths = z.array(count).min(1, "must name at least one width");
const sigma = z.number().min(0, "must be at least 0");

const generatorOptions = z.strictObject({ latent: count.default(100), hidden: widths.default([500, 500]) });

/** Options of {@link NoisyMlpGenerator}. */
export type NoisyMlpGeneratorOptions = z.input<typeof generatorOptions>;

const discriminatorOptions = z.strictObject({
  hidden: widths.default([1000, 500, 250, 250, 250]),
  inputNoise: sigma.default(0.3),
  noise: sigma.default(0.5),
  outputs: count.default(1),
});

/** Options of {@link NoisyMlpDiscriminator}. */
export type NoisyMlpDiscriminatorOptions = z.input<typeof discriminatorOptions>;

/** z through softplus layers to an image. Modules: `body`, numbered. */
export class NoisyMlpGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #shape: readonly number[];
  readonly #body: Sequential;

  constructor(context: ModelContext, given: NoisyMlpGeneratorOptions = {}) {
    super();
    const { latent, hidden } = withDefaults("noisyMlp.generator", generatorOptions, given);
    const { channels, size } = imageShape(context, "noisyMlp.generator");
    this.latent = latent;
    this.#shape = sampleShape(context);
    const begin = { init: xavierUniform(), biasInit: zeros };
    const widths = [latent, ...hidden];
    // As in the authors' code batch norm has no gain: with one, it grew until G's outputs saturated.
    const layers: UnaryModule[] = hidden.flatMap((width, i) => [
      new Linear(context, widths[i]!, width, { ...begin, bias: false }),
      batchNorm1d(context, width, { affine: "offset" }),
      new Softplus(),
    ]);
    const last = new Linear(context, widths.at(-1)!, channels * areaOf(size), begin);
    // The authors initialise D from the data, and G not.
    this.#body = this.registerModule("body", new Sequential(...layers, weightNorm(last, { initialStd: null })));
  }

  override get takesLabels(): TakenLabels {
    return "none";
  }

  override forward(noise: Tensor): Tensor {
    const flat = this.#body.forward(noise).sigmoid().mul(2).sub(1);
    return flat.reshape([flat.shape[0]!, ...this.#shape]);
  }
}

/** A flattened image through noisy ReLU layers to logits. Modules: `body`, numbered, and `head` (`linear`). */
export class NoisyMlpDiscriminator extends DiscriminatorNetwork {
  readonly #body: Sequential;
  readonly #head: Head;

  constructor(context: ModelContext, given: NoisyMlpDiscriminatorOptions = {}) {
    super();
    const options = withDefaults("noisyMlp.discriminator", discriminatorOptions, given);
    const { channels, size } = imageShape(context, "noisyMlp.discriminator");
    const begin = { init: normal(0.1), biasInit: zeros };
    const widths = [channels * areaOf(size), ...options.hidden];
    const layers = options.hidden.flatMap((width, i) => [
      weightNorm(new Linear(context, widths[i]!, width, begin), { trainLength: false }),
      new ReLU({ inPlace: true }),
      new GaussianNoise(options.noise),
    ]);
    this.#body = this.registerModule("body", new Sequential(new GaussianNoise(options.inputNoise), ...layers));
    const head = { outputs: options.outputs, classes: 0, spectralNorm: false, weightNorm: {}, ...begin };
    this.#head = this.registerModule("head", new Head(context, widths.at(-1)!, head));
  }

  override forward(images: Tensor): DiscriminatorOutput {
    const hidden: Tensor[] = [];
    const last = this.#body.forward(toUnit(images.flatten(1)), (layer, output) => {
      if (layer instanceof ReLU) hidden.push(output);
    });
    return this.#head.forward(hidden, undefined, last);
  }
}

/** [-1, 1] to the [0, 1] of the paper's pixels. */
const toUnit = (pixels: Tensor): Tensor => pixels.add(1).div(2);

/**
 * Noisy perceptrons as parts of a recipe, without labels.
 *
 * `noisyMlp.generator`: `latent` 100 (length of z; the authors draw it uniformly), `hidden` [500, 500].
 *
 * `noisyMlp.discriminator`: `hidden` [1000, 500, 250, 250, 250], `inputNoise` 0.3 and `noise` 0.5 (standard deviations
 * on the pixels in [0, 1] and on the hidden activations, in train mode), `outputs` 1 (logits; semiSupervised sets
 * them). As in the authors' code the lengths of the weights are trained in the last layer only;
 * `dataDependentInitialisation` sets all of them first.
 *
 * @throws UserError for an unknown option or one out of range, and at build for vectors instead of images.
 *
 * @example
 * noisyMlp.discriminator({ noise: 0.5 });
 */
export const noisyMlp = {
  generator: defineGenerator(
    "noisyMlp",
    generatorOptions,
    (options, context) => new NoisyMlpGenerator(context, options),
  ),
  discriminator: defineDiscriminator(
    "noisyMlp",
    discriminatorOptions,
    (options, context) => new NoisyMlpDiscriminator(context, options),
  ),
};
