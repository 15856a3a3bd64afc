/** Inception v3 as a feature network: the network of published Inception Scores, FIDs and KIDs. */
import {
  foldBatchNorms,
  INCEPTION_CLASSES,
  INCEPTION_SIZE,
  type InceptionOptions,
  InceptionV3,
} from "../../models/index.ts";
import { type Device, Generator, scope, type Tensor } from "../../tensor/index.ts";
import { resizeAntialiased } from "./antialiased.ts";
import { type FeatureNetwork, type Features, inChunks } from "./feature-network.ts";
import { readInception } from "./inception-file.ts";
import { tf1Resize } from "./tf1-resize.ts";

/**
 * How images of any size become 299 x 299 numbers around 0:
 *
 * - `tf1-bilinear` (the original, and torch-fidelity's): TensorFlow 1's bilinear, then (x - 128) / 128;
 * - `torch-bilinear` (pytorch-fid's and StudioGAN's): bilinear between pixel centres, no antialiasing, then x / 127.5 -
 *   1;
 * - `clean-bicubic` (clean-fid's, Parmar et al. 2022): Pillow's bicubic on floats, which averages where it reduces, cut to
 *   [0, 255], then (x - 128) / 128.
 */
export type InceptionResizer = "tf1-bilinear" | "torch-bilinear" | "clean-bicubic";

const resizers: Readonly<Record<InceptionResizer, { words: string; apply: (images: Tensor) => Tensor }>> = {
  "tf1-bilinear": {
    words: "tf1-bilinear: TensorFlow 1 bilinear to 299x299 (asymmetric, not antialiased), (x - 128) / 128",
    apply: (images) => tf1Resize(images, INCEPTION_SIZE).sub(128).div(128),
  },
  "torch-bilinear": {
    words: "torch-bilinear: bilinear to 299x299 between pixel centres (not antialiased), x / 127.5 - 1",
    apply: (images) =>
      images
        .float()
        .upsampleBilinear2d({ size: [INCEPTION_SIZE, INCEPTION_SIZE] })
        .div(127.5)
        .sub(1),
  },
  "clean-bicubic": {
    words: "clean-bicubic: Pillow's bicubic to 299x299 on floats (antialiased), cut to [0, 255], (x - 128) / 128",
    apply: (images) =>
      resizeAntialiased(images.float(), INCEPTION_SIZE, INCEPTION_SIZE, { filter: "cubic" })
        .clamp(0, 255)
        .sub(128)
        .div(128),
  },
};

/**
 * Images in one pass. The maps of the first layers take 10 MB per image, so more would only leave the processor's
 * caches.
 */
const CHUNK = 16;

/** How Inception is opened. */
export interface InceptionFeatureOptions {
  readonly device: Device;
  /** Default `tf1-bilinear`. */
  readonly resizer?: InceptionResizer | undefined;
}

/**
 * Opens Inception v3 with the published weights, from where `gantry data inception` put them.
 *
 * `hash` is the SHA-256 of the published .pth file (6726825d...), not of Gantry's conversion of it, because other
 * tools' scores use it too. Features are the 2048 after the last pooling, logits the 1008 without bias.
 *
 * @throws UserError when the weights are not there or are damaged.
 *
 * @example
 * const network = openInception({ device: "cpu" });
 * const { features, logits } = network.forward(bytes); // uint8 [N, 3, 32, 32] -> [N, 2048], [N, 1008]
 */
export function openInception({ device, resizer }: InceptionFeatureOptions): FeatureNetwork {
  return scope(() => {
    const { state, hash } = readInception();
    return new InceptionFeatures(state, { device, hash, resizer });
  });
}

/** What {@link InceptionFeatures} is made for. */
export interface InceptionFeaturesOptions extends InceptionFeatureOptions, Pick<InceptionOptions, "width"> {
  /** SHA-256 of the weights, as scores carry it. */
  readonly hash: string;
}

/** {@link openInception} for weights that are in memory already, also of a narrow network. */
export class InceptionFeatures implements FeatureNetwork {
  readonly name = "inception";
  readonly hash: string;
  readonly resizer: string;
  readonly dimensions: number;
  /** Numbers of the logits: their order is TensorFlow's own, not that of ImageNet's list. */
  readonly classes: readonly string[] = Array.from({ length: INCEPTION_CLASSES }, (_, i) => `class ${i}`);
  readonly #network: InceptionV3;
  readonly #prepare: (images: Tensor) => Tensor;
  readonly #device: Device;
  readonly #layout: "channelsLast" | "contiguous";

  /**
   * `state` is the published state dict, with batch normalisation; it is copied.
   * @throws UserError when it does not fit.
   */
  constructor(state: ReadonlyMap<string, Tensor>, options: InceptionFeaturesOptions) {
    const { device, hash, width = 1, resizer = "tf1-bilinear" } = options;
    this.hash = hash;
    this.resizer = resizers[resizer].words;
    this.#prepare = resizers[resizer].apply;
    this.#device = device;
    // On a CPU channels-last convolutions take half the time; elsewhere it makes little difference.
    this.#layout = device === "cpu" ? "channelsLast" : "contiguous";
    const context = { rng: new Generator(0), device: "cpu" as const };
    const network = new InceptionV3(context, { width, folded: true, init: () => {} });
    scope(() => network.loadStateDict(foldBatchNorms(state)));
    this.#network = network.requiresGrad_(false).eval().to({ device, memoryFormat: this.#layout });
    this.dimensions = network.dimensions;
  }

  forward(images: Tensor): Features {
    return inChunks(this.name, images, CHUNK, (chunk) => {
      const seen = this.#prepare(chunk.to({ device: this.#device }));
      // Gray is repeated after resizing: a third of the work, the same numbers.
      const colour = seen.expand([seen.shape[0]!, 3, INCEPTION_SIZE, INCEPTION_SIZE]);
      return this.#network.forward(colour.contiguous(this.#layout));
    });
  }

  dispose(): void {
    this.#network.dispose();
  }
}
