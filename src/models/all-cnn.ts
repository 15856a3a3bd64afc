/**
 * The networks of the semi-supervised CIFAR-10 and SVHN experiments of Salimans et al. 2016 (section 5; details as in the
 * authors' code). D is the all-convolutional classifier of Springenberg et al. 2015 with weight norm and leaky ReLU. With
 * width 96 and images of 32 x 32:
 *
 *     D:  image -> dropout 0.2
 *         -> conv 3x3 96, 96, 96 of stride 2 -> dropout 0.5 -> conv 3x3 192, 192, 192 of stride 2 -> dropout 0.5
 *         -> conv 3x3 192 without padding -> conv 1x1 192, 192 (network in network) -> mean over the pixels -> linear
 *     G:  z [100] -> linear -> [512, 4, 4] -> transposed conv 5x5 of stride 2: 256, 128, then the image -> tanh
 *
 * Every layer of D has weight norm and a leaky ReLU of slope 0.2; G has batch norm and ReLU, and weight norm on its last layer.
 */
import { z } from "zod";
import { withDefaults } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import { sizeText } from "../base/image-size.ts";
import {
  AdaptiveAvgPool2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  LeakyReLU,
  Linear,
  normal,
  ReLU,
  Sequential,
  Tanh,
  type UnaryModule,
  View,
  weightNorm,
  zeros,
} from "../nn/index.ts";
import type { MemoryFormat, Tensor } from "../tensor/index.ts";
import { imageShape, type ModelContext } from "./context.ts";
import { Head } from "./head.ts";
import {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { batchNorm1d, batchNorm2d } from "./normalisation.ts";
import { count, probability } from "./option-schemas.ts";

const BEGIN = { init: normal(0.05), biasInit: zeros };
const FIRST_SIZE = 4;
const LAST_STD = 0.1;
/** H' = (H - 1) 2 - 2 * 2 + 4 + 1 + 1 = 2 H. */
const DOUBLING = { stride: 2, padding: 2, outputPadding: 1 };

const generatorOptions = z.strictObject({ latent: count.default(100), width: count.default(128) });

/** Options of {@link AllCnnGenerator}. */
export type AllCnnGeneratorOptions = z.input<typeof generatorOptions>;

const discriminatorOptions = z.strictObject({
  width: count.default(96),
  inputDropout: probability.default(0.2),
  dropout: probability.default(0.5),
  outputs: count.default(1),
});

/** Options of {@link AllCnnDiscriminator}. */
export type AllCnnDiscriminatorOptions = z.input<typeof discriminatorOptions>;

/** Modules: `project` (linear and its norm, numbered), `body` (the rest, numbered). */
export class AllCnnGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #memoryFormat: MemoryFormat;
  readonly #project: Sequential;
  readonly #body: Sequential;

  constructor(context: ModelContext, given: AllCnnGeneratorOptions = {}) {
    super();
    const { latent, width } = withDefaults("allCnn.generator", generatorOptions, given);
    const { channels, size } = imageShape(context, "allCnn.generator");
    const doublings = typeof size === "number" ? Math.log2(size / FIRST_SIZE) : Number.NaN;
    if (!Number.isInteger(doublings) || doublings < 1) {
      throw new UserError(
        `allCnn.generator: the image size (=${sizeText(size)}) must be one side, a power of two of at least 8`,
      );
    }
    this.latent = latent;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    const plan = Array.from({ length: doublings }, (_, i) => width * 2 ** (doublings - 1 - i));
    const first = plan[0]! * FIRST_SIZE ** 2;
    const project = new Linear(context, latent, first, { ...BEGIN, bias: false });
    this.#project = this.registerModule(
      "project",
      new Sequential(
        project,
        batchNorm1d(context, first, { affine: "offset" }),
        new ReLU({ inPlace: true }),
        new View([plan[0]!, FIRST_SIZE, FIRST_SIZE]),
      ),
    );
    const layers: UnaryModule[] = plan
      .slice(1)
      .flatMap((next, i) => [
        new ConvTranspose2d(context, plan[i]!, next, 5, { ...DOUBLING, ...BEGIN, bias: false }),
        batchNorm2d(context, next, { affine: "offset" }),
        new ReLU({ inPlace: true }),
      ]);
    const last = new ConvTranspose2d(context, plan.at(-1)!, channels, 5, { ...DOUBLING, ...BEGIN });
    layers.push(weightNorm(last, { dim: last.outputDim, initialStd: LAST_STD }), new Tanh());
    this.#body = this.registerModule("body", new Sequential(...layers));
  }

  override get takesLabels(): TakenLabels {
    return "none";
  }

  override forward(noise: Tensor): Tensor {
    return this.#body.forward(this.#project.forward(noise).contiguous(this.#memoryFormat));
  }
}

