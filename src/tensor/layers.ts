/** The heavy operators of networks: products, convolutions, normalisation, pooling, losses with labels. */
import { describeValue } from "./handle.ts";
import { operator } from "./operator.ts";
import { ShapeTensor } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

const matmul = operator("aten::matmul(self, other)");
const mm = operator("aten::mm(self, mat2)");
const bmm = operator("aten::bmm(self, mat2)");
const mv = operator("aten::mv(self, vec)");
const dot = operator("aten::dot(self, tensor)");
const outer = operator("aten::outer(self, vec2)");
const addmm = operator("aten::addmm(self, mat1, mat2, beta, alpha)");
const linear = operator("aten::linear(input, weight, bias)");
const linalgQr = operator<[Tensor, Tensor]>("aten::linalg_qr(A, mode)");
const linalgEigh = operator<[Tensor, Tensor]>("aten::linalg_eigh(self, UPLO)");
const linalgEigvalsh = operator("aten::linalg_eigvalsh(self, UPLO)");
const linalgCholeskyEx = operator<[Tensor, Tensor]>("aten::linalg_cholesky_ex(self)");
const linalgSvd = operator<[Tensor, Tensor, Tensor]>("aten::linalg_svd(A, full_matrices)");
const linalgSvdvals = operator("aten::linalg_svdvals(A)");
// The binding's own forms (native/convolution.cc): ATen's mathematics, and ATen itself wherever they do not apply.
const conv2d = operator("gantry::conv2d(input, weight, bias, stride, padding, dilation, groups)");
const convTranspose2d = operator(
  "gantry::conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)",
);
// The binding's own, too (native/distances.cc): what operators would keep for its gradient grows with the vectors' length.
const pairwiseL1 = operator("gantry::pairwise_l1(self)");
const batchNorm = operator(
  "aten::batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled)",
);
const layerNorm = operator("aten::layer_norm(input, normalized_shape, weight, bias, eps)");
const avgPool2d = operator("aten::avg_pool2d(self, kernel_size, stride, padding, ceil_mode, count_include_pad)");
const maxPool2d = operator("aten::max_pool2d(self, kernel_size, stride, padding)");
const adaptiveAvgPool2d = operator("aten::adaptive_avg_pool2d(self, output_size)");
const upsampleNearest2d = operator("aten::upsample_nearest2d.vec(input, output_size, scale_factors)");
const upsampleBilinear2d = operator("aten::upsample_bilinear2d.vec(input, output_size, align_corners, scale_factors)");
const gridSampler = operator("aten::grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)");
const bceWithLogits = operator("aten::binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction)");
const crossEntropy = operator("aten::cross_entropy_loss(self, target, weight, reduction)");
const nllLoss = operator("aten::nll_loss(self, target, weight, reduction)");
const mseLoss = operator("aten::mse_loss(self, target, reduction)");
const l1Loss = operator("aten::l1_loss(self, target, reduction)");

/** One number for both spatial dimensions, or [height, width]. */
export type Pair = number | readonly [number, number];

/** How a loss over many elements becomes its result. */
export type Reduction = "none" | "mean" | "sum";

// ATen's numbers for how a grid is sampled.
const BILINEAR = 0;
const ZEROS = 0;

const REDUCTIONS: Readonly<Record<Reduction, number>> = { none: 0, mean: 1, sum: 2 };

/** Options of {@link LayersTensor.conv2d}. */
export interface ConvolutionOptions {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
}

/** Options of {@link LayersTensor.convTranspose2d}. */
export interface TransposedConvolutionOptions extends ConvolutionOptions {
  readonly outputPadding?: Pair;
}

/** Options of {@link LayersTensor.batchNorm}. */
export interface BatchNormOptions {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  /** Batch statistics (moving the running ones) or the running ones. */
  readonly training: boolean;
  /** Weight of the new batch in the running statistics. */
  readonly momentum: number;
  readonly eps: number;
}

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

