/**
 * A small residual convolutional classifier of square images. Scores are computed on its pooled features.
 *
 *     image -> conv 3x3, norm, ReLU                                  [width, S, S]
 *     twice:   conv 3x3 of stride 2, norm, ReLU, then `blocks` times
 *              x -> ReLU(x + norm(conv 3x3(ReLU(norm(conv 3x3(x))))))   [2 width, S/2, S/2], [4 width, S/4, S/4]
 *     features = mean over the pixels [4 width]; logits = linear(features)
 *
 * Residual blocks are those of He et al. 2016 (arXiv 1512.03385, section 3.2), the initial weights are those of
 * He et al. 2015 (arXiv 1502.01852, section 2.2). Only one layer works at full size, because that costs most on a CPU.
 */
import { UserError } from "../base/errors.ts";
import {
  BatchNorm2d,
  type BuildContext,
  Conv2d,
  kaimingNormal,
  Linear,
  Module,
  ReLU,
  Sequential,
} from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";

/** The sizes of a {@link Classifier}. */
export interface ClassifierOptions {
  /** Channels of the images. */
  readonly channels: 1 | 3;
  /** Side of the images in pixels. */
  readonly size: number;
  /** Number of classes, K. */
  readonly classes: number;
  /** Channels of the first layer; the features are 4 x width. */
  readonly width: number;
  /** Residual blocks after each halving of the size. */
  readonly blocks: number;
}

/** The output of a {@link Classifier} for a batch. */
export interface Classification {
  /** `[N, D]`: means over the last feature maps, at least 0. */
  readonly features: Tensor;
  /** [N, K] */
  readonly logits: Tensor;
}

/** How often the size is halved and the number of channels doubled. */
const HALVINGS = 2;

/** Smallest side of the images: the last feature maps then have 2 x 2 pixels. */
export const LEAST_CLASSIFIER_SIZE = 2 * 2 ** HALVINGS;

const window = { padding: 1, bias: false, init: kaimingNormal() };

/** ReLU(x + F(x)) with two normalised convolutions in F. */
class ResidualBlock extends Module {
  readonly #body: Sequential;

  constructor(context: BuildContext, channels: number) {
    super();
    this.#body = this.registerModule(
      "body",
      new Sequential(
        new Conv2d(context, channels, channels, 3, window),
        new BatchNorm2d(context, channels),
        new ReLU({ inPlace: true }),
        new Conv2d(context, channels, channels, 3, window),
        new BatchNorm2d(context, channels),
      ),
    );
  }

  forward(x: Tensor): Tensor {
    // The sum may be overwritten: neither addition nor batch norm needs its result for the gradient.
    return this.#body.forward(x).add(x).relu_();
  }
}

/**
 * The classifier.
 *
 * @throws UserError when the size is below 8 or a number is not positive.
 *
 * @example
 * const network = new Classifier({ generator: new Generator(1), device: "cpu" }, { channels: 1, size: 32, classes: 10, width: 16, blocks: 1 });
 * const { features, logits } = network.forward(images); // images [N, 1, 32, 32] in [-1, 1]
 */
export class Classifier extends Module {
  readonly options: ClassifierOptions;
  /** Number of features, D. */
  readonly dimensions: number;
  readonly #stem: Sequential;
  readonly #stages: readonly { readonly halving: Sequential; readonly blocks: readonly ResidualBlock[] }[];
  readonly #head: Linear;

  constructor(context: BuildContext, options: ClassifierOptions) {
    super();
    const { channels, size, classes, width, blocks } = options;
    if (size < LEAST_CLASSIFIER_SIZE) {
      throw new UserError(`classifier: \`size\` (=${size}) must be at least ${LEAST_CLASSIFIER_SIZE} pixels`);
    }
    this.options = options;
    this.#stem = this.registerModule("stem", normalised(context, channels, width, 1));
    this.#stages = Array.from({ length: HALVINGS }, (_, stage) => {
      const inner = width * 2 ** stage;
      const halving = this.registerModule(`halving${stage}`, normalised(context, inner, 2 * inner, 2));
      const list = Array.from({ length: blocks }, (_, block) =>
        this.registerModule(`block${stage}_${block}`, new ResidualBlock(context, 2 * inner)),
      );
      return { halving, blocks: list };
    });
    this.dimensions = width * 2 ** HALVINGS;
    this.#head = this.registerModule("head", new Linear(context, this.dimensions, classes));
    this.to({ memoryFormat: "channelsLast" });
  }

  /**
   * Features and logits of images [N, channels, size, size] in [-1, 1].
   *
   * @throws UserError when the images have another shape.
   */
  forward(images: Tensor): Classification {
    const { channels, size } = this.options;
    const [, ...own] = images.shape;
    if (own.length !== 3 || own[0] !== channels || own[1] !== size || own[2] !== size) {
      throw new UserError(
        `classifier: images of shape [${images.shape.join(", ")}] must be [N, ${channels}, ${size}, ${size}]`,
      );
    }
    // Channels last: with few channels the convolutions are up to twice as fast, and one layout gives one set of bits.
    let maps = this.#stem.forward(images.contiguous("channelsLast"));
    for (const { halving, blocks } of this.#stages) {
      maps = halving.forward(maps);
      for (const block of blocks) maps = block.forward(maps);
    }
    const features = maps.mean([2, 3]);
    return { features, logits: this.#head.forward(features) };
  }
}

/** Convolution 3 x 3, batch norm, ReLU. */
function normalised(context: BuildContext, inner: number, outer: number, stride: number): Sequential {
  return new Sequential(
    new Conv2d(context, inner, outer, 3, { ...window, stride }),
    new BatchNorm2d(context, outer),
    new ReLU({ inPlace: true }),
  );
}
