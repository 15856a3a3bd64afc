/** Functions for layers of networks: convolutions, normalisation, pooling, resampling. */
import { describeValue } from "./handle.ts";
import { checked, method, operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

const conv1d = operator("aten::conv1d(input, weight, bias, stride, padding, dilation, groups)");
const conv3d = operator("aten::conv3d(input, weight, bias, stride, padding, dilation, groups)");
const convTranspose1d = operator(
  "aten::conv_transpose1d(input, weight, bias, stride, padding, output_padding, groups, dilation)",
);
const convTranspose3d = operator(
  "aten::conv_transpose3d.input(input, weight, bias, stride, padding, output_padding, groups, dilation)",
);
// The binding's own forms (native/convolution.cc): ATen's mathematics, and ATen itself wherever they do not apply.
const conv2d = operator("gantry::conv2d(input, weight, bias, stride, padding, dilation, groups)");
const convTranspose2d = operator(
  "gantry::conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)",
);
const im2col = operator("aten::im2col(self, kernel_size, dilation, padding, stride)");
const col2im = operator("aten::col2im(self, output_size, kernel_size, dilation, padding, stride)");
const batchNorm = operator(
  "aten::batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)",
);
const instanceNorm = operator(
  "aten::instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled)",
);
const avgPool1d = operator("aten::avg_pool1d(self, kernel_size, stride, padding, ceil_mode, count_include_pad)");
const avgPool2d = operator("aten::avg_pool2d(self, kernel_size, stride, padding, ceil_mode, count_include_pad)");
const maxPool1d = operator("aten::max_pool1d(self, kernel_size, stride, padding)");
const maxPool2d = operator("aten::max_pool2d(self, kernel_size, stride, padding)");
const adaptiveMaxPool2d = operator<[Tensor, Tensor]>("aten::adaptive_max_pool2d(self, output_size)");
const nearest1d = operator("aten::upsample_nearest1d.vec(input, output_size, scale_factors)");
const nearest2d = operator("aten::upsample_nearest2d.vec(input, output_size, scale_factors)");
const nearest3d = operator("aten::upsample_nearest3d.vec(input, output_size, scale_factors)");
const linear1d = operator("aten::upsample_linear1d.vec(input, output_size, align_corners, scale_factors)");
const bilinear2d = operator("aten::upsample_bilinear2d.vec(input, output_size, align_corners, scale_factors)");
const trilinear3d = operator("aten::upsample_trilinear3d.vec(input, output_size, align_corners, scale_factors)");
const bicubic2d = operator("aten::upsample_bicubic2d.vec(input, output_size, align_corners, scale_factors)");
const bilinear2dAa = operator("aten::_upsample_bilinear2d_aa.vec(input, output_size, align_corners, scale_factors)");
const bicubic2dAa = operator("aten::_upsample_bicubic2d_aa.vec(input, output_size, align_corners, scale_factors)");
const adaptiveAvgPool1d = operator("aten::adaptive_avg_pool1d(self, output_size)");
const adaptiveAvgPool2d = operator("aten::adaptive_avg_pool2d(self, output_size)");
const adaptiveAvgPool3d = operator("aten::adaptive_avg_pool3d(self, output_size)");
// The binding's own (native/grid-sampling.cc): ATen's lookup, and its second derivative.
const gridSampler = operator("gantry::grid_sampler(self, grid, interpolation_mode, padding_mode, align_corners)");

/** One number for both spatial dimensions, or [height, width]. */
export type Pair = number | readonly [number, number];
/** One number for the three spatial dimensions, or [depth, height, width]. */
export type Triple = number | readonly [number, number, number];

/** Options of {@link Tensor.conv2d} and its siblings of one and three dimensions. */
export interface ConvolutionOptions<Size = Pair> {
  /** Default 1. */
  readonly stride?: Size;
  /** Default 0. */
  readonly padding?: Size;
  /** Default 1. */
  readonly dilation?: Size;
  /** Default 1. */
  readonly groups?: number;
}

/** Options of {@link Tensor.convTranspose2d} and its siblings. */
export interface TransposedConvolutionOptions<Size = Pair> extends ConvolutionOptions<Size> {
  /** Default 0. */
  readonly outputPadding?: Size;
}

/** Options of {@link Tensor.batchNorm}; the defaults are those of F.batch_norm. */
export interface BatchNormOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Batch statistics (moving the running ones) or the running ones. Default false, or true where there are none. */
  readonly training?: boolean;
  /** Weight of the new batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Default 1e-5. */
  readonly eps?: number;
}