/** Methods of Tensor that layers are made of. */
export abstract class LayersTensor extends ShapeTensor {
  /** The matrix product, batched over leading dimensions. */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }
  /** [n, m] by [m, p]. */
  mm(mat2: Tensor): Tensor {
    return mm(this, mat2);
  }
  /** [b, n, m] by [b, m, p]. */
  bmm(mat2: Tensor): Tensor {
    return bmm(this, mat2);
  }
  /** [n, m] by [m]. */
  mv(vec: Tensor): Tensor {
    return mv(this, vec);
  }
  /** The inner product of two vectors. */
  dot(tensor: Tensor): Tensor {
    return dot(this, tensor);
  }
  /** The outer product of two vectors. */
  outer(vec2: Tensor): Tensor {
    return outer(this, vec2);
  }
  /** beta * self + alpha * mat1 mat2 */
  addmm(mat1: Tensor, mat2: Tensor, { beta = 1, alpha = 1 }: { beta?: number; alpha?: number } = {}): Tensor {
    return addmm(this, mat1, mat2, beta, alpha);
  }
  /** self weight^T + bias, with weight [out, in]. */
  linear(weight: Tensor, bias: Tensor | null = null): Tensor {
    return linear(this, weight, bias);
  }
  /** Q [m, k] and R [k, n] with self = Q R. */
  linalgQr(mode: "reduced" | "complete" = "reduced"): [Tensor, Tensor] {
    return linalgQr(this, mode);
  }
  /** Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix. */
  linalgEigh(): [Tensor, Tensor] {
    return linalgEigh(this, "L");
  }
  /** Eigenvalues (ascending) of a symmetric matrix. */
  linalgEigvalsh(): Tensor {
    return linalgEigvalsh(this, "L");
  }
  /**
   * The lower triangular L with self = L L^T for a symmetric positive definite matrix, and 0; or something undefined, and
   * the order of the first leading minor that is not positive (int32).
   */
  linalgCholeskyEx(): [Tensor, Tensor] {
    return linalgCholeskyEx(this);
  }
  /** U [m, k], S [k] (descending) and V^T [k, n] with self = U diag(S) V^T; square U and V^T when `fullMatrices`. */
  linalgSvd(fullMatrices = false): [Tensor, Tensor, Tensor] {
    return linalgSvd(this, fullMatrices);
  }
  /** Singular values, descending. */
  linalgSvdvals(): Tensor {
    return linalgSvdvals(this);
  }
  /** Cross-correlation of [N, C, H, W] with weight [O, C/groups, kH, kW]. */
  conv2d(
    weight: Tensor,
    bias: Tensor | null = null,
    { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions = {},
  ): Tensor {
    requireGroups("conv2d", groups);
    return conv2d(this, weight, bias, stride, padding, dilation, groups);
  }
  /** The adjoint of {@link conv2d}: [N, C, H, W] with weight [C, O/groups, kH, kW]. */
  convTranspose2d(
    weight: Tensor,
    bias: Tensor | null = null,
    { stride = 1, padding = 0, outputPadding = 0, groups = 1, dilation = 1 }: TransposedConvolutionOptions = {},
  ): Tensor {
    requireGroups("convTranspose2d", groups);
    return convTranspose2d(this, weight, bias, stride, padding, outputPadding, groups, dilation);
  }
  /** The L1 distances [N, N, B] between vectors [N, B, C]: of self[i, b] from self[j, b]. */
  pairwiseL1(): Tensor {
    return pairwiseL1(this);
  }
  /** (x - mean) / sqrt(var + eps) * weight + bias, a channel (dimension 1) at a time; Ioffe & Szegedy 2015. */
  batchNorm({ weight, bias, runningMean, runningVar, training, momentum, eps }: BatchNormOptions): Tensor {
    return batchNorm(this, weight, bias, runningMean, runningVar, training, momentum, eps, true);
  }
  /** As batch norm, over the last dimensions of each sample; Ba et al. 2016. */
  layerNorm(
    normalizedShape: readonly number[],
    weight: Tensor | null = null,
    bias: Tensor | null = null,
    eps = 1e-5,
  ): Tensor {
    return layerNorm(this, normalizedShape, weight, bias, eps);
  }
  /** The mean over windows; `countIncludePad` says whether padding counts. */
  avgPool2d(kernelSize: Pair, stride: Pair = kernelSize, padding: Pair = 0, countIncludePad = true): Tensor {
    return avgPool2d(this, kernelSize, stride, padding, false, countIncludePad);
  }
  /** The maximum over windows. */
  maxPool2d(kernelSize: Pair, stride: Pair = kernelSize, padding: Pair = 0): Tensor {
    return maxPool2d(this, kernelSize, stride, padding);
  }
  /** The mean over as many windows as the output has elements. */
  adaptiveAvgPool2d(outputSize: Pair): Tensor {
    return adaptiveAvgPool2d(this, outputSize);
  }
  /** Each pixel repeated `scale` times along height and width. */
  upsampleNearest2d(scale: number): Tensor {
    requireInside("upsampleNearest2d", "scale", scale);
    return upsampleNearest2d(this, null, [scale, scale]);
  }
  /** Bilinear interpolation to `scale` times the size, or to `size` = [height, width]; no antialiasing. */
  upsampleBilinear2d(to: { scale: number } | { size: readonly [number, number] }, alignCorners = false): Tensor {
    for (const size of "size" in to ? to.size : []) requireInside("upsampleBilinear2d", "size", size);
    if ("scale" in to) requireInside("upsampleBilinear2d", "scale", to.scale);
    if ("size" in to) return upsampleBilinear2d(this, to.size, alignCorners, null);
    return upsampleBilinear2d(this, null, alignCorners, [to.scale, to.scale]);
  }
  /**
   * [N, C, H, W] looked up bilinearly at the places of `grid` [N, oH, oW, 2], to [N, C, oH, oW]. A place is (x, y) from -1
   * to 1: from edge to edge of the image, or between the centres of its outermost pixels when `alignCorners`. Outside is 0.
   * Has no second derivative.
   */
  gridSample(grid: Tensor, alignCorners = false): Tensor {
    return gridSampler(this, grid, BILINEAR, ZEROS, alignCorners);
  }
  /** -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), without overflow. */
  binaryCrossEntropyWithLogits(target: Tensor, reduction: Reduction = "mean"): Tensor {
    return bceWithLogits(this, target, null, null, REDUCTIONS[reduction]);
  }
  /** -log softmax(x)[target] with x [N, C] and target int64 [N]. */
  crossEntropy(target: Tensor, reduction: Reduction = "mean"): Tensor {
    return crossEntropy(this, target, null, REDUCTIONS[reduction]);
  }
  /** -x[target] with x [N, C] log-probabilities and target int64 [N]. */
  nllLoss(target: Tensor, reduction: Reduction = "mean"): Tensor {
    return nllLoss(this, target, null, REDUCTIONS[reduction]);
  }
  /** (x - t)^2 */
  mseLoss(target: Tensor, reduction: Reduction = "mean"): Tensor {
    return mseLoss(this, target, REDUCTIONS[reduction]);
  }
  /** |x - t| */
  l1Loss(target: Tensor, reduction: Reduction = "mean"): Tensor {
    return l1Loss(this, target, REDUCTIONS[reduction]);
  }
}
