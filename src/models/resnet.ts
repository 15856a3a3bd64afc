/**
 * ResNet GANs: the networks of SNGAN (Miyato et al. 2018, tables 4 to 6; with labels Miyato and Koyama 2018) for images of
 * 32, 48, 64 and 128 pixels, and with other options those of WGAN-GP (Gulrajani et al. 2017, on CIFAR-10).
 *
 *     G:  z -> linear -> [C, s, s] -> residual blocks up -> batch norm, ReLU, convolution, tanh
 *     D:  image -> residual blocks down -> ReLU -> sum over all positions -> linear, and projection of the label
 *
 * The table of 64 pixels is that of the authors' published code: 128 without the blocks of 1 x 1.
 */
import { z } from "zod";
import {
  ConditionalBatchNorm2d,
  type ConditionedModule,
  type InitialiserName,
  type LayerStyle,
  xavierUniform,
} from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
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
  planOf,
  ResidualDiscriminator,
  type ResidualPlan,
  upStages,
} from "./residual-network.ts";

/** The shape of both networks at one image size. */
interface Plan extends ResidualPlan {
  readonly firstSize: number;
  /** The papers' widths. */
  readonly widths: { readonly generator: number; readonly discriminator: number };
}

const LARGE = { generator: 64, discriminator: 64 };
const PLANS: Readonly<Record<number, Plan>> = {
  32: { firstSize: 4, up: [1, 1, 1, 1], down: [1, 1], keep: [1, 1], widths: { generator: 256, discriminator: 128 } },
  48: { firstSize: 6, up: [8, 4, 2, 1], down: [1, 2, 4, 8], keep: [16], widths: LARGE },
  64: { firstSize: 4, up: [16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16], keep: [], widths: LARGE },
  128: { firstSize: 4, up: [16, 16, 8, 4, 2, 1], down: [1, 2, 4, 8, 16], keep: [16], widths: LARGE },
};

/**
 * Channels before the first of the generator's blocks and after each, in multiples of the width.
 * @throws UserError likewise.
 */
export function resnetFactors(size: number, network: string): readonly number[] {
  return planOf(PLANS, size, network).up;
}

/** Options that {@link ResnetGenerator} and {@link resnetDiscriminator} share. */
export interface ResnetOptions {
  /** Channels next to the image; undefined for the paper's. */
  width?: number | undefined;
  spectralNorm: boolean;
  conditional: boolean;
  /** Side of the maps with self-attention; 0 for none. */
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

/** Options of {@link resnetDiscriminator}. */
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
    const { firstSize, up, widths } = planOf(PLANS, imageShape(context, network).size, network);
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
    const stages = upStages(context, { network, firstSize, channels, attention, upsampling, norm, style });
    this.latent = options.latent;
    this.#conditional = options.conditional;
    this.#blocks = channels.length - 1;
    const inputs = options.latent;
    this.#trunk = this.registerModule(
      "trunk",
      new GeneratorTrunk(context, { inputs, firstSize, channels, stages, style }),
    );
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
  const plan = planOf(PLANS, size, network);
  const steps = downSteps(plan, options.width ?? plan.widths.discriminator);
  const style = styleOf(options);
  const attention = { side: options.attention, spectralNorm: style.spectralNorm };
  const { outputs, conditional, pooling, activatedSkip } = options;
  return new ResidualDiscriminator(context, {
    network,
    stages: downStages(context, { network, steps, wideFirst: false, activatedSkip, attention, style }),
    features: steps.at(-1)!.channels,
    meanOver: pooling === "mean" ? size / 2 ** plan.down.length : undefined,
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
 * ResNet GANs as parts of a recipe, for images of 32, 48, 64 or 128 pixels.
 *
 * `resnet.generator`: `latent` 128 (length of z), `width` (channels next to the image; by default the paper's: 256 at 32
 * pixels, 64 at the others), `spectralNorm` false, `conditional` false (batch norm with a gain and a bias for each class, or linear in the conditions),
 * `attention` 0 (side of the maps with self-attention; 0 for none), `upsampling` "nearest" ("bilinear" in torch_mimicry's
 * networks), `init` "xavierUniform" (as in the paper's code, with gain sqrt(2) on residual branches; any other has the same
 * on them as elsewhere).
 *
 * `resnet.discriminator`: `width` (by default 128 at 32 pixels, 64 at the others), `spectralNorm` true, `outputs` 1
 * (logits; more make the score their log sum exp), `conditional` false (projection), `attention` 0, `pooling` "sum"
 * ("mean" in WGAN-GP), `activatedSkip` false (whether skips begin after a block's first ReLU, as in torch_mimicry's networks),
 * `init` likewise.
 *
 * @throws UserError for an unknown option or one out of range, and at build for another image size, vectors instead of
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
