/**
 * R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern GAN Baseline", section 4 and appendix D), for images of
 * any size that has a base grid ({@link ./base-grid.ts}): networks without any norm, of grouped bottlenecks.
 *
 *     block:  x + conv1x1(lrelu(conv3x3 in groups(lrelu(conv1x1 to twice the channels(x)))))
 *     G:  [z, embedding(label)] -> linear -> times a learned basis [C, h, w] -> blocks -> (double, blocks) ... -> conv1x1
 *     D:  image -> conv1x1 -> (blocks, halve) ... -> blocks -> depthwise over the base -> linear
 *
 * Doubling and halving are bilinear: the filter [1, 2, 1] / 4 along both axes, after pixels were repeated or before they are
 * averaged in fours, with zeros outside. A 1 x 1 convolution stands there where channels change. Only the convolutions with a
 * nonlinearity after them have a bias. G ends without a tanh.
 *
 * Weights begin at N(0, g^2 / fan in), g = 1, and within blocks g = sqrt(2 / 1.04) L^(-1/4) with L the blocks of the network; the
 * last of a block begins at 0 (Fixup, Zhang et al. 2019). Biases begin at 0.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import {
  Conv2d,
  createTensor,
  fans,
  gainOf,
  type Initialiser,
  LeakyReLU,
  Linear,
  ModuleList,
  normal,
  UnaryModule,
  type WeightedModule,
  zeros,
} from "../nn/index.ts";
import { type MemoryFormat, Tensor } from "../tensor/index.ts";
import { type BaseGrid, requireBaseGrid } from "./base-grid.ts";
import { labelEmbedding, requireLabels } from "./conditioning.ts";
import { imageShape, type ModelContext, requireClasses } from "./context.ts";
import { Head } from "./head.ts";
import {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { count } from "./option-schemas.ts";

const SLOPE = 0.2;
/** The middle of a block has this many times its channels. */
const EXPANSION = 2;

const shared = {
  width: count.default(768),
  widths: z.array(count).optional(),
  blocks: count.default(2),
  groupSize: count.default(16),
  conditional: z.boolean().default(false),
};
const generatorOptions = z.strictObject({ latent: count.default(64), ...shared });
const discriminatorOptions = z.strictObject({ ...shared, outputs: count.default(1) });

/** Options of {@link R3ganGenerator}. */
export type R3ganGeneratorOptions = z.output<typeof generatorOptions>;
/** Options of {@link R3ganDiscriminator}. */
export type R3ganDiscriminatorOptions = z.output<typeof discriminatorOptions>;

/** N(0, gain^2 / fan in). */
const scaled =
  (gain = 1): Initialiser =>
  (weight, generator) => {
    weight.normal_(0, gain / Math.sqrt(fans(weight.shape).fanIn), generator);
  };

/** The grid, and the channels of each stage from the base to the image. */
interface Plan {
  readonly grid: BaseGrid;
  readonly widths: readonly number[];
}

/** @throws UserError when the widths are not one for each stage, or a block's channels cannot be cut into groups. */
function planOf(
  context: ModelContext,
  network: string,
  options: R3ganGeneratorOptions | R3ganDiscriminatorOptions,
): Plan {
  const grid = requireBaseGrid(imageShape(context, network).size, network);
  const stages = grid.doublings + 1;
  const widths = options.widths ?? Array.from({ length: stages }, () => options.width);
  if (widths.length !== stages) {
    throw new UserError(
      `${network}: \`widths\` (=[${widths.join(", ")}]) must have ${stages} numbers for images of this size: of the base, and after each of ${grid.doublings} doublings`,
    );
  }
  const odd = widths.find((width) => (EXPANSION * width) % options.groupSize !== 0);
  if (odd !== undefined) {
    throw new UserError(
      `${network}: \`groupSize\` (=${options.groupSize}) must divide twice each width, and ${EXPANSION * odd} cannot be cut into such groups`,
    );
  }
  return { grid, widths };
}

const conv1x1 = (context: ModelContext, from: number, to: number): Conv2d =>
  new Conv2d(context, from, to, 1, { bias: false, init: scaled() });

/** A block. Modules: `conv1`, `conv2`, `conv3`. */
class Block extends UnaryModule {
  readonly #conv1: Conv2d;
  readonly #conv2: Conv2d;
  readonly #conv3: Conv2d;
  readonly #activation = new LeakyReLU(SLOPE, { inPlace: true });

