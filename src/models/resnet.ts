/**
 * ResNet GANs: the networks of SNGAN (Miyato et al. 2018, tables 4 to 6; with labels Miyato and Koyama 2018) and with other
 * options those of WGAN-GP (Gulrajani et al. 2017, on CIFAR-10), for images of any size that has a base grid
 * ({@link ./base-grid.ts}).
 *
 *     G:  z -> linear -> [C, h, w] -> residual blocks up -> batch norm, ReLU, convolution, tanh
 *     D:  image -> residual blocks down -> ReLU -> sum over all positions -> linear, and projection of the label
 *
 * The papers have 32, 48, 64 and 128 pixels; 64 is that of the authors' published code: 128 without the blocks of 1 x 1. Any
 * other size takes the table with as many doublings from its base grid; of three doublings that of 32 pixels where the base
 * is shorter than 6, else that of 48. Fewer doublings leave out a block of the table of 32; more repeat 16 times the width. A
 * block of D that should halve maps with an odd side keeps their size.
 */
import { z } from "zod";
import { type ImageSize, longerSide } from "../base/image-size.ts";
import {
  ConditionalBatchNorm2d,
  type ConditionedModule,
  type InitialiserName,
  type LayerStyle,
  xavierUniform,
} from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { type BaseGrid, requireBaseGrid } from "./base-grid.ts";
import { labelTables, requireLabels } from "./conditioning.ts";
import { imageShape, type ModelContext, requireClasses } from "./context.ts";
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
  downStages,
  downSteps,
  GeneratorTrunk,
  ResidualDiscriminator,
  type ResidualPlan,
  upStages,
} from "./residual-network.ts";

/** The shape of both networks. */
interface Plan extends ResidualPlan {
  /** The papers' widths. */
  readonly widths: { readonly generator: number; readonly discriminator: number };
}

const SMALL = { generator: 256, discriminator: 128 };
const LARGE = { generator: 64, discriminator: 64 };
/** The table of 48 pixels. Its generator doubles as often as that of 32, from a larger base. */
const OF_48: Plan = { up: [8, 4, 2, 1], down: [1, 2, 4, 8], keep: [16], widths: LARGE };
const BASE_OF_48 = 6;
/** By the number of doublings: from 3 on, the tables of 32, 64 and 128 pixels, and those that continue them. */
const PLANS: Readonly<Record<number, Plan>> = {
  2: { up: [1, 1, 1], down: [1, 1], keep: [1, 1], widths: SMALL },
  3: { up: [1, 1, 1, 1], down: [1, 1], keep: [1, 1], widths: SMALL },
  4: { up: [16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16], keep: [], widths: LARGE },
  5: { up: [16, 16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16], keep: [16], widths: LARGE },
  6: { up: [16, 16, 16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16, 16], keep: [16], widths: LARGE },
  7: { up: [16, 16, 16, 16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16, 16, 16], keep: [16], widths: LARGE },
};

function planOf(size: ImageSize, network: string): Plan & { readonly grid: BaseGrid } {
  const grid = requireBaseGrid(size, network);
  const plan = grid.doublings === 3 && longerSide(grid) >= BASE_OF_48 ? OF_48 : PLANS[grid.doublings]!;
  return { ...plan, grid };
}

/**
 * Channels before the first of the generator's blocks and after each, in multiples of the width.
 * @throws UserError for a size without a base grid.
 */
export function resnetFactors(size: ImageSize, network: string): readonly number[] {
  return planOf(size, network).up;
}

/** Options that {@link ResnetGenerator} and the discriminator share. */
export interface ResnetOptions {
  /** Channels next to the image; undefined for the paper's. */
  width?: number | undefined;
  spectralNorm: boolean;
  conditional: boolean;
  /** Longer side of the maps with self-attention; 0 for none. */
  attention: number;
  init: InitialiserName;
  /** What initial weights on residual branches are multiplied by: `xavierUniform` alone has it. Default sqrt(2). */
  branchGain?: number;
}

/** Options of {@link ResnetGenerator}. */
export interface ResnetGeneratorOptions extends ResnetOptions {
  latent: number;
  upsampling: "nearest" | "bilinear";
}

/** Options of the residual discriminators of SNGAN and SAGAN. */
export interface ResnetDiscriminatorOptions extends ResnetOptions {
  outputs: number;
  pooling: "sum" | "mean";
  /** Whether skips begin after a block's first ReLU. */
  activatedSkip: boolean;
}

function styleOf({ spectralNorm, init, branchGain = Math.SQRT2 }: ResnetOptions): LayerStyle {
  const style = { spectralNorm, ...beginningOf(init) };
  return init === "xavierUniform" ? { ...style, branchInit: xavierUniform(branchGain) } : style;
}

