import { expect, it } from "vitest";
import { Generator, grad, noGrad, Tensor } from "../../src/tensor/index.ts";
import { type Differentiable, gradientErrors } from "./finite-differences.ts";

const stream = new Generator(11);
const options = { generator: stream, dtype: "float64" } as const;

/** Between -1.5 and 1.5, no element within 0.05 of 0 or of another multiple of 0.5, where functions have their kinks. */
const signed = (...shape: number[]) => {
  const cells = Tensor.randint(-3, 3, shape, { generator: stream, dtype: "float64" }).mul(0.5);
  return cells.add(Tensor.rand(shape, options).mul(0.4).add(0.05));
};
const positive = (...shape: number[]) => Tensor.rand(shape, options).add(0.3);
/** All elements differ by at least 0.1: extremes and orders do not change within a step. */
const distinct = (...shape: number[]) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return Tensor.randperm(count, { generator: stream, dtype: "float64" }).mul(0.1).add(0.03).view(shape);
};
const index = (values: number[], shape = [values.length]) => Tensor.fromArray(values, shape, { dtype: "int64" });
const mask = Tensor.fromArray([1, 0, 1, 1, 0, 0], [2, 3], { dtype: "bool" });
const unit = Tensor.eye(2, { dtype: "float64" });
const symmetric = () => {
  const a = signed(3, 3);
  return a
    .add(a.transpose(0, 1))
    .add(Tensor.eye(3, { dtype: "float64" }).mul(2))
    .detach();
};

interface Case {
  readonly method: string;
  readonly f: Differentiable;
  readonly inputs: readonly Tensor[];
  /** False where libtorch has no second derivative, or it is too rough to difference. */
  readonly second?: boolean;
}

const c = (method: string, f: Differentiable, inputs: readonly Tensor[], second = true): Case => ({
  method,
  f,
  inputs,
  second,
});
const a = () => signed(2, 3);
const image = () => signed(2, 2, 6, 6);
const places = Tensor.fromArray([0.1, -0.3, -0.6, 0.7, 0.9, 0.2, -0.15, -1.1], [1, 2, 2, 2], { dtype: "float64" });
const norm =
  (training: boolean): Differentiable =>
  (x, weight, bias) =>
    x!.batchNorm({
      weight: weight!,
      bias: bias!,
      runningMean: Tensor.full([3], 0.1, { dtype: "float64" }),
      runningVar: Tensor.full([3], 0.7, { dtype: "float64" }),
      training,
      momentum: 0.1,
      eps: 1e-3,
    });

/** Methods of one tensor without arguments, by where they are smooth. */
type Unary = { [Name in keyof Tensor]: Tensor[Name] extends () => Tensor ? Name : never }[keyof Tensor];
const unary = (names: readonly Unary[], input: () => Tensor): Case[] =>
  names.map((name) => c(name, (x) => (name.endsWith("_") ? x!.mul(1) : x!)[name](), [input()]));
const near1 = () => signed(2, 3).mul(0.6);
const volume = () => signed(1, 2, 4, 4, 4);
const line = () => signed(1, 2, 6);
const signs = Tensor.fromArray([1, -1], [2], { dtype: "float64" });
const plain = (...shape: number[]) => Tensor.rand(shape, options).add(0.1);