  constructor(context: ModelContext, width: number, groupSize: number, blocks: number) {
    super();
    const wide = EXPANSION * width;
    const init = scaled(gainOf("leakyRelu", SLOPE) * blocks ** -0.25);
    const begin = { init, biasInit: zeros };
    this.#conv1 = this.registerModule("conv1", new Conv2d(context, width, wide, 1, begin));
    const grouped = { ...begin, padding: 1, groups: wide / groupSize };
    this.#conv2 = this.registerModule("conv2", new Conv2d(context, wide, wide, 3, grouped));
    this.#conv3 = this.registerModule("conv3", new Conv2d(context, wide, width, 1, { bias: false, init: zeros }));
  }

  override forward(x: Tensor): Tensor {
    const middle = this.#activation.forward(this.#conv2.forward(this.#activation.forward(this.#conv1.forward(x))));
    return x.add(this.#conv3.forward(middle));
  }
}

/** [1, 2, 1] / 4 along both axes: two means over 2 x 2, with zeros outside. */
const smoothed = (maps: Tensor): Tensor => maps.avgPool2d(2, 1, 1).avgPool2d(2, 1);

/** The change of size between two stages. Modules: `conv` where channels change. */
class Resampling extends UnaryModule {
  readonly #conv: Conv2d | undefined;
  readonly #direction: "double" | "halve";

  constructor(context: ModelContext, from: number, to: number, direction: "double" | "halve") {
    super();
    this.#direction = direction;
    if (from !== to) this.#conv = this.registerModule("conv", conv1x1(context, from, to));
  }