/** The generator. Modules: `trunk`. With labels, each norm in a block has a gain and a bias for each class. */
export class ResnetGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #conditional: boolean;
  readonly #blocks: number;
  readonly #trunk: GeneratorTrunk;

  constructor(context: ModelContext, network: string, options: ResnetGeneratorOptions) {
    super();
    const { grid, up, widths } = planOf(imageShape(context, network).size, network);
    const classes = options.conditional ? requireClasses(context, network) : 0;
    const channels = up.map((factor) => factor * (options.width ?? widths.generator));
    const style = styleOf(options);
    const norm = (count: number): ConditionedModule => {
      if (classes === 0) return batchNorm2d(context, count);
      const table = labelTables(context, classes, count);
      return new ConditionalBatchNorm2d(batchNorm2d(context, count, { affine: false }), table(), table());
    };
    const attention = { side: options.attention, spectralNorm: style.spectralNorm };
    const { upsampling } = options;
    const stages = upStages(context, { network, grid, channels, attention, upsampling, norm, style });
    this.latent = options.latent;
    this.#conditional = options.conditional;
    this.#blocks = channels.length - 1;
    const inputs = options.latent;
    this.#trunk = this.registerModule("trunk", new GeneratorTrunk(context, { inputs, grid, channels, stages, style }));
  }

  override get takesLabels(): TakenLabels {
    return this.#conditional ? "shares" : "none";
  }

  override forward(noise: Tensor, labels?: Tensor): Tensor {
    const condition = this.#conditional ? requireLabels(labels) : undefined;
    return this.#trunk.forward(noise, Array<Tensor | undefined>(this.#blocks).fill(condition));
  }
}

/** The discriminator, or critic: a {@link ResidualDiscriminator} whose blocks widen in their second convolution. */
export function resnetDiscriminator(
  context: ModelContext,
  network: string,
  options: ResnetDiscriminatorOptions,
): DiscriminatorNetwork {
  const { size } = imageShape(context, network);
  const plan = planOf(size, network);
  const steps = downSteps(plan, size, options.width ?? plan.widths.discriminator);
  const style = styleOf(options);
  const attention = { side: options.attention, spectralNorm: style.spectralNorm };
  const { outputs, conditional, pooling, activatedSkip } = options;
  return new ResidualDiscriminator(context, {
    network,
    stages: downStages(context, { network, steps, wideFirst: false, activatedSkip, attention, style }),
    features: steps.at(-1)!.channels,
    meanOver: pooling === "mean" ? steps.at(-1)!.maps : undefined,
    outputs,
    conditional,
    style,
  });
}

const attention = countOrNone.default(0);
/** Schema of how a generator doubles the size of its maps. */
export const upsampling = z.enum(["nearest", "bilinear"]).default("nearest");
/** Schema of where the skips of a discriminator begin. */
export const activatedSkip = z.boolean().default(false);
const init = initialiser.default("xavierUniform");

/**
 * ResNet GANs as parts of a recipe, for images of any size that has a base grid (docs/models/sizes.md).
 *
 * `resnet.generator`: `latent` 128 (length of z), `width` (channels next to the image; by default the paper's: 256 at 32
 * pixels and where its table is taken, 64 at the others), `spectralNorm` false, `conditional` false (batch norm with a gain and a bias for each class, or linear in the conditions),
 * `attention` 0 (longer side of the maps with self-attention; 0 for none), `upsampling` "nearest" ("bilinear" in torch_mimicry's
 * networks), `init` "xavierUniform" (as in the paper's code, with gain sqrt(2) on residual branches; any other has the same
 * on them as elsewhere).
 *
 * `resnet.discriminator`: `width` (by default 128 at 32 pixels, 64 at the others), `spectralNorm` true, `outputs` 1
 * (logits; more make the score their log sum exp), `conditional` false (projection), `attention` 0, `pooling` "sum"
 * ("mean" in WGAN-GP), `activatedSkip` false (whether skips begin after a block's first ReLU, as in torch_mimicry's networks),
 * `init` likewise.
 *
 * @throws UserError for an unknown option or one out of range, and at build for an image size without a base grid, vectors instead of
 * images, `attention` that is no map's side or finds no multiple of 8 channels there, or `conditional` with data that
 * has no classes.
 *
 * @example
 * resnet.generator(); // SNGAN's
 * resnet.discriminator({ spectralNorm: false, pooling: "mean" }); // WGAN-GP's critic, whose generator has width 128
 */
export const resnet = {
  generator: defineGenerator(
    "resnet",
    z.strictObject({
      latent: count.default(128),
      width: count.optional(),
      spectralNorm: z.boolean().default(false),
      conditional: z.boolean().default(false),
      attention,
      upsampling,
      init,
    }),
    (options, context) => new ResnetGenerator(context, "resnet.generator", options),
  ),
  discriminator: defineDiscriminator(
    "resnet",
    z.strictObject({
      width: count.optional(),
      spectralNorm: z.boolean().default(true),
      outputs: count.default(1),
      conditional: z.boolean().default(false),
      attention,
      pooling: z.enum(["sum", "mean"]).default("sum"),
      activatedSkip,
      init,
    }),
    (options, context) => resnetDiscriminator(context, "resnet.discriminator", options),
  ),
};