const more: readonly Case[] = [
  ...unary(["exp2", "tan", "atan", "sinh", "cosh", "asinh", "sinc", "deg2rad", "rad2deg", "erf", "erfc"], near1),
  ...unary(["asin", "acos", "atanh", "erfinv"], near1),
  ...unary(["log2", "log10", "lgamma", "digamma"], () => positive(2, 3)),
  ...unary(["acosh"], () => positive(2, 3).add(1)),
  ...unary(["trunc", "frac", "relu6", "selu", "celu", "gelu", "silu", "mish", "softsign", "hardtanh"], a),
  c("hardsigmoid", (x) => x!.hardsigmoid(), [a()], false),
  ...unary(["hardswish", "hardshrink", "softshrink", "tanhshrink", "nanToNum"], a),
  ...unary(["neg_", "abs_", "sign_", "square_", "exp_", "sin_", "cos_", "tanh_", "sigmoid_", "tril_", "triu_"], a),
  ...unary(["floor_", "ceil_", "trunc_", "reciprocal_"], a),
  ...unary(["rsqrt_", "log_"], () => positive(2, 3)),
  ...unary(["ravel", "t", "fliplr", "flipud", "diag", "diagEmbed", "tril", "rot90", "cpu", "cov", "corrcoef"], a),
  ...unary(["trace", "det", "inverse", "matrixExp"], () =>
    signed(3, 3)
      .mul(0.5)
      .add(Tensor.eye(3, { dtype: "float64" })),
  ),
  ...unary(["prod", "nansum", "nanmean", "max", "min", "median", "nanmedian"], () => distinct(2, 3)),
  ...unary(["pinverse"], () => signed(2, 3)),
  c("round_", (x) => x!.mul(1).round_(), [signed(2, 3).mul(0.9)]),
  c("logit", (x) => x!.logit(), [positive(2, 3).mul(0.6)]),
  c("gelu", (x) => x!.gelu("tanh"), [a()]),
  c("threshold", (x) => x!.threshold(0.5, 2), [a()]),
  c("prelu", (x, w) => x!.prelu(w!), [a(), positive(3)]),
  c("glu", (x) => x!.glu(), [signed(2, 4)]),
  c("rsub", (x, y) => x!.rsub(y!, 2), [a(), a()]),
  c("floorDivide", (x) => x!.floorDivide(0.5), [a()]),
  c("remainder", (x) => x!.remainder(0.5), [a()]),
  c("remainder_", (x) => x!.mul(1).remainder_(0.5), [a()]),
  c("fmod", (x) => x!.fmod(0.5), [a()]),
  c("copysign", (x) => x!.copysign(-1), [a()]),
  c("atan2", (x, y) => x!.atan2(y!), [a(), positive(2, 3)]),
  c("hypot", (x, y) => x!.hypot(y!), [a(), positive(2, 3)]),
  c("logaddexp", (x, y) => x!.logaddexp(y!), [a(), a()]),
  c("logaddexp2", (x, y) => x!.logaddexp2(y!), [a(), a()]),
  c("xlogy", (x, y) => x!.xlogy(y!), [a(), positive(2, 3)]),
  c("addcmul", (x, y, z) => x!.addcmul(y!, z!, 2), [a(), a(), a()]),
  c("addcdiv", (x, y, z) => x!.addcdiv(y!, z!, 2), [a(), a(), positive(2, 3)]),
  c("lerp", (x, y, w) => x!.lerp(y!, w!), [a(), a(), positive(2, 3)]),
  c("clamp", (x, y) => x!.clamp(y!, y!.add(0.5)), [a(), signed(3).add(0.03)]),
  c("clampMax", (x) => x!.clampMax(0), [a()]),
  c("clampMin_", (x) => x!.mul(1).clampMin_(0), [a()]),
  c("clampMax_", (x) => x!.mul(1).clampMax_(0), [a()]),
  c("fmax", (x, y) => x!.fmax(y!), [a(), Tensor.zeros([3], { dtype: "float64" })]),
  c("fmin", (x, y) => x!.fmin(y!), [a(), Tensor.zeros([3], { dtype: "float64" })]),
  c("featureDropout", (x) => x!.featureDropout(0.5, false), [a()]),
  c("alphaDropout", (x) => x!.alphaDropout(0.5, false), [a()]),
  c("pow_", (x) => x!.mul(1).pow_(3), [a()]),
  c("prod", (x) => x!.prod(1, true), [a()]),
  c("varMean", (x) => x!.varMean(1), [a()]),
  c("dist", (x, y) => x!.dist(y!, 3), [a(), signed(2, 3).add(4)]),
  c("max", (x) => x!.max(1)[0], [distinct(2, 3)]),
  c("min", (x, y) => x!.min(y!), [a(), Tensor.zeros([2, 3], { dtype: "float64" })]),
  c("aminmax", (x) => x!.aminmax(1), [distinct(2, 3)]),
  c("median", (x) => x!.median(1)[0], [distinct(2, 3)]),
  c("mode", (x) => x!.mode()[0], [distinct(2, 3)]),
  c("kthvalue", (x) => x!.kthvalue(2)[0], [distinct(2, 3)]),
  c("quantile", (x) => x!.quantile(0.3, 1), [distinct(2, 3)]),
  c("cumprod", (x) => x!.cumprod(1), [a()]),
  c("logcumsumexp", (x) => x!.logcumsumexp(1), [a()]),
  c("cummax", (x) => x!.cummax(1)[0], [distinct(2, 3)]),
  c("cummin", (x) => x!.cummin(1)[0], [distinct(2, 3)]),
  c("diff", (x) => x!.diff(), [a()]),
  c("softmin", (x) => x!.softmin(1), [a()]),
  c("viewAs", (x) => x!.viewAs(Tensor.empty([3, 2])), [a()]),
  c("reshapeAs", (x) => x!.reshapeAs(Tensor.empty([6])), [a()]),
  c("unflatten", (x) => x!.unflatten(1, [3, 1]), [a()]),
  c("movedim", (x) => x!.movedim(0, 2), [signed(2, 3, 2)]),
  c("expandAs", (x) => x!.expandAs(Tensor.empty([4, 2, 3])), [a()]),
  c("broadcastTo", (x) => x!.broadcastTo(4, 2, 3), [a()]),
  c("tile", (x) => x!.tile(2), [a()]),
  c("repeatInterleave", (x) => x!.repeatInterleave(index([1, 3]), 0), [a()]),
  c("unbind", (x) => x!.unbind(1), [a()]),
  c("chunk", (x) => x!.chunk(2, 1), [a()]),
  c("tensorSplit", (x) => x!.tensorSplit([1], 1), [a()]),
  c("unfold", (x) => x!.unfold(1, 2, 1), [a()]),
  c("roll", (x) => x!.roll(1, 1), [a()]),
  c("pad", (x) => x!.pad([1, 2], "reflect"), [signed(1, 2, 4)]),
  c("pad", (x) => x!.pad([1, 2], "replicate"), [signed(1, 2, 4)]),
  c("pad", (x) => x!.pad([1, 2], "circular"), [signed(1, 2, 4)]),
  c("typeAs", (x) => x!.typeAs(unit), [a()]),
  c("index", (x) => x!.index([1, "0:2"]), [a()]),
  c("index", (x) => x!.index([null, [2, 0, 2]]), [a()]),
  c("index", (x) => x!.index([mask]), [a()]),
  c("indexPut_", (x, y) => x!.mul(1).indexPut_([0, "1:"], y!), [a(), signed(2)]),
  c("indexPut_", (x, y) => x!.mul(1).indexPut_([null, [2, 0]], y!, true), [a(), signed(2)]),
  c("indexAdd", (x, y) => x!.indexAdd(1, index([2, 0]), y!, 2), [a(), signed(2, 2)]),
  c("indexAdd_", (x, y) => x!.mul(1).indexAdd_(1, index([2, 0]), y!), [a(), signed(2, 2)]),
  c("indexCopy", (x, y) => x!.indexCopy(1, index([2, 0]), y!), [a(), signed(2, 2)]),
  c("indexFill", (x) => x!.indexFill(1, index([2, 0]), 7), [a()]),
  c("indexFill_", (x) => x!.mul(1).indexFill_(1, index([2, 0]), 7), [a()]),
  c("takeAlongDim", (x) => x!.takeAlongDim(index([2, 0], [2, 1]), 1), [a()]),
  c("take", (x) => x!.take(index([5, 0, 0])), [a()]),
  c("scatter", (x, y) => x!.scatter(1, index([2, 0], [2, 1]), y!), [a(), signed(2, 1)]),
  c("scatter_", (x) => x!.mul(1).scatter_(1, index([2, 0], [2, 1]), 7), [a()]),
  c("scatterAdd", (x, y) => x!.scatterAdd(1, index([2, 0], [2, 1]), y!), [a(), signed(2, 1)]),
  c("scatterAdd_", (x, y) => x!.mul(1).scatterAdd_(1, index([2, 0], [2, 1]), y!), [a(), signed(2, 1)]),
  c("scatterReduce", (x, y) => x!.scatterReduce(1, index([2, 0], [2, 1]), y!, "sum"), [a(), signed(2, 1)]),
  c("maskedSelect", (x) => x!.maskedSelect(mask), [a()]),
  c("maskedFill", (x, y) => x!.maskedFill(mask, y!), [a(), signed()]),
  c("maskedFill_", (x) => x!.mul(1).maskedFill_(mask, 7), [a()]),
  c("maskedScatter", (x, y) => x!.maskedScatter(mask, y!), [a(), signed(3)]),
  c("where", (x, y) => x!.where(mask, y!), [a(), a()]),
  c("fillDiagonal_", (x) => x!.mul(1).fillDiagonal_(7), [a()]),
  c("inner", (x, y) => x!.inner(y!), [a(), a()]),
  c("cross", (x, y) => x!.cross(y!), [a(), a()]),
  c("kron", (x, y) => x!.kron(y!), [a(), signed(2, 1)]),
  c("addmv", (x, m, v) => x!.addmv(m!, v!, { beta: 0.5, alpha: 2 }), [signed(2), a(), signed(3)]),
  c("baddbmm", (x, m, n) => x!.baddbmm(m!, n!), [signed(2, 2, 1), signed(2, 2, 3), signed(2, 3, 1)]),
  c("tensordot", (x, y) => x!.tensordot(y!, 1), [a(), signed(3, 2)]),
  c("bilinear", (x, y, w) => x!.bilinear(y!, w!), [a(), signed(2, 2), signed(1, 3, 2)]),
  c("cdist", (x, y) => x!.cdist(y!), [a(), signed(2, 3).add(3)], false),
  c("pdist", (x) => x!.pdist(), [distinct(3, 2)], false),
  c("pairwiseDistance", (x, y) => x!.pairwiseDistance(y!), [a(), signed(2, 3).add(3)]),
  c("cosineSimilarity", (x, y) => x!.cosineSimilarity(y!), [a(), a()]),
  c("normalize", (x) => x!.normalize(), [a()]),
  c("logdet", (x) => x!.mm(x!.t()).add(unit).logdet(), [a()]),
  c("slogdet", (x) => x!.mm(x!.t()).add(unit).slogdet()[1], [a()]),
  c("matrixPower", (x) => x!.matrixPower(3), [signed(2, 2)]),
  c("linalgSolve", (x, y) => x!.mm(x!.t()).add(unit).linalgSolve(y!), [a(), signed(2, 1)]),
  c("linalgSolveTriangular", (x, y) => x!.mm(x!.t()).add(unit).tril().linalgSolveTriangular(y!, { upper: false }), [
    a(),
    signed(2, 1),
  ]),
  c("linalgLstsq", (x, y) => x!.linalgLstsq(y!), [distinct(3, 2).square(), signed(3, 1)], false),
  c("linalgCholesky", (x) => x!.mm(x!.t()).add(unit).linalgCholesky(), [a()]),
  c("conv1d", (x, w, b) => x!.conv1d(w!, b!, { stride: 2, padding: 1 }), [line(), signed(3, 2, 3), signed(3)]),
  c("conv3d", (x, w) => x!.conv3d(w!), [volume(), signed(1, 2, 3, 3, 3)]),
  c("convTranspose1d", (x, w) => x!.convTranspose1d(w!, null, { stride: 2 }), [line(), signed(2, 1, 3)]),
  c("convTranspose3d", (x, w) => x!.convTranspose3d(w!), [signed(1, 2, 2, 2, 2), signed(2, 1, 2, 2, 2)]),
  c("im2col", (x) => x!.im2col(3, { padding: 1, stride: 2 }), [image()]),
  c("col2im", (x) => x!.col2im(3, 2), [signed(1, 8, 4)]),
  c("instanceNorm", (x, w, b) => x!.instanceNorm(w!, b!, 1e-3), [signed(2, 2, 2, 2), signed(2), signed(2)]),
  c("groupNorm", (x, w, b) => x!.groupNorm(2, w!, b!, 1e-3), [signed(2, 4, 2), signed(4), signed(4)]),
  c("avgPool1d", (x) => x!.avgPool1d(2), [line()]),
  c("maxPool1d", (x) => x!.maxPool1d(2), [distinct(1, 2, 6)]),
  c("adaptiveAvgPool1d", (x) => x!.adaptiveAvgPool1d(4), [line()]),
  c("adaptiveMaxPool2d", (x) => x!.adaptiveMaxPool2d(2), [distinct(1, 2, 4, 4)]),
  c("interpolate", (x) => x!.interpolate({ size: [5, 4], mode: "bicubic" }), [signed(1, 2, 2, 3)]),
  c("interpolate", (x) => x!.interpolate({ size: 2, mode: "bilinear", antialias: true }), [signed(1, 1, 4, 4)]),
  c("interpolate", (x) => x!.interpolate({ scaleFactor: 2, mode: "linear" }), [line()]),
  c("interpolate", (x) => x!.interpolate({ size: 2, mode: "area" }), [volume()]),
  c("pixelShuffle", (x) => x!.pixelShuffle(2), [signed(1, 4, 2, 2)]),
  c("pixelUnshuffle", (x) => x!.pixelUnshuffle(2), [signed(1, 1, 4, 2)]),
  c("channelShuffle", (x) => x!.channelShuffle(2), [signed(1, 4, 2, 2)]),
  c("affineGrid", (x) => x!.affineGrid([1, 1, 2, 3], false), [signed(1, 2, 3)]),
  c("smoothL1Loss", (x, y) => x!.smoothL1Loss(y!, "sum", 0.3), [a(), Tensor.zeros([2, 3], { dtype: "float64" })]),
  c("huberLoss", (x, y) => x!.huberLoss(y!, "sum", 0.3), [a(), Tensor.zeros([2, 3], { dtype: "float64" })]),
  c("binaryCrossEntropy", (x) => x!.binaryCrossEntropy(Tensor.full([2, 3], 0.9, { dtype: "float64" })), [
    plain(2, 3).mul(0.8),
  ]),
  c("klDiv", (x, y) => x!.klDiv(y!, "batchmean"), [a(), positive(2, 3)]),
  c("softMarginLoss", (x) => x!.softMarginLoss(signs.view(2, 1).expand(2, 3)), [a()], false),
  c("hingeEmbeddingLoss", (x) => x!.hingeEmbeddingLoss(signs.view(2, 1).expand(2, 3)), [signed(2, 3).mul(0.6)]),
  c("marginRankingLoss", (x, y) => x!.marginRankingLoss(y!, signs, "sum", 9), [signed(2), signed(2)]),
  c("cosineEmbeddingLoss", (x, y) => x!.cosineEmbeddingLoss(y!, signs, "sum", -1), [a(), a()]),
  c("tripletMarginLoss", (x, y, z) => x!.tripletMarginLoss(y!, z!, "sum", { margin: 9 }), [a(), a(), a()]),
  c("multiMarginLoss", (x) => x!.multiMarginLoss(index([2, 0]), "sum", 9), [a()], false),
  c("poissonNllLoss", (x) => x!.poissonNllLoss(Tensor.ones([2, 3], { dtype: "float64" })), [a()]),
  c("Tensor.einsum", (x, y) => Tensor.einsum("ij,kj->ik", [x!, y!]), [a(), a()]),
];