/** Options of {@link Tensor.interpolate}; one of the first two must be given. */
export interface InterpolateOptions {
  /** The new size: a number for all spatial dimensions, or one for each. */
  readonly size?: number | readonly number[];
  /** New size / old size: a number for all spatial dimensions, or one for each. */
  readonly scaleFactor?: number | readonly number[];
  /**
   * "linear" is of [N, C, W], "bilinear" and "bicubic" of [N, C, H, W], "trilinear" of [N, C, D, H, W]. Default
   * "nearest".
   */
  readonly mode?: "nearest" | "linear" | "bilinear" | "bicubic" | "trilinear" | "area";
  /** Whether the centres of the corner pixels stay, instead of the corners themselves. Default false. */
  readonly alignCorners?: boolean;
  /** Low-passes where "bilinear" or "bicubic" shrinks. Default false. */
  readonly antialias?: boolean;
}

/** Options of {@link Tensor.gridSample}. */
export interface GridSampleOptions {
  /** Default "bilinear". */
  readonly mode?: "bilinear" | "nearest" | "bicubic";
  /** What is outside of the image: 0, its edge, or its mirror image. Default "zeros". */
  readonly paddingMode?: "zeros" | "border" | "reflection";
  /** Default false. */
  readonly alignCorners?: boolean;
}

// ATen's numbers for how a grid is sampled are the places in these lists.
const SAMPLING = ["bilinear", "nearest", "bicubic"];
const OUTSIDE = ["zeros", "border", "reflection"];

/** libtorch 1.13 cuts the number to 32 bits and divides by it: 2^32 ends the process. */
function requireGroups(operator: string, groups: number): void {
  if (!Number.isInteger(groups) || groups < 1 || groups >= 2 ** 31) {
    throw new TypeError(`${operator}: argument \`groups\` must be a whole number from 1, got ${describeValue(groups)}`);
  }
}

/** On an empty batch libtorch 1.13 checks no sizes, and divides by what overflows. */
function requireInside(operator: string, argument: string, value: number): void {
  if (!(value > 0 && value <= 65536)) {
    throw new TypeError(
      `${operator}: argument \`${argument}\` must be above 0 and at most 65536, got ${describeValue(value)}`,
    );
  }
}

/** The place of a word in a list of those that are accepted. */
function placeOf(word: string, words: readonly string[], operator: string, argument: string): number {
  const place = words.indexOf(word);
  if (place >= 0) return place;
  const accepted = words.map((each) => `"${each}"`).join(", ");
  throw new TypeError(`${operator}: \`${argument}\` must be one of ${accepted}; got ${describeValue(word)}`);
}

type Convolve = (...values: unknown[]) => Tensor;

function convolution<Size>(name: string, operator: Convolve) {
  return function (
    this: Tensor,
    weight: Tensor,
    bias: Tensor | null = null,
    options: ConvolutionOptions<Size> = {},
  ): Tensor {
    const { stride, padding, dilation, groups = 1 } = checked(name, options, "stride", "padding", "dilation", "groups");
    requireGroups(name, groups);
    return operator(this, weight, bias, stride ?? 1, padding ?? 0, dilation ?? 1, groups);
  };
}

