/**
 * BigGAN (Brock et al. 2019, section 3 and appendix B), for images of any size that has a base grid ({@link ./base-grid.ts}).
 *
 *     G:  [z_0] -> linear -> [16 ch, h, w] -> residual blocks up -> batch norm, ReLU, convolution, tanh
 *         block i: each batch norm takes gain and bias from a projection of [embedding(label), z_i], or from a table of its own
 *     D:  image -> residual blocks down -> ReLU -> sum over all positions -> linear, and projection of the label
 *
 * z is cut into equal parts, one for the first layer and one for each block. Spectral norm is on every convolution and
 * linear layer of both, and on D's embedding, but not on G's. Both have attention on maps of 64 x 64.
 *
 * The tables of 128 and 256 pixels are the paper's; those of 32 and 64, which it does not have, are of the authors'
 * published code, and so is G's of 512, whose D mirrors it. Any other size takes the table with as many doublings from its
 * base grid; two doublings leave out a block of the table of 32. A block of D that should halve maps with an odd side keeps
 * their size. Attention is on the largest maps whose longer side is at most 64 inside the network; at 2 and 3 doublings nowhere.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { type ImageSize, longerSide } from "../base/image-size.ts";
import {
  beginnings,
  ConditionalBatchNorm2d,
  type ConditionedModule,
  type InitialiserName,
  type LayerStyle,
  Linear,
  projection,
  styled,
  type WeightedModule,
} from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { type BaseGrid, requireBaseGrid } from "./base-grid.ts";
import { labelEmbedding, labelTables, requireLabels, sharesOf } from "./conditioning.ts";
import { imageShape, type ModelContext, requireClasses } from "./context.ts";
import { ofLabels } from "./label-weights.ts";
import { partLength } from "./latent-parts.ts";
import {
  type DiscriminatorNetwork,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { batchNorm2d } from "./normalisation.ts";
import { beginningOf, count, countOrNone, initialiser } from "./option-schemas.ts";
import {
  attendedSide,
  downStages,
  downSteps,
  GeneratorTrunk,
  ResidualDiscriminator,
  type ResidualPlan,
  upStages,
} from "./residual-network.ts";

/** The shape of both networks. */
interface Plan extends ResidualPlan {
  /** Length of z. */
  readonly latent: number;
}

/** By the number of doublings: from 3 on, the tables of 32, 64, 128, 256 and 512 pixels. */
const PLANS: Readonly<Record<number, Plan>> = {
  2: { up: [4, 4, 4], down: [4, 4], keep: [4, 4], latent: 120 },
  3: { up: [4, 4, 4, 4], down: [4, 4], keep: [4, 4], latent: 128 },
  4: { up: [16, 16, 8, 4, 2], down: [1, 2, 4, 8], keep: [16], latent: 120 },
  5: { up: [16, 16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16], keep: [16], latent: 120 },
  6: { up: [16, 16, 8, 8, 4, 2, 1], down: [1, 2, 4, 8, 8, 16], keep: [16], latent: 140 },
  7: { up: [16, 16, 8, 8, 4, 2, 1, 1], down: [1, 1, 2, 4, 8, 8, 16], keep: [16], latent: 128 },
};
const LARGEST_ATTENTION = 64;

function planOf(size: ImageSize, network: string): Plan & { readonly grid: BaseGrid; readonly attention: number } {
  const grid = requireBaseGrid(size, network);
  return { ...PLANS[grid.doublings]!, grid, attention: bigganAttention(size, grid) };
}

/** The longer side of the maps with attention by default; 0 for none. */
export function bigganAttention(size: ImageSize, { doublings }: BaseGrid): number {
  return doublings < 4 ? 0 : attendedSide(longerSide(size), LARGEST_ATTENTION);
}

/**
 * Channels before the first of the generator's blocks and after each, in multiples of the width.
 * @throws UserError for a size without a base grid.
 */
export function bigganFactors(size: ImageSize, network: string): readonly number[] {
  return planOf(size, network).up;
}