const cases: readonly Case[] = [
  ...more,
  c("add", (x, y) => x!.add(y!, 3), [a(), signed(3)]),
  c("add", (x) => x!.add(2), [a()]),
  c("sub", (x, y) => x!.sub(y!, 2), [a(), signed(2, 1)]),
  c("rsub", (x) => x!.rsub(2, 3), [a()]),
  c("mul", (x, y) => x!.mul(y!), [a(), signed(1)]),
  c("div", (x, y) => x!.div(y!), [a(), positive(2, 3)]),
  c("pow", (x, y) => x!.pow(y!), [positive(2, 3), signed(3)]),
  c("pow", (x) => x!.pow(3), [a()]),
  c("neg", (x) => x!.neg(), [a()]),
  c("abs", (x) => x!.abs(), [a()]),
  c("sign", (x) => x!.sign(), [a()]),
  c("sqrt", (x) => x!.sqrt(), [positive(2, 3)]),
  c("rsqrt", (x) => x!.rsqrt(), [positive(2, 3)]),
  c("reciprocal", (x) => x!.reciprocal(), [positive(2, 3)]),
  c("square", (x) => x!.square(), [a()]),
  c("exp", (x) => x!.exp(), [a()]),
  c("expm1", (x) => x!.expm1(), [a()]),
  c("log", (x) => x!.log(), [positive(2, 3)]),
  c("log1p", (x) => x!.log1p(), [positive(2, 3)]),
  c("sin", (x) => x!.sin(), [a()]),
  c("cos", (x) => x!.cos(), [a()]),
  c("tanh", (x) => x!.tanh(), [a()]),
  c("sigmoid", (x) => x!.sigmoid(), [a()]),
  c("relu", (x) => x!.relu(), [a()]),
  c("leakyRelu", (x) => x!.leakyRelu(0.2), [a()]),
  c("elu", (x) => x!.elu(1.3), [a()]),
  c("softplus", (x) => x!.softplus(2), [a()]),
  c("logSigmoid", (x) => x!.logSigmoid(), [a()]),
  c("floor", (x) => x!.floor(), [a()]),
  c("ceil", (x) => x!.ceil(), [a()]),
  c("round", (x) => x!.round(), [signed(2, 3).mul(0.9)]),
  c("clamp", (x) => x!.clamp(-0.5, 0.5), [a()]),
  c("clampMin", (x) => x!.clampMin(0), [a()]),
  c("maximum", (x, y) => x!.maximum(y!), [a(), Tensor.zeros([2, 3], { dtype: "float64" })]),
  c("minimum", (x, y) => x!.minimum(y!), [a(), Tensor.zeros([2, 3], { dtype: "float64" })]),
  c("lerp", (x, y) => x!.lerp(y!, 0.3), [a(), a()]),
  c("dropout", (x) => x!.dropout(0.5, false), [a()]),
  c("sum", (x) => x!.sum([1], true), [signed(2, 3, 2)]),
  c("mean", (x) => x!.mean([0, 2]), [signed(2, 3, 2)]),
  c("mean", (x) => x!.mean(), [a()]),
  c("var", (x) => x!.var([1], { correction: 0 }), [signed(2, 4)]),
  c("std", (x) => x!.std(0), [signed(4, 2)]),
  c("norm", (x) => x!.norm(2, 1), [a()]),
  c("norm", (x) => x!.norm(3), [a()]),
  c("amax", (x) => x!.amax(1), [distinct(2, 4)]),
  c("amin", (x) => x!.amin(), [distinct(2, 4)]),
  c("logsumexp", (x) => x!.logsumexp([1]), [a()]),
  c("cumsum", (x) => x!.cumsum(1), [a()]),
  c("topk", (x) => x!.topk(2)[0], [distinct(2, 4)]),
  c("sort", (x) => x!.sort(1, true)[0], [distinct(2, 4)]),
  c("softmax", (x) => x!.softmax(1), [a()]),
  c("logSoftmax", (x) => x!.logSoftmax(0), [a()]),
  c("view", (x) => x!.view([3, -1]), [a()]),
  c("reshape", (x) => x!.transpose(0, 1).reshape([6]), [a()]),
  c("flatten", (x) => x!.flatten(1), [signed(2, 3, 2)]),
  c("permute", (x) => x!.permute([2, 0, 1]), [signed(2, 3, 2)]),
  c("transpose", (x) => x!.transpose(0, 1), [a()]),
  c("squeeze", (x) => x!.squeeze(1), [signed(2, 1, 3)]),
  c("squeeze", (x) => x!.squeeze(), [signed(2, 1, 3)]),
  c("unsqueeze", (x) => x!.unsqueeze(1), [a()]),
  c("expand", (x) => x!.expand([4, -1, 3]), [signed(1, 2, 1)]),
  c("repeat", (x) => x!.repeat([2, 1, 2]), [a()]),
  c("narrow", (x) => x!.narrow(1, 1, 2), [a()]),
  c("select", (x) => x!.select(0, -1), [a()]),
  c("split", (x) => x!.split(2, 1), [signed(2, 5)]),
  c("diagonal", (x) => x!.diagonal(1), [a()]),
  c("triu", (x) => x!.triu(1), [a()]),
  c("flip", (x) => x!.flip([0, 1]), [a()]),
  c("constantPad", (x) => x!.constantPad([1, 2, -1, 1], 0.5), [a()]),
  c("indexSelect", (x) => x!.indexSelect(1, index([2, 0, 0])), [a()]),
  c("gather", (x) => x!.gather(1, index([0, 0, 2, 1], [2, 2])), [a()]),
  c("embedding", (x) => x!.embedding(index([1, 0, 1, 1], [2, 2])), [signed(3, 2)]),
  c("contiguous", (x) => x!.contiguous("channelsLast"), [signed(1, 2, 2, 2)]),
  c("clone", (x) => x!.clone(), [a()]),
  c("to", (x) => x!.to({ dtype: "float64", memoryFormat: "channelsLast" }), [signed(1, 2, 2, 2)]),
  c("double", (x) => x!.double(), [a()]),
  c("matmul", (x, y) => x!.matmul(y!), [signed(2, 2, 3), signed(3, 2)]),
  c("mm", (x, y) => x!.mm(y!), [a(), signed(3, 2)]),
  c("bmm", (x, y) => x!.bmm(y!), [signed(2, 2, 3), signed(2, 3, 1)]),
  c("mv", (x, y) => x!.mv(y!), [a(), signed(3)]),
  c("dot", (x, y) => x!.dot(y!), [signed(4), signed(4)]),
  c("outer", (x, y) => x!.outer(y!), [signed(2), signed(3)]),
  c("addmm", (x, y, z) => x!.addmm(y!, z!, { beta: 0.5, alpha: 2 }), [signed(2), a(), signed(3, 2)]),
  c("linear", (x, w, b) => x!.linear(w!, b!), [a(), signed(2, 3), signed(2)]),
  // R's diagonal may take either sign: Q R itself is the function.
  c("linalgQr", (x) => x!.linalgQr()[1].abs(), [symmetric()]),
  c("linalgEigh", (x) => x!.add(x!.transpose(0, 1)).linalgEigh()[0], [symmetric()]),
  c("linalgEigvalsh", (x) => x!.add(x!.transpose(0, 1)).linalgEigvalsh(), [symmetric()]),
  c("linalgCholeskyEx", (x) => x!.mm(x!.transpose(0, 1)).add(unit).linalgCholeskyEx()[0], [a()]),
  c("linalgSvdvals", (x) => x!.linalgSvdvals(), [symmetric()]),
  c("linalgSvd", (x) => x!.linalgSvd()[1], [signed(2, 3)]),
  c("conv2d", (x, w, b) => x!.conv2d(w!, b!, { padding: 1 }), [image(), signed(3, 2, 3, 3), signed(3)]),
  c("conv2d", (x, w, b) => x!.conv2d(w!, b!, { stride: 2, padding: 1 }), [image(), signed(3, 2, 4, 4), signed(3)]),
  c("conv2d", (x, w) => x!.conv2d(w!, null, { dilation: 2, groups: 2 }), [image(), signed(2, 1, 2, 2)]),
  c("convTranspose2d", (x, w, b) => x!.convTranspose2d(w!, b!, { stride: 2, padding: 1 }), [
    signed(2, 2, 3, 3),
    signed(2, 3, 4, 4),
    signed(3),
  ]),
  c("convTranspose2d", (x, w) => x!.convTranspose2d(w!), [signed(2, 2, 1, 1), signed(2, 3, 3, 3)]),
  c("pairwiseL1", (x) => x!.pairwiseL1(), [distinct(3, 2, 2)]),
  c(
    "overSpectralNorm",
    (w) => {
      const [u, v] = [Tensor.full([3], 0.4, { dtype: "float64" }), Tensor.full([20], 0.3, { dtype: "float64" })];
      return w!.overSpectralNorm(u, v, u.dot(w!.detach().mv(v)));
    },
    [positive(3, 20)],
  ),
  c(
    "overSpectralNorm",
    (w) => {
      const [u, v] = [
        Tensor.full([2], 0.4, { dtype: "float64" }),
        Tensor.arange(1, 13, 1, { dtype: "float64" }).mul(0.1),
      ];
      const last = w!.contiguous("channelsLast");
      const matrix = last.detach().permute([0, 2, 3, 1]).reshape([2, 12]);
      return last.overSpectralNorm(u, v, u.dot(matrix.mv(v)));
    },
    [positive(2, 3, 2, 2)],
  ),
  c("scaledDotProductAttention", (q, k, v) => q!.scaledDotProductAttention(k!, v!), [
    signed(2, 3, 2),
    signed(2, 4, 2),
    signed(2, 4, 3),
  ]),
  c("pairwiseL1", (x) => x!.pairwiseL1().neg().exp(), [distinct(4, 2, 3)]),
  c("batchNorm", norm(true), [signed(3, 3, 2, 2), signed(3), signed(3)]),
  c("batchNorm", norm(false), [signed(3, 3, 2, 2), signed(3), signed(3)]),
  c("layerNorm", (x, w, b) => x!.layerNorm([4], w!, b!, 1e-3), [signed(2, 4), signed(4), signed(4)]),
  c("avgPool2d", (x) => x!.avgPool2d(3, 2, 1, false), [image()]),
  c("maxPool2d", (x) => x!.maxPool2d(2), [distinct(1, 2, 4, 4)]),
  c("adaptiveAvgPool2d", (x) => x!.adaptiveAvgPool2d([3, 2]), [image()]),
  c("upsampleNearest2d", (x) => x!.upsampleNearest2d(2), [signed(1, 2, 2, 3)]),
  c("upsampleBilinear2d", (x) => x!.upsampleBilinear2d({ size: [5, 4] }, true), [signed(1, 2, 2, 3)]),
  // Places away from the pixels' centres, where the slope jumps; one of them is outside.
  c("gridSample", (x, g) => x!.gridSample(g!), [signed(1, 2, 4, 4), places], false),
  c(
    "binaryCrossEntropyWithLogits",
    (x) => x!.binaryCrossEntropyWithLogits(Tensor.full([2, 3], 0.9, { dtype: "float64" })),
    [a()],
  ),
  c("crossEntropy", (x) => x!.crossEntropy(index([2, 0])), [a()]),
  c("nllLoss", (x) => x!.nllLoss(index([2, 0]), "none"), [a()]),
  c("mseLoss", (x, y) => x!.mseLoss(y!, "sum"), [a(), a()]),
  c("l1Loss", (x, y) => x!.l1Loss(y!), [a(), Tensor.zeros([2, 3], { dtype: "float64" })]),
  c("cat", (x, y) => Tensor.cat([x!, y!], 1), [a(), signed(2, 1)]),
  c("stack", (x, y) => Tensor.stack([x!, y!], 1), [a(), a()]),
  c("where", (x, y) => Tensor.where(mask, x!, y!), [a(), a()]),
  // In place: on a result of an operation, as no leaf may be changed while it is recorded.
  c("copy_", (x, y) => x!.mul(1).copy_(y!), [a(), signed(3)]),
  c("fill_", (x) => x!.mul(2).fill_(1).add(x!), [a()]),
  c("zero_", (x) => x!.mul(2).zero_().add(x!), [a()]),
  c("add_", (x, y) => x!.mul(1).add_(y!, 2), [a(), signed(3)]),
  c("sub_", (x, y) => x!.mul(1).sub_(y!, 2), [a(), signed(3)]),
  c("mul_", (x, y) => x!.add(1).mul_(y!), [a(), signed(3)]),
  c("div_", (x, y) => x!.add(1).div_(y!), [a(), positive(3)]),
  c("addcmul_", (x, y, z) => x!.mul(1).addcmul_(y!, z!, 2), [a(), a(), a()]),
  c("addcdiv_", (x, y, z) => x!.mul(1).addcdiv_(y!, z!, 2), [a(), a(), positive(2, 3)]),
  c("addmm_", (x, y, z) => x!.mul(1).addmm_(y!, z!, { beta: 0.5, alpha: 2 }), [signed(2, 2), a(), signed(3, 2)]),
  c("lerp_", (x, y) => x!.mul(1).lerp_(y!, 0.3), [a(), a()]),
  c("sqrt_", (x) => x!.mul(1).sqrt_(), [positive(2, 3)]),
  c("clamp_", (x) => x!.mul(1).clamp_(-0.5, 0.5), [a()]),
  c("relu_", (x) => x!.mul(1).relu_(), [a()]),
  c("indexCopy_", (x, y) => x!.mul(1).indexCopy_(1, index([2, 0]), y!), [a(), signed(2, 2)]),
  c("leakyRelu_", (x) => x!.mul(1).leakyRelu_(0.2), [a()]),
];

