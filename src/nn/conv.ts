/** Convolution and transposed convolution over images, NCHW. */
import type { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { defaultBias, defaultWeight, type Initialiser } from "./init.ts";
import { requireDivisible, requirePositive } from "./sizes.ts";
import { WeightedModule } from "./weighted.ts";

/** Options of both convolutions. All sizes are in pixels, the same for height and width. */
export interface ConvOptions {
  /** Step of the kernel. Default 1. */
  stride?: number;
  /** Border of zeros around the input. Default 0. */
  padding?: number;
  /** Distance between kernel elements. Default 1. */
  dilation?: number;
  /** Number of independent groups of channels. Default 1. */
  groups?: number;
  /** Whether to add a bias. Default true. */
  bias?: boolean;
  /** Draws the weight. Default PyTorch's U(-1/sqrt(fan in), 1/sqrt(fan in)). */
  init?: Initialiser;
  /** Draws the bias. Default PyTorch's, the same bounds as the default weight. */
  biasInit?: Initialiser;
}

/** Options of {@link ConvTranspose2d}. */
export interface ConvTransposeOptions extends ConvOptions {
  /**
   * Rows and columns added on one side: with a stride several input sizes of a convolution have one output size.
   * Default 0.
   */
  outputPadding?: number;
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
export class Conv2d extends WeightedModule {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly #window: { stride: number; padding: number; dilation: number; groups: number };
  readonly #bias: boolean;

  constructor(
    context: BuildContext,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvOptions = {},
  ) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
    requirePositive("Conv2d", { inChannels, outChannels, kernelSize, stride, dilation, groups });
    requireDivisible("Conv2d", groups, { inChannels, outChannels });
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    this.#window = { stride, padding, dilation, groups };
    this.#bias = bias;
    const shape = [outChannels, inChannels / groups, kernelSize, kernelSize];
    this.registerParameter("weight", createTensor(context, shape, options.init ?? defaultWeight));
    if (bias) {
      this.registerParameter("bias", createTensor(context, [outChannels], options.biasInit ?? defaultBias(shape)));
    }
  }

  override forward(x: Tensor): Tensor {
    return this.fitted(() => this.apply(x, this.passWeight()), 1);
  }

  protected get bias(): Tensor | null {
    return this.#bias ? this.parameter("bias") : null;
  }

  /** The output of a pass with this weight. */
  protected apply(x: Tensor, weight: Tensor): Tensor {
    return x.conv2d(weight, this.bias, this.#window);
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
export class ConvTranspose2d extends WeightedModule {
  override readonly outputDim = 1;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly #window: { stride: number; padding: number; dilation: number; groups: number; outputPadding: number };
  readonly #bias: boolean;

  constructor(
    context: BuildContext,
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTransposeOptions = {},
  ) {
    super();
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, outputPadding = 0 } = options;
    requirePositive("ConvTranspose2d", { inChannels, outChannels, kernelSize, stride, dilation, groups });
    requireDivisible("ConvTranspose2d", groups, { inChannels, outChannels });
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = kernelSize;
    this.#window = { stride, padding, dilation, groups, outputPadding };
    this.#bias = bias;
    const shape = [inChannels, outChannels / groups, kernelSize, kernelSize];
    this.registerParameter("weight", createTensor(context, shape, options.init ?? defaultWeight));
    if (bias) {
      this.registerParameter("bias", createTensor(context, [outChannels], options.biasInit ?? defaultBias(shape)));
    }
  }

  override forward(x: Tensor): Tensor {
    const bias = this.#bias ? this.parameter("bias") : null;
    return this.fitted(() => x.convTranspose2d(this.passWeight(), bias, this.#window), 1);
  }
}
