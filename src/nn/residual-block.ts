/**
 * Residual blocks of image GANs (He et al. 2016, in the form of Miyato et al. 2018, figure 8, and Brock et al. 2019,
 * figure 15): one that doubles the size for generators, one that halves it for discriminators.
 *
 * A convolution of 1 x 1 commutes with repeating pixels, interpolating between them and averaging them. So the skip is
 * convolved where the maps are smaller, before they are doubled or after they are halved: the published numbers for a
 * quarter of the work. The 3 x 3 convolution next to the doubling or halving is combined with it (`resampled-conv.ts`).
 */
import type { Tensor } from "../tensor/index.ts";
import { Identity, ReLU } from "./activations.ts";
import type { BuildContext } from "./context.ts";
import type { Conv2d } from "./conv.ts";
import { type LayerStyle, resizingConv, sameSizeConv } from "./layer-style.ts";
import { Module, UnaryModule } from "./module.ts";
import { AvgPool2d, Upsample } from "./resample.ts";
import { Sequential } from "./sequential.ts";

/** A layer whose result may depend on a condition of each sample, such as {@link ConditionalBatchNorm2d}. */
export interface ConditionedModule extends Module {
  forward(x: Tensor, condition?: Tensor): Tensor;
}

/** Options of {@link GeneratorBlock}. */
export interface GeneratorBlockOptions extends LayerStyle {
  readonly inputs: number;
  readonly outputs: number;
  /** Doubles the size. */
  readonly upsample: boolean;
  /** Repeat pixels (default), or interpolate between their centres. */
  readonly upsampling?: "nearest" | "bilinear";
  /** Makes the two norms. */
  readonly norm: (channels: number) => ConditionedModule;
}

/**
 *     y = conv(relu(norm(conv(up(relu(norm(x))))))) + up(conv1x1(x))
 *
 * [B, inputs, H, W] to [B, outputs, 2 H, 2 W], both convolutions 3 x 3. The skip is x itself where neither size nor
 * channels change. Modules: `norm1`, `conv1`, `norm2`, `conv2`, `skip`.
 */
export class GeneratorBlock extends Module {
  readonly #up: UnaryModule;
  /** The doubling, where the first convolution does not do it itself. */
  readonly #before: UnaryModule;
  readonly #norm1: ConditionedModule;
  readonly #conv1: Conv2d;
  readonly #norm2: ConditionedModule;
  readonly #conv2: Conv2d;
  readonly #skip: Conv2d | undefined;

  constructor(context: BuildContext, options: GeneratorBlockOptions) {
    super();
    const { inputs, outputs, upsample, upsampling, norm } = options;
    this.#up = upsample ? new Upsample(2, upsampling) : new Identity();
    this.#norm1 = this.registerModule("norm1", norm(inputs));
    const widening = [inputs, outputs] as const;
    const joined = upsample && upsampling !== "bilinear";
    const conv1 = joined
      ? resizingConv(context, widening, "double", options)
      : sameSizeConv(context, widening, 3, options, true);
    this.#before = joined ? new Identity() : this.#up;
    this.#conv1 = this.registerModule("conv1", conv1);
    this.#norm2 = this.registerModule("norm2", norm(outputs));
    this.#conv2 = this.registerModule("conv2", sameSizeConv(context, [outputs, outputs], 3, options, true));
    if (inputs !== outputs || upsample) {
      this.#skip = this.registerModule("skip", sameSizeConv(context, [inputs, outputs], 1, options));
    }
  }

  forward(x: Tensor, condition?: Tensor): Tensor {
    const small = this.#norm1.forward(x, condition).relu_();
    const large = this.#conv1.forward(this.#before.forward(small));
    const branch = this.#conv2.forward(this.#norm2.forward(large, condition).relu_());
    return branch.add_(this.#up.forward(this.#skip?.forward(x) ?? x));
  }
}

/** y = branch(x) + skip(x). Modules: `branch` and `skip`, numbered as in a Sequential. */
export abstract class TwoPaths extends UnaryModule {
  readonly #branch: Sequential;
  readonly #skip: Sequential;

  constructor(branch: readonly UnaryModule[], skip: readonly UnaryModule[]) {
    super();
    this.#branch = this.registerModule("branch", new Sequential(...branch));
    this.#skip = this.registerModule("skip", new Sequential(...skip));
  }

  override forward(x: Tensor): Tensor {
    return this.#branch.forward(x).add(this.#skip.forward(x));
  }
}

/** Halves the size, where that is wanted. */
export const halving = (wanted: boolean): UnaryModule[] => (wanted ? [new AvgPool2d(2)] : []);

/** Options of {@link DiscriminatorBlock}. */
export interface DiscriminatorBlockOptions extends LayerStyle {
  readonly inputs: number;
  readonly outputs: number;
  /** Channels between the two convolutions: `outputs` in BigGAN, `inputs` in SNGAN except in its first block. */
  readonly hidden: number;
  /** Halves the size. */
  readonly downsample: boolean;
  /** Whether the input is images: then there is no ReLU before the first convolution. */
  readonly first: boolean;
  /** Whether the skip begins after that ReLU, as in torch_mimicry; default: at the input. */
  readonly activatedSkip?: boolean | undefined;
}

/**
 *     y = down(conv(relu(conv(relu(x))))) + conv1x1(down(x))
 *
 * [B, inputs, H, W] to [B, outputs, H / 2, W / 2], both convolutions 3 x 3, halved by the mean of 2 x 2 pixels. The
 * skip is x itself where neither size nor channels change. With `activatedSkip` it is relu(x) in place of x. Modules: `branch` and `skip`, numbered as in a Sequential.
 */
export class DiscriminatorBlock extends TwoPaths {
  readonly #activatedSkip: boolean;

  constructor(context: BuildContext, options: DiscriminatorBlockOptions) {
    const { inputs, hidden, outputs, downsample, first } = options;
    const branch = [
      // Not in place: the skip needs x as it is.
      ...(first ? [] : [new ReLU()]),
      sameSizeConv(context, [inputs, hidden], 3, options, true),
      new ReLU({ inPlace: true }),
      downsample
        ? resizingConv(context, [hidden, outputs], "halve", options)
        : sameSizeConv(context, [hidden, outputs], 3, options, true),
    ];
    const changes = inputs !== outputs || downsample;
    const skip = changes ? [...halving(downsample), sameSizeConv(context, [inputs, outputs], 1, options)] : [];
    super(branch, skip);
    this.#activatedSkip = (options.activatedSkip ?? false) && !first;
  }

  override forward(x: Tensor): Tensor {
    return super.forward(this.#activatedSkip ? x.relu() : x);
  }
}