it.each(cases)("$method: first and second order against finite differences", ({ f, inputs, second }) => {
  const errors = gradientErrors(f, inputs, second);
  expect(errors.first).toBeLessThan(1e-7);
  expect(errors.second).toBeLessThan(1e-6);
});

/** Everything else a Tensor can do, so that a new method must choose its side. */
const withoutGradient = [
  "argmax",
  "argmin",
  "argsort",
  "argwhere",
  "nonzero",
  "countNonzero",
  "equal",
  "allclose",
  "isclose",
  "isin",
  "isinf",
  "signbit",
  "unique",
  "uniqueCounts",
  "histc",
  "bucketize",
  "searchsorted",
  "matrixRank",
  "heaviside",
  "logicalOr",
  "logicalXor",
  "bitwiseNot",
  "bitwiseAnd",
  "bitwiseOr",
  "bitwiseXor",
  "exponential_",
  "cauchy_",
  "logNormal_",
  "geometric_",
  "random_",
  "size",
  "toString",
  "all",
  "any",
  "bincount",
  "oneHot",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "isfinite",
  "isnan",
  "logicalNot",
  "logicalAnd",
  "multinomial",
  "bernoulli",
  "normal_",
  "uniform_",
  "bernoulli_",
  "detach",
  "dispose",
  // Of another precision than the differences need.
  "float",
  "half",
  "bfloat16",
  "long",
  "int",
  "bool",
  // Of a device that this machine may lack.
  "cuda",
  "requiresGrad_",
  "isContiguous",
  "item",
  "toArray",
  "tolist",
];