const shared = {
  width: count.default(96),
  conditional: z.boolean().default(true),
  attention: countOrNone.optional(),
  attentionNorm: z.boolean().default(true),
  init: initialiser.default("orthogonal"),
};
const generatorOptions = z.strictObject({
  latent: count.optional(),
  ...shared,
  shared: countOrNone.default(128),
  embedding: z.enum(["table", "linear"]).default("table"),
  hierarchical: z.boolean().default(true),
});
const discriminatorOptions = z.strictObject({ ...shared, outputs: count.default(1) });

/** Options of {@link BigganGenerator}. */
export type BigganGeneratorOptions = z.output<typeof generatorOptions>;

/** Options of `biggan.discriminator`. */
export type BigganDiscriminatorOptions = z.output<typeof discriminatorOptions>;

/** Spectral norm everywhere; biases start at 0 with every initialiser except PyTorch's default. */
export function bigganStyle(init: InitialiserName): LayerStyle {
  return { spectralNorm: true, ...beginningOf(init) };
}

/**
 * Makes BigGAN's norms: gain and bias from a projection of a vector of `length` numbers, or for length 0 plain batch
 * norm.
 */
export function projectedNorms(context: ModelContext, length: number, style: LayerStyle) {
  return (channels: number): ConditionedModule => {
    if (length === 0) return batchNorm2d(context, channels);
    const make = projection(context, length, channels, style.init);
    const norm = batchNorm2d(context, channels, { affine: false });
    return new ConditionalBatchNorm2d(norm, styled(context, make(), style), styled(context, make(), style));
  };
}

/**
 * Makes norms that have a gain and a bias for each class, in tables of their own; the tables are initialised like all
 * other weights.
 */
function tabledNorms(context: ModelContext, classes: number, style: LayerStyle) {
  return (channels: number): ConditionedModule => {
    const make = labelTables(context, classes, channels, style.init);
    return new ConditionalBatchNorm2d(batchNorm2d(context, channels, { affine: false }), make(), make());
  };
}

/** The embedding of labels that all norms of a generator share; its weights are initialised like all others. */
export function sharedEmbedding(
  context: ModelContext,
  classes: number,
  shared: number,
  style: LayerStyle,
): WeightedModule {
  const { init, biasInit } = beginnings(style);
  return labelEmbedding(context, classes, shared, { bias: true, init, biasInit });
}

/**
 * The embedding of one re-implementation (Iyengar, Pandey and Mehta): a linear layer without bias on one-hot labels, with
 * spectral norm and, by default, PyTorch's Kaiming uniform weights, where a table has N(0, 1).
 */
class LinearEmbedding extends Linear {
  override forward(labels: Tensor): Tensor {
    const { dtype } = this.parameters()[0]!;
    return super.forward(sharesOf(labels, this.inFeatures).to({ dtype }));
  }
}

function linearEmbedding(context: ModelContext, classes: number, shared: number, style: LayerStyle): WeightedModule {
  const { init } = beginnings(style);
  const layer = new LinearEmbedding(context, classes, shared, { bias: false, ...(init === undefined ? {} : { init }) });
  return styled(context, ofLabels(layer, 1), style);
}

