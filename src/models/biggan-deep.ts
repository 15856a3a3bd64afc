/**
 * BigGAN-deep (Brock et al. 2019, appendix B, figure 16 and tables 7 to 9), for images of any size that has a base
 * grid ({@link ./base-grid.ts}): four times as deep as BigGAN and with fewer parameters, since its blocks compute in a quarter
 * of their channels.
 *
 *     G:  [z, embedding(label)] -> linear -> [16 ch, h, w] -> (block, block up) ... -> batch norm, ReLU, convolution, tanh
 *         each batch norm takes gain and bias from a projection of [z, embedding(label)]: all of z, not a part
 *     D:  image -> convolution -> (block down, block) ... -> ReLU -> sum over all positions -> linear, and projection
 *
 * The paper has 128 and 256 pixels (and 512, which is not its table here); the others carry its rule to BigGAN's tables of as
 * many doublings.
 */
import { z } from "zod";
import type { ImageSize } from "../base/image-size.ts";
import {
  type ConditionedModule,
  DiscriminatorBottleneck,
  GeneratorBottleneck,
  sameSizeConv,
  type UnaryModule,
  type WeightedModule,
} from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import { attentionInserter } from "./attention-place.ts";
import { type BaseGrid, mapsAfter, requireBaseGrid } from "./base-grid.ts";
import { bigganAttention, bigganStyle, projectedNorms, sharedEmbedding } from "./biggan.ts";
import { requireLabels } from "./conditioning.ts";
import { imageShape, type ModelContext, requireClasses } from "./context.ts";
import {
  type DiscriminatorNetwork,
  defineDiscriminator,
  defineGenerator,
  GeneratorNetwork,
  type TakenLabels,
} from "./network.ts";
import { count, countOrNone, initialiser } from "./option-schemas.ts";
import { GeneratorTrunk, ResidualDiscriminator } from "./residual-network.ts";

/** Channels in multiples of the width: before G's first pair of blocks and after each, and the same for D. */
interface Plan {
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** By the number of doublings: from 3 on, those of 32, 64, 128, 256 and 512 pixels. */
const PLANS: Readonly<Record<number, Plan>> = {
  2: { up: [4, 4, 4], down: [4, 4, 4] },
  3: { up: [4, 4, 4, 4], down: [4, 4, 4, 4] },
  4: { up: [16, 16, 8, 4, 2], down: [1, 2, 4, 8, 16] },
  5: { up: [16, 16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16, 16] },
  6: { up: [16, 16, 8, 8, 4, 2, 1], down: [1, 2, 4, 8, 8, 16, 16] },
  7: { up: [16, 16, 8, 8, 4, 2, 1, 1], down: [1, 1, 2, 4, 8, 8, 16, 16] },
};

function planOf(size: ImageSize, network: string): Plan & { readonly grid: BaseGrid; readonly attention: number } {
  const grid = requireBaseGrid(size, network);
  return { ...PLANS[grid.doublings]!, grid, attention: bigganAttention(size, grid) };
}

const shared = {
  width: z.int("must be a whole number").min(4, "must be at least 4").default(128),
  conditional: z.boolean().default(true),
  attention: countOrNone.optional(),
  init: initialiser.default("orthogonal"),
};
const generatorOptions = z.strictObject({ latent: count.default(128), ...shared, shared: count.default(128) });
const discriminatorOptions = z.strictObject({ ...shared, outputs: count.default(1) });

/** Options of {@link BigganDeepGenerator}. */
export type BigganDeepGeneratorOptions = z.output<typeof generatorOptions>;

/** The generator. Modules: `embedding`, `trunk`. */
export class BigganDeepGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #blocks: number;
  readonly #embedding: WeightedModule | undefined;
  readonly #trunk: GeneratorTrunk;