it("covers every method that computes", () => {
  const methods = new Set<string>();
  for (let level = Tensor.prototype as object; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === "function" && name !== "constructor") methods.add(name);
    }
  }
  const covered = new Set([...cases.map(({ method }) => method), ...withoutGradient]);
  expect([...methods].filter((name) => !covered.has(name))).toEqual([]);
});

it("draws in place cut the gradient", () => {
  const x = Tensor.ones([3], { requiresGrad: true });
  const y = x.mul(2).normal_(0, 1, new Generator(1));
  expect(grad(y.sum(), [x])[0].tolist()).toEqual([0, 0, 0]);
});

it("dropout's gradient is its own mask", () => {
  const x = Tensor.ones([1000], { requiresGrad: true });
  const y = x.dropout(0.25);
  const [dx] = grad(y.sum(), [x]);
  expect(dx.sub(y).abs().amax().item()).toBe(0);
  const kept = y.ne(0).float().mean().item();
  expect(kept).toBeGreaterThan(0.68);
  expect(kept).toBeLessThan(0.82);
  expect(y.amax().item()).toBeCloseTo(4 / 3, 6);
});

it("gives the third derivative", () => {
  const x = Tensor.fromArray([1.5], [1], { dtype: "float64", requiresGrad: true });
  let value = x.pow(4).sum();
  for (let order = 1; order <= 3; order++) value = grad(value, [x], { createGraph: true })[0].sum();
  expect(value.item()).toBeCloseTo(24 * 1.5, 10);
});