/** Modules: `body`, numbered, and `head` (`linear`). */
export class AllCnnDiscriminator extends DiscriminatorNetwork {
  readonly #memoryFormat: MemoryFormat;
  readonly #body: Sequential;
  readonly #pool = new AdaptiveAvgPool2d(1);
  readonly #head: Head;

  constructor(context: ModelContext, given: AllCnnDiscriminatorOptions = {}) {
    super();
    const { width, inputDropout, dropout, outputs } = withDefaults("allCnn.discriminator", discriminatorOptions, given);
    const { channels, size, height, width: across } = imageShape(context, "allCnn.discriminator");
    if (Math.min(height, across) < 12) {
      throw new UserError(`allCnn.discriminator: the image size (=${sizeText(size)}) must be at least 12`);
    }
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    const conv = (from: number, to: number, kernel: number, window: object): UnaryModule[] => [
      weightNorm(new Conv2d(context, from, to, kernel, { ...window, ...BEGIN }), { trainLength: false }),
      new LeakyReLU(0.2, { inPlace: true }),
    ];
    const same = { padding: 1 };
    const halving = { padding: 1, stride: 2 };
    const wide = 2 * width;
    this.#body = this.registerModule(
      "body",
      new Sequential(
        new Dropout(inputDropout),
        ...conv(channels, width, 3, same),
        ...conv(width, width, 3, same),
        ...conv(width, width, 3, halving),
        new Dropout(dropout),
        ...conv(width, wide, 3, same),
        ...conv(wide, wide, 3, same),
        ...conv(wide, wide, 3, halving),
        new Dropout(dropout),
        ...conv(wide, wide, 3, {}),
        ...conv(wide, wide, 1, {}),
        ...conv(wide, wide, 1, {}),
      ),
    );
    const head = { outputs, classes: 0, spectralNorm: false, weightNorm: { initialStd: LAST_STD }, ...BEGIN };
    this.#head = this.registerModule("head", new Head(context, wide, head));
  }

  override forward(images: Tensor): DiscriminatorOutput {
    const hidden: Tensor[] = [];
    const maps = this.#body.forward(images.contiguous(this.#memoryFormat), (layer, output) => {
      if (layer instanceof LeakyReLU) hidden.push(output);
    });
    return this.#head.forward([...hidden, this.#pool.forward(maps).flatten(1)], undefined);
  }
}

/**
 * The networks as parts of a recipe, without labels.
 *
 * `allCnn.generator`: `latent` 100 (length of z; the authors draw it uniformly), `width` 128 (channels next to the image,
 * doubling towards 4 x 4).
 *
 * `allCnn.discriminator`: `width` 96 (channels at full size; twice as many after the first halving), `inputDropout` 0.2 and
 * `dropout` 0.5 (probabilities), `outputs` 1 (logits; semiSupervised sets them). The last hidden layer, which feature matching
 * takes, is the mean over the pixels. As in the authors' code the lengths of the weights are trained in the last layer
 * only; `dataDependentInitialisation` sets all of them first.
 *
 * @throws UserError for an unknown option or one out of range, and at build for vectors instead of images or a size
 * that the layers do not fit.
 *
 * @example
 * allCnn.discriminator({ width: 96 });
 */
export const allCnn = {
  generator: defineGenerator("allCnn", generatorOptions, (options, context) => new AllCnnGenerator(context, options)),
  discriminator: defineDiscriminator(
    "allCnn",
    discriminatorOptions,
    (options, context) => new AllCnnDiscriminator(context, options),
  ),
};
