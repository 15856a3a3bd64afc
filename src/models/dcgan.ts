/**
 * DCGAN (Radford, Metz and Chintala 2016, section 3 and figure 1), for images of any size that has a base grid
 * ({@link ./base-grid.ts}): 4 x 4 for squares of a power of two, as in the paper.
 *
 * A doubling (or halving) of the size per layer, with 4 x 4 kernels, stride 2 and padding 1, from the base grid on. The
 * layer d doublings before the image has width x min(8, 2^(d - 1)) channels: `width` next to the image, doubling towards
 * the base up to 8 times (`widest`).
 *
 *     G:  z -> linear -> [C0, h, w] -> (norm, ReLU, transposed convolution) until the image -> tanh
 *     D:  image -> (convolution, norm, leaky ReLU 0.2, dropout) until h x w -> linear on all of it
 *
 * No norm on D's first layer nor on G's output, no dropout after D's first. Layers without a batch norm after them have
 * a bias, unless `bias` is false. Self-attention (Zhang et al. 2019) is an option; it stands after the nonlinearity. So are hierarchical latents
 * (Brock et al. 2019): each batch norm of G takes its gain and bias from a part of z.
 */
import { z } from "zod";
import { withDefaults } from "../base/descriptor.ts";
import {
  ConditionalBatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  Dropout2d,
  type Initialiser,
  type InitialiserName,
  LeakyReLU,
  Linear,
  normal,
  ones,
  projection,
  ReLU,
  Sequential,
  spectralNorm,
  Tanh,
  type UnaryModule,
  View,
  type WeightedModule,
} from "../nn/index.ts";
import type { MemoryFormat, Tensor } from "../tensor/index.ts";
import { attentionInserter } from "./attention-place.ts";
import { mapsAfter, requireBaseGrid } from "./base-grid.ts";
import { appendLabels } from "./conditioning.ts";
import { imageShape, type ModelContext, requireClasses } from "./context.ts";
import { Head } from "./head.ts";
import { ofLabels } from "./label-weights.ts";
import { partLength } from "./latent-parts.ts";
import {
  DiscriminatorNetwork,
  type DiscriminatorOutput,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { batchNorm2d } from "./normalisation.ts";
import { beginningOf, count, countOrNone, initialiser, probability } from "./option-schemas.ts";

const WINDOW = { stride: 2, padding: 1 };
const SLOPE = 0.2;

const attention = countOrNone.default(0);
const widest = count.default(8);
const bias = z.boolean().default(true);

const generatorOptions = z
  .strictObject({
    latent: count.default(128),
    width: count.default(64),
    widest,
    bias,
    batchNorm: z.boolean().default(true),
    spectralNorm: z.boolean().default(false),
    conditional: z.boolean().default(false),
    hierarchical: z.boolean().default(false),
    attention,
    init: initialiser.default("normal"),
  })
  .refine(({ hierarchical, batchNorm }) => batchNorm || !hierarchical, {
    path: ["hierarchical"],
    message: "needs `batchNorm`: the parts of z reach the layers through it",
  });

/** Options of {@link DcganGenerator}. */
export type DcganGeneratorOptions = z.input<typeof generatorOptions>;

const discriminatorOptions = z.strictObject({
  width: count.default(64),
  widest,
  bias,
  batchNorm: z.boolean().default(false),
  spectralNorm: z.boolean().default(false),
  dropout: probability.default(0),
  dropoutOf: z.enum(["elements", "channels"]).default("elements"),
  outputs: count.default(1),
  conditional: z.boolean().default(false),
  attention,
  init: initialiser.default("normal"),
});

/** Options of {@link DcganDiscriminator}. */
export type DcganDiscriminatorOptions = z.input<typeof discriminatorOptions>;

/** How the gains of batch norm begin: with normal weights, N(0, 0.02^2), at N(1, 0.02^2). */
const gainOf = (name: InitialiserName): Initialiser => (name === "normal" ? normal(0.02, 1) : ones);

/** Channels of the maps of the base grid and after each doubling but the last, which makes the image. */
function channelPlan(doublings: number, width: number, widest: number): number[] {
  return Array.from({ length: doublings }, (_, i) => width * Math.min(widest, 2 ** (doublings - 1 - i)));
}

/** DCGAN's generator. Modules: `project` (linear), `body` (the rest, numbered as in a Sequential). */
export class DcganGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #classes: number;
  /** Length of the part of z that each batch norm takes; undefined when the first layer takes all of it. */
  readonly #part: number | undefined;
  readonly #memoryFormat: MemoryFormat;
  readonly #project: Linear;
  readonly #view: View;
  readonly #body: Sequential;

  constructor(context: ModelContext, given: DcganGeneratorOptions = {}) {
    super();
    const network = "dcgan.generator";
    const options = withDefaults(network, generatorOptions, given);
    const { channels, size } = imageShape(context, network);
    const grid = requireBaseGrid(size, network);
    const plan = channelPlan(grid.doublings, options.width, options.widest);
    this.latent = options.latent;
    this.#classes = options.conditional ? requireClasses(context, network) : 0;
    this.#part = options.hierarchical ? partLength(network, options.latent, plan.length, "batch norms") : undefined;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    const [weight, gain] = [beginningOf(options.init), gainOf(options.init)];
    const normed = <L extends WeightedModule>(layer: L): L =>
      options.spectralNorm ? spectralNorm(context, layer) : layer;
    const batchNorm = (count: number): UnaryModule => {
      if (this.#part === undefined) return batchNorm2d(context, count, { init: gain });
      const make = projection(context, this.#part, count, weight.init);
      const norm = batchNorm2d(context, count, { affine: false });
      return new ConditionalBatchNorm2d(norm, normed(make()), normed(make()));
    };
    const style = { spectralNorm: options.spectralNorm, ...weight };
    const attention = attentionInserter(context, network, { side: options.attention, ...style }, style);

    const first = plan[0]!;
    const inputs = (this.#part ?? options.latent) + this.#classes;
    const project = new Linear(context, inputs, first * grid.height * grid.width, {
      ...weight,
      bias: options.bias && !options.batchNorm,
    });
    if (this.#classes > 0) ofLabels(project, 1);
    this.#project = this.registerModule("project", normed(project));
    this.#view = new View([first, grid.height, grid.width]);
    const layers: UnaryModule[] = [];
    for (const [i, width] of plan.entries()) {
      const last = i === plan.length - 1;
      if (options.batchNorm) layers.push(batchNorm(width));
      // The projection without batch norm is a view of a matrix: overwriting a view costs more than it saves.
      layers.push(new ReLU({ inPlace: options.batchNorm || i > 0 }));
      layers.push(...attention.after(mapsAfter(grid, i), width));
      const next = last ? channels : plan[i + 1]!;
      const bias = options.bias && (last || !options.batchNorm);
      layers.push(normed(new ConvTranspose2d(context, width, next, 4, { ...WINDOW, ...weight, bias })));
    }
    layers.push(new Tanh());
    attention.requirePlaced();
    this.#body = this.registerModule("body", new Sequential(...layers));
  }

  override get takesLabels(): TakenLabels {
    return this.#classes > 0 ? "shares" : "none";
  }

  override forward(noise: Tensor, labels?: Tensor): Tensor {
    const [first, ...parts] = this.#part === undefined ? [noise] : noise.split(this.#part, 1);
    const input = this.#classes > 0 ? appendLabels(first!, labels, this.#classes) : first!;
    let maps = this.#view.forward(this.#project.forward(input)).contiguous(this.#memoryFormat);
    for (const layer of this.#body.layers) {
      maps = layer instanceof ConditionalBatchNorm2d ? layer.forward(maps, parts.shift()) : layer.forward(maps);
    }
    return maps;
  }
}

/** DCGAN's discriminator. Modules: `body` (numbered as in a Sequential), `head` (`linear`, `embedding`). */
export class DcganDiscriminator extends DiscriminatorNetwork {
  readonly #memoryFormat: MemoryFormat;
  readonly #body: Sequential;
  readonly #head: Head;

  constructor(context: ModelContext, given: DcganDiscriminatorOptions = {}) {
    super();
    const network = "dcgan.discriminator";
    const options = withDefaults(network, discriminatorOptions, given);
    const { channels, size } = imageShape(context, network);
    const grid = requireBaseGrid(size, network);
    const plan = channelPlan(grid.doublings, options.width, options.widest).reverse();
    const classes = options.conditional ? requireClasses(context, network) : 0;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    const [weight, gain] = [beginningOf(options.init), gainOf(options.init)];
    const style = { spectralNorm: options.spectralNorm, ...weight };
    const attention = attentionInserter(context, network, { side: options.attention, ...style }, style);

    const layers: UnaryModule[] = [];
    for (const [i, width] of plan.entries()) {
      const norms = options.batchNorm && i > 0;
      const previous = i === 0 ? channels : plan[i - 1]!;
      const layer = new Conv2d(context, previous, width, 4, { ...WINDOW, ...weight, bias: options.bias && !norms });
      layers.push(options.spectralNorm ? spectralNorm(context, layer) : layer);
      if (norms) layers.push(batchNorm2d(context, width, { init: gain }));
      const drops = options.dropout > 0 && i > 0;
      const whole = options.dropoutOf === "channels";
      if (drops && whole) layers.push(new Dropout2d(options.dropout));
      layers.push(new LeakyReLU(SLOPE, { inPlace: true }));
      if (drops && !whole) layers.push(new Dropout(options.dropout));
      layers.push(...attention.after(mapsAfter(grid, grid.doublings - 1 - i), width));
    }
    attention.requirePlaced();
    this.#body = this.registerModule("body", new Sequential(...layers));
    const features = plan[plan.length - 1]! * grid.height * grid.width;
    const { outputs, spectralNorm: norm } = options;
    this.#head = this.registerModule(
      "head",
      new Head(context, features, { outputs, classes, spectralNorm: norm, bias: options.bias, ...weight }),
    );
  }

  override forward(images: Tensor, labels?: Tensor): DiscriminatorOutput {
    const hidden: Tensor[] = [];
    const maps = this.#body.forward(images.contiguous(this.#memoryFormat), (layer, output) => {
      if (layer instanceof LeakyReLU) hidden.push(output);
    });
    return this.#head.forward(hidden, labels, maps);
  }
}

/**
 * DCGAN's networks as parts of a recipe.
 *
 * `dcgan.generator`: `latent` 128 (length of z), `width` 64 (channels next to the image), `widest` 8 (the largest
 * multiple of it; more than 8 has an effect from 128 pixels on), `bias` true (of layers without a batch norm after them),
 * `batchNorm` true,
 * `spectralNorm` false, `conditional` false (the label, or the conditions, appended to z), `hierarchical` false (z in equal parts, one
 * for the first layer and one for each batch norm, which it gives gain and bias), `attention` 0 (longer side of
 * the maps with self-attention: 4, 8, ... half the image's; 0 for none), `init` "normal".
 *
 * `dcgan.discriminator`: `width` 64, `widest` 8, `bias` true, `batchNorm` false, `spectralNorm` false, `dropout` 0
 * (probability, after every convolution but the first and the last layer; 0.5 keeps 128 x 128 images from collapsing),
 * `dropoutOf` "elements" ("channels": whole maps, in front of the leaky ReLU), `outputs` 1 (logits; more
 * make the score their log sum exp), `conditional` false (projection), `attention` 0, `init` "normal".
 *
 * @throws UserError for an unknown option or one out of range, and at build for an image size without a base grid (the
 * message names the nearest that have one), vectors instead of images, a `latent` that cannot be cut into equal parts, `attention` that is no
 * map's side or finds no multiple of 8 channels there, or `conditional` with data that has no classes.
 *
 * @example
 * dcgan.generator({ latent: 100, width: 64 });
 * dcgan.discriminator({ width: 64, spectralNorm: true });
 */
export const dcgan = {
  generator: defineGenerator("dcgan", generatorOptions, (options, context) => new DcganGenerator(context, options)),
  discriminator: defineDiscriminator(
    "dcgan",
    discriminatorOptions,
    (options, context) => new DcganDiscriminator(context, options),
  ),
};