it("weights several outputs with gradOutputs", () => {
  const x = Tensor.fromArray([1, 2, 3], [3], { requiresGrad: true });
  const [dx] = grad([x.mul(2), x.square()], [x], {
    gradOutputs: [Tensor.fromArray([1, 0, 1]), Tensor.fromArray([0, 1, 10])],
  });
  expect(dx.tolist()).toEqual([2, 4, 62]);
});

it("computes only what the inputs need, and keeps the graph only when asked", () => {
  const x = Tensor.ones([2], { requiresGrad: true });
  const y = x.exp();
  const loss = y.sum();
  grad(loss, [y], { retainGraph: true });
  grad(loss, [x]);
  expect(() => grad(loss, [x])).toThrow(/^grad: Trying to backward through the graph a second time/);
});

it("says what is missing", () => {
  const x = Tensor.ones([2], { requiresGrad: true });
  const other = Tensor.ones([2], { requiresGrad: true });
  expect(() => grad(x.detach().sum(), [x])).toThrow(
    /^grad: element 0 of tensors does not require grad and does not have a grad_fn$/,
  );
  expect(() => grad(x.mul(2), [x])).toThrow(/^grad: grad can be implicitly created only for scalar outputs/);
  expect(() => grad(x.sum(), [other])).toThrow(/^grad: .*differentiated Tensors appears to not have been used/);
  expect(() => grad(x.sum(), [])).toThrow(/^grad: .*non-empty/);
  expect(() => grad(x.sum(), [Tensor.ones([2])])).toThrow(
    /^grad: (One of the differentiated Tensors|element 0 of the input tensors) does not require grad$/,
  );
  expect(() => grad(x.mul(2), [x], { gradOutputs: [Tensor.ones([3])] })).toThrow(/^grad: .*\[3\].*\[2\]/s);
  expect(grad(x.sum(), [other], { allowUnused: true })).toEqual([null]);
  expect(() => noGrad(() => grad(x.sum(), [x]))).toThrow(/does not require grad/);
  expect(() => x.add_(1)).toThrow(
    /^aten::add_\.Scalar: a leaf Variable that requires grad is being used in an in-place/,
  );
});

it("notices that a saved value was changed", () => {
  const x = Tensor.ones([2], { requiresGrad: true });
  const y = x.exp();
  const loss = y.sum();
  y.add_(1);
  expect(() => grad(loss, [x])).toThrow(/modified by an inplace operation/);
});

it.each(["zeros", "border", "reflection"] as const)(
  "gridSample of images alone has second derivatives, %s outside",
  (paddingMode) => {
    for (const mode of ["bilinear", "nearest"] as const) {
      const f: Differentiable = (x) => x!.gridSample(places.detach(), { mode, paddingMode }).square();
      const errors = gradientErrors(f, [signed(1, 2, 4, 4)]);
      expect(errors.first).toBeLessThan(1e-7);
      expect(errors.second).toBeLessThan(1e-6);
    }
  },
);
