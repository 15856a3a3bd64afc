/**
 * The common structure of ResNet GANs, SAGAN and BigGAN: blocks that double or halve the size, an attention layer among
 * them, and the layers before and after. The file of each architecture chooses the blocks.
 */
import { type ImageSize, type Sides, sidesOf } from "../base/image-size.ts";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  beginnings,
  type ConditionedModule,
  type Conv2d,
  DiscriminatorBlock,
  GeneratorBlock,
  GlobalSumPool2d,
  type LayerStyle,
  Linear,
  Module,
  ModuleList,
  ReLU,
  SelfAttention,
  Sequential,
  sameSizeConv,
  styled,
  type UnaryModule,
  View,
} from "../nn/index.ts";
import type { MemoryFormat, Tensor } from "../tensor/index.ts";
import { type AttentionPlace, attentionInserter } from "./attention-place.ts";
import { type BaseGrid, mapsAfter } from "./base-grid.ts";
import { imageShape, type ModelContext, requireClasses } from "./context.ts";
import { Head } from "./head.ts";
import { DiscriminatorNetwork, type DiscriminatorOutput } from "./network.ts";
import { batchNorm2d } from "./normalisation.ts";

/** The shape of two networks by their number of doublings; channels in multiples of the width. */
export interface ResidualPlan {
  /** Before the first of G's blocks, and after each. */
  readonly up: readonly number[];
  /** After each of D's blocks that halve the size, where that can be halved, and after each that keeps it. */
  readonly down: readonly number[];
  readonly keep: readonly number[];
}

/** The maps after one more halving, or as they are where a side is odd. */
export function halved({ height, width }: Sides): Sides {
  const even = height % 2 === 0 && width % 2 === 0;
  return even ? { height: height / 2, width: width / 2 } : { height, width };
}

/** The longer side of the largest maps inside a network that is at most `most`: where attention is by default. */
export function attendedSide(longer: number, most: number): number {
  let side = longer / 2;
  while (side > most) side /= 2;
  return side;
}

/** Options of {@link upStages}. */
export interface UpStages {
  readonly network: string;
  readonly grid: BaseGrid;
  /** Channels before the first block and after each. */
  readonly channels: readonly number[];
  readonly attention: AttentionPlace;
  /** Default "nearest". */
  readonly upsampling?: "nearest" | "bilinear";
  readonly norm: (channels: number) => ConditionedModule;
  readonly style: LayerStyle;
}

/** A {@link GeneratorBlock} that doubles the size for each step of `channels`. */
export function upStages(context: ModelContext, options: UpStages): ConditionedModule[] {
  const { network, grid, channels, upsampling = "nearest", norm, style } = options;
  const attention = attentionInserter(context, network, options.attention, style);
  const stages = channels.slice(1).flatMap((outputs, i) => {
    const inputs = channels[i]!;
    const block = new GeneratorBlock(context, { inputs, outputs, upsample: true, upsampling, norm, ...style });
    return [block, ...attention.after(mapsAfter(grid, i + 1), outputs)];
  });
  attention.requirePlaced();
  return stages;
}

/** Options of {@link GeneratorTrunk}. */
export interface GeneratorTrunkOptions {
  /** Length of the vector that the first maps are made of. */
  readonly inputs: number;
  readonly grid: BaseGrid;
  /** Channels of the first maps and of the last. */
  readonly channels: readonly number[];
  readonly stages: readonly ConditionedModule[];
  readonly style: LayerStyle;
}

/**
 *     vector -> linear -> [C, h, w] -> blocks -> batch norm, ReLU, convolution 3 x 3, tanh -> image
 *
 * Modules: `project`, `stages` (numbered), `norm`, `output`.
 */
export class GeneratorTrunk extends Module {
  readonly #memoryFormat: MemoryFormat;
  readonly #project: Linear;
  readonly #view: View;
  readonly #stages: ModuleList<ConditionedModule>;
  readonly #norm: UnaryModule;
  readonly #output: Conv2d;

  constructor(context: ModelContext, { inputs, grid, channels, stages, style }: GeneratorTrunkOptions) {
    super();
    const [first, last] = [channels[0]!, channels[channels.length - 1]!];
    const image = imageShape(context, "generator").channels;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    const project = new Linear(context, inputs, first * grid.height * grid.width, beginnings(style));
    this.#project = this.registerModule("project", styled(context, project, style));
    this.#view = new View([first, grid.height, grid.width]);
    this.#stages = this.registerModule("stages", new ModuleList(stages));
    this.#norm = this.registerModule("norm", batchNorm2d(context, last));
    this.#output = this.registerModule("output", sameSizeConv(context, [last, image], 3, style));
  }