function transposedConvolution<Size>(name: string, operator: Convolve) {
  return function (
    this: Tensor,
    weight: Tensor,
    bias: Tensor | null = null,
    options: TransposedConvolutionOptions<Size> = {},
  ): Tensor {
    const known = ["stride", "padding", "outputPadding", "groups", "dilation"];
    const { stride, padding, outputPadding, groups = 1, dilation } = checked(name, options, ...known);
    requireGroups(name, groups);
    return operator(this, weight, bias, stride ?? 1, padding ?? 0, outputPadding ?? 0, groups, dilation ?? 1);
  };
}

const BATCH_NORM_OPTIONS = ["weight", "bias", "runningMean", "runningVar", "training", "momentum", "eps"];
const INTERPOLATE_OPTIONS = ["size", "scaleFactor", "mode", "alignCorners", "antialias"];

/** Methods of Tensor that layers are made of. */
export const layers = {
  /** Cross-correlation of [N, C, W] with weight [O, C/groups, kW]. */
  conv1d: convolution<number>("conv1d", conv1d),
  /** Cross-correlation of [N, C, H, W] with weight [O, C/groups, kH, kW]. */
  conv2d: convolution<Pair>("conv2d", conv2d),
  /** Cross-correlation of [N, C, D, H, W] with weight [O, C/groups, kD, kH, kW]. */
  conv3d: convolution<Triple>("conv3d", conv3d),
  /** The adjoint of {@link conv1d}: [N, C, W] with weight [C, O/groups, kW]. */
  convTranspose1d: transposedConvolution<number>("convTranspose1d", convTranspose1d),
  /** The adjoint of {@link conv2d}: [N, C, H, W] with weight [C, O/groups, kH, kW]. */
  convTranspose2d: transposedConvolution<Pair>("convTranspose2d", convTranspose2d),
  /** The adjoint of {@link conv3d}: [N, C, D, H, W] with weight [C, O/groups, kD, kH, kW]. */
  convTranspose3d: transposedConvolution<Triple>("convTranspose3d", convTranspose3d),
  /** The windows of [N, C, H, W] as columns [N, C kH kW, windows]: F.unfold. */
  im2col(this: Tensor, kernelSize: Pair, options: Omit<ConvolutionOptions, "groups"> = {}): Tensor {
    const { dilation = 1, padding = 0, stride = 1 } = checked("im2col", options, "dilation", "padding", "stride");
    return im2col(this, kernelSize, dilation, padding, stride);
  },
  /** The adjoint of {@link im2col}, which sums where windows overlap: F.fold. */
  col2im(this: Tensor, outputSize: Pair, kernelSize: Pair, options: Omit<ConvolutionOptions, "groups"> = {}): Tensor {
    const { dilation = 1, padding = 0, stride = 1 } = checked("col2im", options, "dilation", "padding", "stride");
    return col2im(this, outputSize, kernelSize, dilation, padding, stride);
  },
  /** (x - mean) / sqrt(var + eps) * weight + bias, a channel (dimension 1) at a time; Ioffe and Szegedy 2015. */
  batchNorm(this: Tensor, options: BatchNormOptions = {}): Tensor {
    checked("batchNorm", options, ...BATCH_NORM_OPTIONS);
    const { weight, bias, runningMean = null, runningVar = null, momentum = 0.1, eps = 1e-5 } = options;
    const { training = runningMean === null } = options;
    return batchNorm(this, weight, bias, runningMean, runningVar, training, momentum, eps, true);
  },
  /** As {@link batchNorm}, over each sample's channel alone; Ulyanov et al. 2016. */
  instanceNorm(this: Tensor, weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
    return instanceNorm(this, weight, bias, null, null, true, 0, eps, true);
  },
  /** As {@link batchNorm}, over the last dimensions of each sample; Ba et al. 2016. `eps` is 1e-5 unless given. */
  layerNorm: method<
    (normalizedShape: readonly number[], weight?: Tensor | null, bias?: Tensor | null, eps?: number) => Tensor
  >("aten::layer_norm(input, normalized_shape, weight, bias, eps)"),
  /** As {@link batchNorm}, over groups of each sample's channels; Wu and He 2018. `eps` is 1e-5 unless given. */
  groupNorm: method<(numGroups: number, weight?: Tensor | null, bias?: Tensor | null, eps?: number) => Tensor>(
    "aten::group_norm(input, num_groups, weight, bias, eps)",
  ),
  /** The mean over windows of [N, C, W]; `countIncludePad` says whether padding counts. */
  avgPool1d(this: Tensor, kernelSize: number, stride = kernelSize, padding = 0, countIncludePad = true): Tensor {
    return avgPool1d(this, kernelSize, stride, padding, false, countIncludePad);
  },
  /** The mean over windows of [N, C, H, W]; `countIncludePad` says whether padding counts. */
  avgPool2d(
    this: Tensor,
    kernelSize: Pair,
    stride: Pair = kernelSize,
    padding: Pair = 0,
    countIncludePad = true,
  ): Tensor {
    return avgPool2d(this, kernelSize, stride, padding, false, countIncludePad);
  },
  /** The maximum over windows of [N, C, W]. */
  maxPool1d(this: Tensor, kernelSize: number, stride = kernelSize, padding = 0): Tensor {
    return maxPool1d(this, kernelSize, stride, padding);
  },
  /** The maximum over windows of [N, C, H, W]. */
  maxPool2d(this: Tensor, kernelSize: Pair, stride: Pair = kernelSize, padding: Pair = 0): Tensor {
    return maxPool2d(this, kernelSize, stride, padding);
  },
  /** The mean over as many windows of [N, C, W] as the output has elements. */
  adaptiveAvgPool1d(this: Tensor, outputSize: number): Tensor {
    return adaptiveAvgPool1d(this, outputSize);
  },
  /** The mean over as many windows of [N, C, H, W] as the output has elements. */
  adaptiveAvgPool2d(this: Tensor, outputSize: Pair): Tensor {
    return adaptiveAvgPool2d(this, outputSize);
  },
  /** The maximum over as many windows of [N, C, H, W] as the output has elements. */
  adaptiveMaxPool2d(this: Tensor, outputSize: Pair): Tensor {
    return adaptiveMaxPool2d(this, outputSize)[0];
  },
  /** Resamples [N, C, ...] to another size, as F.interpolate: `x.interpolate({ scaleFactor: 2, mode: "bilinear" })`. */
  interpolate(this: Tensor, options: InterpolateOptions): Tensor {
    const {
      size,
      scaleFactor,
      mode = "nearest",
      alignCorners = false,
      antialias = false,
    } = checked("interpolate", options, ...INTERPOLATE_OPTIONS);
    const spatial = this.ndim - 2;
    if (spatial < 1 || spatial > 3)
      throw new TypeError(`interpolate: [N, C, ...] is needed, got ${this.ndim} dimensions`);
    if ((size === undefined) === (scaleFactor === undefined)) {
      throw new TypeError("interpolate: give `size` or `scaleFactor`, one of both");
    }
    const each = (value: number | readonly number[] | undefined) =>
      value === undefined ? null : typeof value === "number" ? new Array<number>(spatial).fill(value) : value;
    const sizes = each(size);
    const factors = each(scaleFactor);
    for (const value of sizes ?? []) requireInside("interpolate", "size", value);
    for (const value of factors ?? []) requireInside("interpolate", "scaleFactor", value);
    if (mode === "area") {
      const [, , ...old] = this.shape;
      const pool = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][spatial - 1]!;
      return pool(this, sizes ?? old.map((length, i) => Math.floor(length * factors![i]!)));
    }
    if (mode === "nearest") return [nearest1d, nearest2d, nearest3d][spatial - 1]!(this, sizes, factors);
    const smooth = {
      linear: [1, linear1d],
      bilinear: [2, bilinear2d],
      bicubic: [2, bicubic2d],
      trilinear: [3, trilinear3d],
    } as const;
    const known = Object.keys(smooth);
    placeOf(mode, ["nearest", "area", ...known], "interpolate", "mode");
    const [dims, resample] = smooth[mode];
    if (dims !== spatial) {
      throw new TypeError(`interpolate: mode "${mode}" has ${dims} spatial dimensions; the tensor has ${spatial}`);
    }
    const lowPass = { linear: null, bilinear: bilinear2dAa, bicubic: bicubic2dAa, trilinear: null }[mode];
    if (antialias && lowPass === null) throw new TypeError(`interpolate: no antialiasing with mode "${mode}"`);
    return (antialias ? lowPass! : resample)(this, sizes, alignCorners, factors);
  },
  /** Each pixel repeated `scale` times along height and width. */
  upsampleNearest2d(this: Tensor, scale: number): Tensor {
    requireInside("upsampleNearest2d", "scale", scale);
    return nearest2d(this, null, [scale, scale]);
  },
  /** Bilinear interpolation to `scale` times the size, or to `size` = [height, width]; no antialiasing. */
  upsampleBilinear2d(
    this: Tensor,
    to: { scale: number } | { size: readonly [number, number] },
    alignCorners = false,
  ): Tensor {
    for (const size of "size" in to ? to.size : []) requireInside("upsampleBilinear2d", "size", size);
    if ("scale" in to) requireInside("upsampleBilinear2d", "scale", to.scale);
    if ("size" in to) return bilinear2d(this, to.size, alignCorners, null);
    return bilinear2d(this, null, alignCorners, [to.scale, to.scale]);
  },
  /** [N, C r^2, H, W] as [N, C, H r, W r]; Shi et al. 2016. */
  pixelShuffle: method<(upscaleFactor: number) => Tensor>("aten::pixel_shuffle(self, upscale_factor)"),
  /** [N, C, H r, W r] as [N, C r^2, H, W]. */
  pixelUnshuffle: method<(downscaleFactor: number) => Tensor>("aten::pixel_unshuffle(self, downscale_factor)"),
  /** Channels [N, g k, ...] in the order in which k groups of g would have them; Zhang et al. 2018. */
  channelShuffle(this: Tensor, groups: number): Tensor {
    return this.unflatten(1, [groups, this.size(1) / groups])
      .transpose(1, 2)
      .flatten(1, 2);
  },
  /**
   * [N, C, H, W] looked up at the places of `grid` [N, oH, oW, 2], to [N, C, oH, oW]. A place is (x, y) from -1 to 1:
   * from edge to edge of the image, or between the centres of its outermost pixels when `alignCorners`. With respect to
   * the images it has derivatives of every order on a CPU, unless the mode is bicubic; where the grid needs gradients too, the
   * first alone.
   */
  gridSample(this: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
    const known = ["mode", "paddingMode", "alignCorners"];
    const { mode = "bilinear", paddingMode = "zeros", alignCorners = false } = checked("gridSample", options, ...known);
    const sampling = placeOf(mode, SAMPLING, "gridSample", "mode");
    return gridSampler(this, grid, sampling, placeOf(paddingMode, OUTSIDE, "gridSample", "paddingMode"), alignCorners);
  },
  /**
   * The grid [N, H, W, 2] for {@link gridSample} that maps an output of size [N, C, H, W] by matrices self [N, 2, 3].
   */
  affineGrid: method<(size: readonly number[], alignCorners: boolean) => Tensor>(
    "aten::affine_grid_generator(theta, size, align_corners)",
  ),
  // The binding's own (native/attention): the weights [..., N, M] are never stored, except for second gradients and in float64.
  /**
   * softmax(scale self key^T) value for queries self [..., N, D], keys [..., M, D] and values [..., M, E], to [..., N, E], as
   * F.scaled_dot_product_attention without mask and dropout; `scale` is 1 / sqrt(D) unless given.
   */
  scaledDotProductAttention: method<(key: Tensor, value: Tensor, scale?: number) => Tensor>(
    "gantry::scaled_dot_product_attention(query, key, value, scale)",
  ),
};
