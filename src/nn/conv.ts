/** Convolution and transposed convolution over images, NCHW. */
import type { Tensor } from "../tensor/index.ts";
import type { BuildContext } from "./context.ts";
import { requireDivisible, requirePositive } from "./sizes.ts";
import { WeightedModule, type WeightOptions } from "./weighted.ts";

/** Options of both convolutions. All sizes are in pixels, the same for height and width. */
export interface ConvOptions extends WeightOptions {
  /** Step of the kernel. Default 1. */
  stride?: number;
  /** Border of zeros around the input. Default 0. */
  padding?: number;
  /** Distance between kernel elements. Default 1. */
  dilation?: number;
  /** Number of independent groups of channels. Default 1. */
  groups?: number;
}

/** Options of {@link ConvTranspose2d}. */
export interface ConvTransposeOptions extends ConvOptions {
  /**
   * Rows and columns added on one side: with a stride several input sizes of a convolution have one output size.
   * Default 0.
   */
  outputPadding?: number;
}

/** What both directions share: the sizes, checked, and the parameters. */
abstract class Convolution extends WeightedModule {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  protected readonly window: { stride: number; padding: number; dilation: number; groups: number };

  constructor(
    context: BuildContext,
    [inChannels, outChannels]: readonly [number, number],
    kernelSize: number,
    options: ConvOptions,
    transposed: boolean,
  ) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
    requirePositive(this.constructor.name, { inChannels, outChannels, kernelSize, stride, dilation, groups });
    requireDivisible(this.constructor.name, groups, { inChannels, outChannels });
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    this.window = { stride, padding, dilation, groups };
    const [first, second] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
    this.registerWeights(context, [first, second / groups, kernelSize, kernelSize], outChannels, options);
  }
}

/**
 * Two-dimensional convolution, [B, inChannels, H, W] to [B, outChannels, H', W'] with
 * H' = floor((H + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1.
 *
 * Parameters: `weight` [outChannels, inChannels / groups, kernelSize, kernelSize], `bias` [outChannels].
 *
 * @throws UserError when a size is not positive or `groups` does not divide the channels.
 *
 * @example
 * new Conv2d(context, 3, 64, 4, { stride: 2, padding: 1 }); // halves height and width
 */
export class Conv2d extends Convolution {
  constructor(
    context: BuildContext,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvOptions = {},
  ) {
    super(context, [inChannels, outChannels], kernelSize, options, false);
  }

  override forward(x: Tensor): Tensor {
    return this.fitted(() => this.apply(x, this.passWeight()), 1);
  }

  /** The output of a pass with this weight. */
  protected apply(x: Tensor, weight: Tensor): Tensor {
    return x.conv2d(weight, this.bias, this.window);
  }
}

/**
 * Two-dimensional transposed convolution, the gradient of {@link Conv2d} with respect to its input:
 * [B, inChannels, H, W] to [B, outChannels, H', W'] with
 * H' = (H - 1) stride - 2 padding + dilation (kernelSize - 1) + outputPadding + 1.
 *
 * Parameters: `weight` [inChannels, outChannels / groups, kernelSize, kernelSize], `bias` [outChannels].
 *
 * @throws UserError when a size is not positive or `groups` does not divide the channels.
 *
 * @example
 * new ConvTranspose2d(context, 128, 64, 4, { stride: 2, padding: 1 }); // doubles height and width
 */
export class ConvTranspose2d extends Convolution {
  override readonly outputDim = 1;
  readonly #outputPadding: number;

  constructor(
    context: BuildContext,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTransposeOptions = {},
  ) {
    super(context, [inChannels, outChannels], kernelSize, options, true);
    this.#outputPadding = options.outputPadding ?? 0;
  }

  override forward(x: Tensor): Tensor {
    const window = { ...this.window, outputPadding: this.#outputPadding };
    return this.fitted(() => x.convTranspose2d(this.passWeight(), this.bias, window), 1);
  }
}
