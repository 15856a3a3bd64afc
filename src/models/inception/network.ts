/**
 * Inception v3 in the variant for scores of generators: the network of Szegedy et al. 2016 as it is in the TensorFlow
 * graph of 2015-12-05, which Salimans et al. 2016 (Inception Score) and Heusel et al. 2017 (FID) used.
 *
 * It differs from the usual Inception v3, as FID's published PyTorch weights (`pt_inception-2015-12-05-6726825d.pth`)
 * need: averages in blocks leave padding out, the last block pools with the maximum, and there are 1008 logits.
 */
import { UserError } from "../../base/errors.ts";
import { type BuildContext, type Initialiser, kaimingNormal, Linear, Module } from "../../nn/index.ts";
import { scope, type Tensor } from "../../tensor/index.ts";
import { type Block, BlockA, BlockB, BlockC, BlockD, BlockE } from "./blocks.ts";
import { ConvLayer, chain, type LayerContext, scaled, type Window } from "./layer.ts";

/** Side of the input images. */
export const INCEPTION_SIZE = 299;
/** Logits of the network: ImageNet's 1000 classes, and 8 that are not used. */
export const INCEPTION_CLASSES = 1008;

/** Options of {@link InceptionV3}. */
export interface InceptionOptions {
  /** Factor of all channel counts except those of images and logits, for small networks in tests. Default 1. */
  readonly width?: number;
  /** Build it for weights of {@link foldBatchNorms}: no batch normalisation, but biases. Default false. */
  readonly folded?: boolean;
  /** Draws the convolutions' weights. Default He et al. 2015's normal distribution for ReLU. */
  readonly init?: Initialiser;
}

/** The output of the network for a batch. */
export interface InceptionOutput {
  /** [N, 2048]: the mean of the last maps over their 8 x 8 pixels. */
  readonly features: Tensor;
  /** [N, 1008]: `features` times `fc.weight`, without its bias. The Inception Score uses these. */
  readonly logits: Tensor;
}

/**
 * Inception v3 for scores: images [N, 3, 299, 299] in [-1, 1] to 2048 features and 1008 logits.
 *
 * State dict: that of the published weights, 566 tensors from `Conv2d_1a_3x3.conv.weight` to `fc.bias`. Scores need
 * evaluation mode (`eval()`), in which batch normalisation uses the running statistics.
 *
 * @throws UserError when the images have another shape.
 *
 * @example
 * const network = new InceptionV3({ generator: new Generator(0), device: "cpu" }).eval();
 * network.loadStateDict(readSafetensors("inception.safetensors").tensors);
 * const { features, logits } = noGrad(() => network.forward(images));
 */
export class InceptionV3 extends Module {
  /** Length of the features: 2048 at full width. */
  readonly dimensions: number;
  readonly #stem: readonly [readonly ConvLayer[], readonly ConvLayer[]];
  readonly #blocks: readonly Block[];
  readonly #logits: Logits;

  constructor(build: BuildContext, options: InceptionOptions = {}) {
    super();
    const { width = 1, folded = false, init = kaimingNormal({ nonlinearity: "relu" }) } = options;
    if (!(width > 0 && width <= 16))
      throw new UserError(`inception: \`width\` (=${width}) must be above 0, at most 16`);
    const context: LayerContext = { build, width, folded, init };
    let channels = 3;
    const layer = (name: string, outputs: number, window: Window = {}): ConvLayer => {
      const made = this.registerModule(name, new ConvLayer(context, channels, scaled(width, outputs), window));
      channels = made.outputs;
      return made;
    };
    const block = <B extends Block>(name: string, make: (inputs: number) => B): B => {
      const made = this.registerModule(name, make(channels));
      channels = made.outputs;
      return made;
    };
    this.#stem = [
      [
        layer("Conv2d_1a_3x3", 32, { kernel: 3, stride: 2 }),
        layer("Conv2d_2a_3x3", 32, { kernel: 3 }),
        layer("Conv2d_2b_3x3", 64, { kernel: 3, padding: 1 }),
      ],
      [layer("Conv2d_3b_1x1", 80), layer("Conv2d_4a_3x3", 192, { kernel: 3 })],
    ];
    this.#blocks = [
      block("Mixed_5b", (inputs) => new BlockA(context, inputs, 32)),
      block("Mixed_5c", (inputs) => new BlockA(context, inputs, 64)),
      block("Mixed_5d", (inputs) => new BlockA(context, inputs, 64)),
      block("Mixed_6a", (inputs) => new BlockB(context, inputs)),
      block("Mixed_6b", (inputs) => new BlockC(context, inputs, 128)),
      block("Mixed_6c", (inputs) => new BlockC(context, inputs, 160)),
      block("Mixed_6d", (inputs) => new BlockC(context, inputs, 160)),
      block("Mixed_6e", (inputs) => new BlockC(context, inputs, 192)),
      block("Mixed_7a", (inputs) => new BlockD(context, inputs)),
      block("Mixed_7b", (inputs) => new BlockE(context, inputs, "average")),
      block("Mixed_7c", (inputs) => new BlockE(context, inputs, "max")),
    ];
    this.dimensions = channels;
    this.#logits = this.registerModule("fc", new Logits(build, channels, INCEPTION_CLASSES));
  }

  forward(images: Tensor): InceptionOutput {
    const [, channels, height, width] = images.shape;
    if (images.ndim !== 4 || channels !== 3 || height !== INCEPTION_SIZE || width !== INCEPTION_SIZE) {
      throw new UserError(`inception: images of shape [${images.shape.join(", ")}] must be [N, 3, 299, 299]`);
    }
    return scope(() => {
      const stem = this.#stem.flatMap((layers) => [
        ...layers.map((layer) => (x: Tensor) => layer.forward(x)),
        (x: Tensor) => x.maxPool2d(3, 2),
      ]);
      const blocks = this.#blocks.map((block) => (x: Tensor) => block.forward(x));
      const features = chain(images, ...stem, ...blocks, (x) => x.mean([2, 3]));
      return { features, logits: this.#logits.forward(features) };
    });
  }
}

/** The last layer, whose bias scores leave out. */
class Logits extends Linear {
  override forward(features: Tensor): Tensor {
    return features.linear(this.parameter("weight"));
  }
}