  override forward(x: Tensor): Tensor {
    if (this.#direction === "halve") {
      const halved = smoothed(x).avgPool2d(2);
      return this.#conv?.forward(halved) ?? halved;
    }
    return smoothed((this.#conv?.forward(x) ?? x).upsampleNearest2d(2));
  }
}

/** Layers of a stage, one after the other. */
const through = (stage: ModuleList<UnaryModule>, x: Tensor): Tensor =>
  stage.list.reduce((maps, layer) => layer.forward(maps), x);

/** The generator. Modules: `embedding`, `linear`, `stages` (numbered lists), `image`; the parameter `basis`. */
export class R3ganGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #embedding: WeightedModule | undefined;
  readonly #linear: Linear;
  readonly #stages: readonly ModuleList<UnaryModule>[];
  readonly #image: Conv2d;
  readonly #memoryFormat: MemoryFormat;

  constructor(context: ModelContext, options: R3ganGeneratorOptions) {
    super();
    const network = "r3gan.generator";
    const { channels } = imageShape(context, network);
    const { grid, widths } = planOf(context, network, options);
    const { latent, blocks, groupSize } = options;
    const classes = options.conditional ? requireClasses(context, network) : 0;
    this.latent = latent;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    this.registerParameter("basis", createTensor(context, [widths[0]!, grid.height, grid.width], normal(1)));
    if (classes > 0) {
      const embedding = labelEmbedding(context, classes, latent, { bias: false, init: normal(1 / Math.sqrt(classes)) });
      this.#embedding = this.registerModule("embedding", embedding);
    }
    const inputs = classes > 0 ? 2 * latent : latent;
    this.#linear = this.registerModule(
      "linear",
      new Linear(context, inputs, widths[0]!, { bias: false, init: scaled() }),
    );
    const all = blocks * widths.length;
    this.#stages = widths.map((width, i) => {
      const own = Array.from({ length: blocks }, () => new Block(context, width, groupSize, all));
      const before = i === 0 ? [] : [new Resampling(context, widths[i - 1]!, width, "double")];
      return new ModuleList<UnaryModule>([...before, ...own]);
    });
    this.registerModule("stages", new ModuleList(this.#stages));
    this.#image = this.registerModule("image", conv1x1(context, widths.at(-1)!, channels));
  }

  override get takesLabels(): TakenLabels {
    return this.#embedding === undefined ? "none" : "shares";
  }

  override forward(noise: Tensor, labels?: Tensor): Tensor {
    const vector =
      this.#embedding === undefined ? noise : Tensor.cat([noise, this.#embedding.forward(requireLabels(labels))], 1);
    const scales = this.#linear.forward(vector);
    let maps = this.parameter("basis")
      .unsqueeze(0)
      .mul(scales.view([scales.shape[0]!, scales.shape[1]!, 1, 1]))
      .contiguous(this.#memoryFormat);
    for (const stage of this.#stages) maps = through(stage, maps);
    return this.#image.forward(maps);
  }
}

/**
 * The discriminator. Modules: `image`, `stages` (numbered lists), `linear` with labels, `head`; the parameter `basis`, the depthwise
 * convolution over the whole base. With labels the score is <embedding(label), linear(features)> alone.
 */
export class R3ganDiscriminator extends DiscriminatorNetwork {
  readonly #image: Conv2d;
  readonly #stages: readonly ModuleList<UnaryModule>[];
  readonly #linear: Linear | undefined;
  readonly #head: Head;
  readonly #memoryFormat: MemoryFormat;

  constructor(context: ModelContext, options: R3ganDiscriminatorOptions) {
    super();
    const network = "r3gan.discriminator";
    const { channels } = imageShape(context, network);
    const plan = planOf(context, network, options);
    const widths = [...plan.widths].reverse();
    const { blocks, groupSize, outputs } = options;
    const classes = options.conditional ? requireClasses(context, network) : 0;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    this.#image = this.registerModule("image", conv1x1(context, channels, widths[0]!));
    const all = blocks * widths.length;
    this.#stages = widths.map((width, i) => {
      const own = Array.from({ length: blocks }, () => new Block(context, width, groupSize, all));
      const before = i === 0 ? [] : [new Resampling(context, widths[i - 1]!, width, "halve")];
      return new ModuleList<UnaryModule>([...before, ...own]);
    });
    this.registerModule("stages", new ModuleList(this.#stages));
    const features = widths.at(-1)!;
    const area = plan.grid.height * plan.grid.width;
    const basis = createTensor(context, [features, plan.grid.height, plan.grid.width], normal(1 / Math.sqrt(area)));
    this.registerParameter("basis", basis);
    if (classes > 0) {
      const linear = new Linear(context, features, features, { bias: false, init: scaled() });
      this.#linear = this.registerModule("linear", linear);
    }
    this.#head = this.registerModule(
      "head",
      new Head(context, features, {
        outputs,
        classes,
        spectralNorm: false,
        bias: false,
        projectionAlone: true,
        init: scaled(),
        embeddingInit: normal(1 / Math.sqrt(features * Math.max(classes, 1))),
      }),
    );
  }

  override forward(images: Tensor, labels?: Tensor): DiscriminatorOutput {
    const hidden: Tensor[] = [];
    let maps = this.#image.forward(images.contiguous(this.#memoryFormat));
    for (const stage of this.#stages) {
      maps = through(stage, maps);
      hidden.push(maps);
    }
    const flat = maps.mul(this.parameter("basis")).sum([2, 3]);
    return this.#head.forward(hidden, labels, this.#linear?.forward(flat) ?? flat);
  }
}

/**
 * R3GAN's networks as parts of a recipe, for images of any size that has a base grid (docs/models/sizes.md).
 *
 * `r3gan.generator`: `latent` 64, `width` 768 (channels of every stage), `widths` (of each stage from the base to the image, in
 * place of `width`), `blocks` 2 (in each stage), `groupSize` 16 (channels of a group in the 3 x 3 convolutions), `conditional`
 * false (an embedding as long as z next to it).
 *
 * `r3gan.discriminator`: `width`, `widths`, `blocks`, `groupSize` likewise (`widths` also from the base to the image), `outputs` 1
 * (logits; more make the score their log sum exp), `conditional` false (projection).
 *
 * The paper's: CIFAR-10 as here; FFHQ-64 `widths: [768, 768, 768, 768, 384]`; ImageNet-32 and -64 `width: 1536, groupSize: 32`.
 *
 * @throws UserError for an unknown option or one out of range, and at build for an image size without a base grid, vectors
 * instead of images, `widths` of another number than the size has stages, a `groupSize` that does not fit, or `conditional` with
 * data that has no classes.
 *
 * @example
 * r3gan.generator({ width: 768, conditional: true });
 * r3gan.discriminator({ width: 768, conditional: true });
 */
export const r3gan = {
  generator: defineGenerator("r3gan", generatorOptions, (options, context) => new R3ganGenerator(context, options)),
  discriminator: defineDiscriminator(
    "r3gan",
    discriminatorOptions,
    (options, context) => new R3ganDiscriminator(context, options),
  ),
};
