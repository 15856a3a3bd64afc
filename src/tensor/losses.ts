/** Losses of torch.nn.functional. Each is a mean over all elements unless `reduction` says "sum" or "none". */
import { checked, operator, type Reduction } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

const mseLoss = operator("aten::mse_loss(self, target, reduction)");
const l1Loss = operator("aten::l1_loss(self, target, reduction)");
const smoothL1Loss = operator("aten::smooth_l1_loss(self, target, reduction, beta)");
const huberLoss = operator("aten::huber_loss(self, target, reduction, delta)");
const crossEntropy = operator(
  "aten::cross_entropy_loss(self, target, weight, reduction, ignore_index, label_smoothing)",
);
const nllLoss = operator("aten::nll_loss_nd(self, target, weight, reduction, ignore_index)");
const binaryCrossEntropy = operator("aten::binary_cross_entropy(self, target, weight, reduction)");
const bceWithLogits = operator("aten::binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction)");
const klDiv = operator("aten::kl_div(self, target, reduction, log_target)");
const softMarginLoss = operator("aten::soft_margin_loss(self, target, reduction)");
const hingeEmbeddingLoss = operator("aten::hinge_embedding_loss(self, target, margin, reduction)");
const marginRankingLoss = operator("aten::margin_ranking_loss(input1, input2, target, margin, reduction)");
const cosineEmbeddingLoss = operator("aten::cosine_embedding_loss(input1, input2, target, margin, reduction)");
const tripletMarginLoss = operator(
  "aten::triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction)",
);
const multiMarginLoss = operator("aten::multi_margin_loss(self, target, p, margin, weight, reduction)");
const poissonNllLoss = operator("aten::poisson_nll_loss(input, target, log_input, full, eps, reduction)");

/** More of {@link Tensor.crossEntropy} and {@link Tensor.nllLoss}. */
export interface ClassLossOptions {
  /** A factor for each class. */
  readonly weight?: Tensor | null;
  /** The target that counts for nothing. Default -100. */
  readonly ignoreIndex?: number;
}

/** Losses of Tensor, which is the network's output. */
export const losses = {
  /** (x - t)^2 */
  mseLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean"): Tensor {
    return mseLoss(this, target, reduction);
  },
  /** |x - t| */
  l1Loss(this: Tensor, target: Tensor, reduction: Reduction = "mean"): Tensor {
    return l1Loss(this, target, reduction);
  },
  /** (x - t)^2 / (2 beta) where |x - t| < beta, else |x - t| - beta / 2. */
  smoothL1Loss(this: Tensor, target: Tensor, reduction: Reduction = "mean", beta = 1): Tensor {
    return smoothL1Loss(this, target, reduction, beta);
  },
  /** delta times {@link smoothL1Loss} with that beta. */
  huberLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean", delta = 1): Tensor {
    return huberLoss(this, target, reduction, delta);
  },
  /** -log softmax(x)[target] with x [N, C, ...] and target int64 [N, ...], or probabilities [N, C, ...]. */
  crossEntropy(
    this: Tensor,
    target: Tensor,
    reduction: Reduction = "mean",
    options: ClassLossOptions & { readonly labelSmoothing?: number } = {},
  ): Tensor {
    const { weight, ignoreIndex, labelSmoothing } = checked(
      "crossEntropy",
      options,
      "weight",
      "ignoreIndex",
      "labelSmoothing",
    );
    return crossEntropy(this, target, weight, reduction, ignoreIndex, labelSmoothing);
  },
  /** -x[target] with x [N, C, ...] log-probabilities and target int64 [N, ...]. */
  nllLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean", options: ClassLossOptions = {}): Tensor {
    const { weight, ignoreIndex } = checked("nllLoss", options, "weight", "ignoreIndex");
    return nllLoss(this, target, weight, reduction, ignoreIndex);
  },
  /** -t log x - (1 - t) log(1 - x) with probabilities x; each logarithm is at least -100. */
  binaryCrossEntropy(
    this: Tensor,
    target: Tensor,
    reduction: Reduction = "mean",
    options: { readonly weight?: Tensor | null } = {},
  ): Tensor {
    const { weight } = checked("binaryCrossEntropy", options, "weight");
    return binaryCrossEntropy(this, target, weight, reduction);
  },
  /** -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), without overflow; `posWeight` multiplies the first term. */
  binaryCrossEntropyWithLogits(
    this: Tensor,
    target: Tensor,
    reduction: Reduction = "mean",
    options: { readonly weight?: Tensor | null; readonly posWeight?: Tensor | null } = {},
  ): Tensor {
    const { weight, posWeight } = checked("binaryCrossEntropyWithLogits", options, "weight", "posWeight");
    return bceWithLogits(this, target, weight, posWeight, reduction);
  },
  /** t (log t - x) with log-probabilities x and probabilities t (their logarithms when `logTarget`). "batchmean" divides the sum by N. */
  klDiv(this: Tensor, target: Tensor, reduction: Reduction | "batchmean" = "mean", logTarget = false): Tensor {
    if (reduction !== "batchmean") return klDiv(this, target, reduction, logTarget);
    return klDiv(this, target, "sum", logTarget).div(this.shape[0]!);
  },
  /** log(1 + e^(-t x)) with t = 1 or -1. */
  softMarginLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean"): Tensor {
    return softMarginLoss(this, target, reduction);
  },
  /** x where t = 1, max(0, margin - x) where t = -1. */
  hingeEmbeddingLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean", margin = 1): Tensor {
    return hingeEmbeddingLoss(this, target, margin, reduction);
  },
  /** max(0, -t (x - other) + margin) with t = 1 or -1. */
  marginRankingLoss(this: Tensor, other: Tensor, target: Tensor, reduction: Reduction = "mean", margin = 0): Tensor {
    return marginRankingLoss(this, other, target, margin, reduction);
  },
  /** 1 - cos(x, other) where t = 1, max(0, cos(x, other) - margin) where t = -1; of rows. */
  cosineEmbeddingLoss(this: Tensor, other: Tensor, target: Tensor, reduction: Reduction = "mean", margin = 0): Tensor {
    return cosineEmbeddingLoss(this, other, target, margin, reduction);
  },
  /** max(0, |x - positive|_p - |x - negative|_p + margin); of rows. */
  tripletMarginLoss(
    this: Tensor,
    positive: Tensor,
    negative: Tensor,
    reduction: Reduction = "mean",
    options: { readonly margin?: number; readonly p?: number; readonly swap?: boolean } = {},
  ): Tensor {
    const { margin = 1, p = 2, swap = false } = checked("tripletMarginLoss", options, "margin", "p", "swap");
    return tripletMarginLoss(this, positive, negative, margin, p, undefined, swap, reduction);
  },
  /** The mean over the other classes of max(0, margin - x[target] + x[class]), with x [N, C] and target int64 [N]. */
  multiMarginLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean", margin = 1): Tensor {
    return multiMarginLoss(this, target, 1, margin, null, reduction);
  },
  /** e^x - t x with the logarithm x of a Poisson rate, or x - t log(x + 1e-8) when not `logInput`. */
  poissonNllLoss(this: Tensor, target: Tensor, reduction: Reduction = "mean", logInput = true): Tensor {
    return poissonNllLoss(this, target, logInput, false, 1e-8, reduction);
  },
};
