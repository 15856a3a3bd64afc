/**
 * Multilayer perceptrons: for points in the plane (mixtures of Gaussians) and, flattened, for small images
 * (Goodfellow et al. 2014, section 5).
 */

import { z } from "zod";
import { withDefaults } from "../base/descriptor.ts";
import { type InitialiserName, Linear, ReLU, Sequential, spectralNorm, type UnaryModule } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { appendLabels } from "./conditioning.ts";
import { type ModelContext, requireClasses, sampleShape } from "./context.ts";
import { Head } from "./head.ts";
import { ofLabels } from "./label-weights.ts";
import {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { beginningOf, biasDeviation, count, initialiser } from "./option-schemas.ts";

const hidden = z.array(count).default([256, 256, 256, 256]);
const init = initialiser.default("default");

const generatorOptions = z.strictObject({
  latent: count.default(64),
  hidden,
  spectralNorm: z.boolean().default(false),
  conditional: z.boolean().default(false),
  init,
  biasStd: biasDeviation,
});

/** Options of {@link MlpGenerator}. */
export type MlpGeneratorOptions = z.input<typeof generatorOptions>;

const discriminatorOptions = z.strictObject({
  hidden,
  spectralNorm: z.boolean().default(false),
  outputs: count.default(1),
  conditional: z.boolean().default(false),
  init,
  biasStd: biasDeviation,
});

/** Options of {@link MlpDiscriminator}. */
export type MlpDiscriminatorOptions = z.input<typeof discriminatorOptions>;

/** Linear and ReLU for each width of `hidden`, then a linear layer to `outputs` if given. */
function layersOf(
  context: ModelContext,
  inputs: number,
  options: { hidden: readonly number[]; spectralNorm: boolean; init: InitialiserName; biasStd?: number | undefined },
  outputs?: number,
): UnaryModule[] {
  const begin = beginningOf(options.init, options.biasStd);
  const widths = [inputs, ...options.hidden, ...(outputs === undefined ? [] : [outputs])];
  return widths.slice(1).flatMap((width, i) => {
    const linear = new Linear(context, widths[i]!, width, begin);
    const layer = options.spectralNorm ? spectralNorm(context, linear) : linear;
    return i < options.hidden.length ? [layer, new ReLU({ inPlace: true })] : [layer];
  });
}

/** z through hidden layers to a sample: tanh for images, nothing for vectors. Modules: `body`, numbered. */
export class MlpGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #classes: number;
  readonly #shape: readonly number[];
  readonly #body: Sequential;

  constructor(context: ModelContext, given: MlpGeneratorOptions = {}) {
    super();
    const options = withDefaults("mlp.generator", generatorOptions, given);
    this.latent = options.latent;
    this.#classes = options.conditional ? requireClasses(context, "mlp.generator") : 0;
    this.#shape = sampleShape(context);
    const outputs = this.#shape.reduce((product, size) => product * size, 1);
    const layers = layersOf(context, options.latent + this.#classes, options, outputs);
    if (this.#classes > 0) ofLabels(layers[0]!, 1);
    this.#body = this.registerModule("body", new Sequential(...layers));
  }

  override get takesLabels(): TakenLabels {
    return this.#classes > 0 ? "shares" : "none";
  }

  override forward(noise: Tensor, labels?: Tensor): Tensor {
    const input = this.#classes > 0 ? appendLabels(noise, labels, this.#classes) : noise;
    const flat = this.#body.forward(input);
    return this.#shape.length === 1 ? flat : flat.tanh().reshape([flat.shape[0]!, ...this.#shape]);
  }
}

/** A flattened sample through hidden layers to a score. Modules: `body`, numbered, and `head` (`linear`, `embedding`). */
export class MlpDiscriminator extends DiscriminatorNetwork {
  readonly #body: Sequential;
  readonly #head: Head;

  constructor(context: ModelContext, given: MlpDiscriminatorOptions = {}) {
    super();
    const options = withDefaults("mlp.discriminator", discriminatorOptions, given);
    const inputs = sampleShape(context).reduce((product, size) => product * size, 1);
    const classes = options.conditional ? requireClasses(context, "mlp.discriminator") : 0;
    this.#body = this.registerModule("body", new Sequential(...layersOf(context, inputs, options)));
    const features = options.hidden[options.hidden.length - 1] ?? inputs;
    this.#head = this.registerModule(
      "head",
      new Head(context, features, {
        outputs: options.outputs,
        classes,
        spectralNorm: options.spectralNorm,
        ...beginningOf(options.init, options.biasStd),
      }),
    );
  }

  override forward(images: Tensor, labels?: Tensor): DiscriminatorOutput {
    const flat = images.ndim === 2 ? images : images.flatten(1);
    const hidden: Tensor[] = [];
    const features = this.#body.forward(flat, (layer, output) => {
      if (layer instanceof ReLU) hidden.push(output);
    });
    return this.#head.forward(hidden, labels, features);
  }
}

/**
 * Perceptrons as parts of a recipe.
 *
 * `mlp.generator`: `latent` 64 (length of z), `hidden` [256, 256, 256, 256] (widths of the ReLU layers), `spectralNorm`
 * false, `conditional` false (the label, or the conditions, appended to z), `init` "default" (PyTorch's), `biasStd`
 * (none: biases begin as `init` says; a number: they are drawn from N(0, biasStd^2)).
 *
 * `mlp.discriminator`: `hidden`, `spectralNorm`, `init`, `biasStd` likewise, `outputs` 1 (logits; more make the score
 * their log sum exp), `conditional` false (projection).
 *
 * @throws UserError for an unknown option or one out of range, and at build for `conditional` with data that has no
 * classes.
 *
 * @example
 * mlp.generator({ latent: 2, hidden: [256, 256, 256, 256] });
 */
export const mlp = {
  generator: defineGenerator("mlp", generatorOptions, (options, context) => new MlpGenerator(context, options)),
  discriminator: defineDiscriminator(
    "mlp",
    discriminatorOptions,
    (options, context) => new MlpDiscriminator(context, options),
  ),
};