  /** @param conditions - One for each block; attention takes none. */
  forward(vector: Tensor, conditions: readonly (Tensor | undefined)[]): Tensor {
    let maps = this.#view.forward(this.#project.forward(vector)).contiguous(this.#memoryFormat);
    let block = 0;
    for (const stage of this.#stages.list) {
      maps = stage instanceof SelfAttention ? stage.forward(maps) : stage.forward(maps, conditions[block++]);
    }
    return this.#output.forward(this.#norm.forward(maps).relu_()).tanh();
  }
}

/** What a discriminator's block makes of its input. */
export interface DownStep {
  readonly channels: number;
  readonly down: boolean;
  /** Its output. */
  readonly maps: Sides;
}

/** D's steps in a plan: first those that halve the size, or keep it where a side is odd. */
export function downSteps(
  { down, keep }: Pick<ResidualPlan, "down" | "keep">,
  size: ImageSize,
  width: number,
): DownStep[] {
  let maps = sidesOf(size);
  return [...down, ...keep].map((factor, i) => {
    const before = maps;
    if (i < down.length) maps = halved(maps);
    return { channels: factor * width, down: maps.height < before.height, maps };
  });
}

/** Options of {@link downStages}. */
export interface DownStages {
  readonly network: string;
  readonly steps: readonly DownStep[];
  /** Whether blocks widen in their first convolution (BigGAN), or in their second except in the first block (SNGAN). */
  readonly wideFirst: boolean;
  /** Whether skips begin after a block's first ReLU. */
  readonly activatedSkip?: boolean | undefined;
  readonly attention: AttentionPlace;
  readonly style: LayerStyle;
}

/** A {@link DiscriminatorBlock} for each step. */
export function downStages(context: ModelContext, options: DownStages): UnaryModule[] {
  const { network, steps, wideFirst, activatedSkip, style } = options;
  const { channels } = imageShape(context, network);
  const attention = attentionInserter(context, network, options.attention, style);
  const stages = steps.flatMap((step, i): UnaryModule[] => {
    const first = i === 0;
    const [inputs, outputs] = [first ? channels : steps[i - 1]!.channels, step.channels];
    const hidden = wideFirst || first ? outputs : inputs;
    const places = { inputs, hidden, outputs, downsample: step.down, first, activatedSkip };
    const block = new DiscriminatorBlock(context, { ...places, ...style });
    return step.down ? [block, ...attention.after(step.maps, outputs)] : [block];
  });
  attention.requirePlaced();
  return stages;
}

const isPooling = (layer: unknown): boolean =>
  layer instanceof GlobalSumPool2d || layer instanceof AvgPool2d || layer instanceof AdaptiveAvgPool2d;

const meanPool = ({ height, width }: Sides): UnaryModule =>
  height === width ? new AvgPool2d(height) : new AdaptiveAvgPool2d(1);

/** Options of {@link ResidualDiscriminator}. */
export interface ResidualDiscriminatorOptions {
  readonly network: string;
  readonly stages: readonly UnaryModule[];
  /** Channels of the last maps. */
  readonly features: number;
  /** The last maps, if features are means over them instead of sums. */
  readonly meanOver?: Sides | undefined;
  readonly outputs: number;
  readonly conditional: boolean;
  readonly style: LayerStyle;
}

/**
 *     image -> blocks -> ReLU -> sum over all positions -> head (linear, and projection of the label)
 *
 * Its hidden activations are the blocks' sums, of which the next block takes the ReLU; the last one is after its ReLU.
 * Modules: `body` (numbered, ReLU and pooling among them), `head`.
 */
export class ResidualDiscriminator extends DiscriminatorNetwork {
  readonly #memoryFormat: MemoryFormat;
  readonly #body: Sequential;
  readonly #head: Head;

  constructor(context: ModelContext, options: ResidualDiscriminatorOptions) {
    super();
    const { network, stages, features, meanOver, outputs, conditional, style } = options;
    const classes = conditional ? requireClasses(context, network) : 0;
    this.#memoryFormat = context.memoryFormat ?? "contiguous";
    const pool = meanOver === undefined ? new GlobalSumPool2d() : meanPool(meanOver);
    this.#body = this.registerModule("body", new Sequential(...stages, new ReLU(), pool));
    const { spectralNorm } = style;
    this.#head = this.registerModule(
      "head",
      new Head(context, features, { outputs, classes, spectralNorm, ...beginnings(style) }),
    );
  }

  override forward(images: Tensor, labels?: Tensor): DiscriminatorOutput {
    const hidden: Tensor[] = [];
    const pooled = this.#body.forward(images.contiguous(this.#memoryFormat), (layer, output) => {
      if (layer instanceof ReLU) hidden[hidden.length - 1] = output;
      else if (!(layer instanceof SelfAttention || isPooling(layer))) hidden.push(output);
    });
    return this.#head.forward(hidden, labels, pooled);
  }
}
