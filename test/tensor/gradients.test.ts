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

const cases: readonly Case[] = [
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
  "long",
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