/** The generator. Modules: `embedding`, which all norms share (none where each has its own tables), and `trunk`. */
export class BigganGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #blocks: number;
  readonly #hierarchical: boolean;
  readonly #conditional: boolean;
  readonly #embedding: WeightedModule | undefined;
  readonly #trunk: GeneratorTrunk;

  constructor(context: ModelContext, options: BigganGeneratorOptions) {
    super();
    const network = "biggan.generator";
    const plan = planOf(imageShape(context, network).size, network);
    const classes = options.conditional ? requireClasses(context, network) : 0;
    const channels = plan.up.map((factor) => factor * options.width);
    const style = bigganStyle(options.init);
    this.latent = options.latent ?? plan.latent;
    this.#blocks = channels.length - 1;
    this.#hierarchical = options.hierarchical;
    const part = options.hierarchical ? partLength(network, this.latent, this.#blocks, "blocks") : this.latent;
    this.#conditional = options.conditional;
    const tables = classes > 0 && options.shared === 0;
    if (tables && options.hierarchical) {
      throw new UserError(
        `${network}: with \`shared\` 0 every norm has its own table of the classes, and \`hierarchical\` must be false`,
      );
    }
    if (classes > 0 && !tables) {
      const embedding = options.embedding === "table" ? sharedEmbedding : linearEmbedding;
      this.#embedding = this.registerModule("embedding", embedding(context, classes, options.shared, style));
    }
    const length = (classes > 0 ? options.shared : 0) + (options.hierarchical ? part : 0);
    const norm = tables ? tabledNorms(context, classes, style) : projectedNorms(context, length, style);
    const attention = { side: options.attention ?? plan.attention, spectralNorm: options.attentionNorm };
    const { grid } = plan;
    const stages = upStages(context, { network, grid, channels, attention, norm, style });
    const trunk = new GeneratorTrunk(context, { inputs: part, grid, channels, stages, style });
    this.#trunk = this.registerModule("trunk", trunk);
  }

  override get takesLabels(): TakenLabels {
    return this.#conditional ? "shares" : "none";
  }

  override forward(noise: Tensor, labels?: Tensor): Tensor {
    const given = this.#conditional ? requireLabels(labels) : undefined;
    const embedded = given === undefined ? [] : [this.#embedding?.forward(given) ?? given];
    const [first, ...rest] = this.#hierarchical ? noise.split(this.latent / (this.#blocks + 1), 1) : [noise];
    const conditions = Array.from({ length: this.#blocks }, (_, i) => {
      const part = rest[i];
      const all = part === undefined ? embedded : [...embedded, part];
      return all.length > 1 ? Tensor.cat(all, 1) : all[0];
    });
    return this.#trunk.forward(first!, conditions);
  }
}

/** The discriminator: a {@link ResidualDiscriminator} whose blocks widen in their first convolution. */
export function bigganDiscriminator(context: ModelContext, options: BigganDiscriminatorOptions): DiscriminatorNetwork {
  const network = "biggan.discriminator";
  const { size } = imageShape(context, network);
  const plan = planOf(size, network);
  const { width, outputs, conditional } = options;
  const steps = downSteps(plan, size, width);
  const style = bigganStyle(options.init);
  const attention = { side: options.attention ?? plan.attention, spectralNorm: options.attentionNorm };
  return new ResidualDiscriminator(context, {
    network,
    stages: downStages(context, { network, steps, wideFirst: true, attention, style }),
    features: steps.at(-1)!.channels,
    outputs,
    conditional,
    style,
  });
}

/**
 * BigGAN's networks as parts of a recipe, for images of any size that has a base grid (docs/models/sizes.md).
 *
 * `biggan.generator`: `latent` (length of z; by default 128, 120, 120, 140 for 32, 64, 128 and 256 pixels), `width` 96 (the paper's
 * ch), `shared` 128 (length of the class embedding; 0 for none, and a gain and a bias for each class in every norm),
 * `embedding` "table" ("linear": a linear layer with spectral norm on one-hot labels, of which `init` draws the weights),
 * `hierarchical` true (z goes to every block; else to the first layer alone, as it must with `shared` 0), `conditional`
 * true, `attention` (longer side of the maps with self-attention; by default none at 32 pixels, 32 at 64, 64 at 128 and
 * 256; 0 for none), `attentionNorm` true (spectral norm on its convolutions too, as in the published code), `init`
 * "orthogonal".
 *
 * `biggan.discriminator`: `width`, `attention`, `attentionNorm`, `init` likewise, `outputs` 1 (logits; more make the
 * score their log sum exp), `conditional` true (projection).
 *
 * @throws UserError for an unknown option or one out of range, and at build for an image size without a base grid, vectors instead of
 * images, a `latent` that cannot be cut into equal parts, `attention` that is no map's side or finds no multiple of 8
 * channels there, or `conditional` with data that has no classes.
 *
 * @example
 * biggan.generator({ width: 64 });
 * biggan.discriminator({ width: 64 });
 */
export const biggan = {
  generator: defineGenerator("biggan", generatorOptions, (options, context) => new BigganGenerator(context, options)),
  discriminator: defineDiscriminator("biggan", discriminatorOptions, (options, context) =>
    bigganDiscriminator(context, options),
  ),
};