  constructor(context: ModelContext, options: BigganDeepGeneratorOptions) {
    super();
    const network = "bigganDeep.generator";
    const plan = planOf(imageShape(context, network).size, network);
    const classes = options.conditional ? requireClasses(context, network) : 0;
    const channels = plan.up.map((factor) => factor * options.width);
    const style = bigganStyle(options.init);
    this.latent = options.latent;
    this.#blocks = 2 * (channels.length - 1);
    if (classes > 0) {
      this.#embedding = this.registerModule("embedding", sharedEmbedding(context, classes, options.shared, style));
    }
    const inputs = options.latent + (classes > 0 ? options.shared : 0);
    const norm = projectedNorms(context, inputs, style);
    const place = { side: options.attention ?? plan.attention, spectralNorm: style.spectralNorm };
    const attention = attentionInserter(context, network, place, style);
    const stages = channels.slice(1).flatMap((wide, i): ConditionedModule[] => {
      const from = channels[i]!;
      return [
        new GeneratorBottleneck(context, { inputs: from, outputs: from, upsample: false, norm, ...style }),
        new GeneratorBottleneck(context, { inputs: from, outputs: wide, upsample: true, norm, ...style }),
        ...attention.after(mapsAfter(plan.grid, i + 1), wide),
      ];
    });
    attention.requirePlaced();
    const trunk = new GeneratorTrunk(context, { inputs, grid: plan.grid, channels, stages, style });
    this.#trunk = this.registerModule("trunk", trunk);
  }

  override get takesLabels(): TakenLabels {
    return this.#embedding !== undefined ? "shares" : "none";
  }

  override forward(noise: Tensor, labels?: Tensor): Tensor {
    const vector =
      this.#embedding === undefined ? noise : Tensor.cat([noise, this.#embedding.forward(requireLabels(labels))], 1);
    return this.#trunk.forward(vector, Array<Tensor>(this.#blocks).fill(vector));
  }
}

/** The discriminator: a {@link ResidualDiscriminator} of a convolution and bottleneck blocks. */
export function bigganDeepDiscriminator(
  context: ModelContext,
  options: z.output<typeof discriminatorOptions>,
): DiscriminatorNetwork {
  const network = "bigganDeep.discriminator";
  const { channels: image, size } = imageShape(context, network);
  const plan = planOf(size, network);
  const { outputs, conditional } = options;
  const channels = plan.down.map((factor) => factor * options.width);
  const style = bigganStyle(options.init);
  const place = { side: options.attention ?? plan.attention, spectralNorm: style.spectralNorm };
  const attention = attentionInserter(context, network, place, style);
  const blocks = channels
    .slice(1)
    .flatMap((wide, i): UnaryModule[] => [
      new DiscriminatorBottleneck(context, { inputs: channels[i]!, outputs: wide, downsample: true, ...style }),
      new DiscriminatorBottleneck(context, { inputs: wide, outputs: wide, downsample: false, ...style }),
      ...attention.after(mapsAfter(plan.grid, plan.grid.doublings - 1 - i), wide),
    ]);
  attention.requirePlaced();
  return new ResidualDiscriminator(context, {
    network,
    stages: [sameSizeConv(context, [image, channels[0]!], 3, style), ...blocks],
    features: channels.at(-1)!,
    outputs,
    conditional,
    style,
  });
}

/**
 * BigGAN-deep's networks as parts of a recipe, for images of any size that has a base grid (docs/models/sizes.md).
 *
 * `bigganDeep.generator`: `latent` 128 (length of z), `width` 128 (the paper's ch, at least 4), `shared` 128 (length of
 * the class embedding), `conditional` true, `attention` (longer side of the maps with self-attention; by default none at
 * 32 pixels, 32 at 64, 64 at 128 and 256; 0 for none), `init` "orthogonal".
 *
 * `bigganDeep.discriminator`: `width`, `attention`, `init` likewise, `outputs` 1 (logits; more make the score their log
 * sum exp), `conditional` true (projection).
 *
 * @throws UserError for an unknown option or one out of range, and at build for an image size without a base grid, vectors instead of
 * images, `attention` that is no map's side or finds no multiple of 8 channels there, or `conditional` with data that
 * has no classes.
 *
 * @example
 * bigganDeep.generator({ width: 128 });
 * bigganDeep.discriminator({ width: 128 });
 */
export const bigganDeep = {
  generator: defineGenerator(
    "bigganDeep",
    generatorOptions,
    (options, context) => new BigganDeepGenerator(context, options),
  ),
  discriminator: defineDiscriminator("bigganDeep", discriminatorOptions, (options, context) =>
    bigganDeepDiscriminator(context, options),
  ),
};
