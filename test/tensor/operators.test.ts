import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/tensor.json", import.meta.url), "utf8")) as {
  operators: Record<string, number[]>;
};
const double = { dtype: "float64" } as const;
const numbers = [-2.5, -1, -0.3, 0, 0.4, 1, 1.5, 3.5];
const x = Tensor.fromArray(numbers, [8], double);

function expectClose(actual: Tensor, expected: readonly number[]): void {
  const values = Array.from(actual.double().toArray(), Number);
  expect(values.length).toBe(expected.length);
  for (const [i, value] of values.entries()) {
    if (Number.isFinite(expected[i]!)) expect(value).toBeCloseTo(expected[i]!, 12);
    else expect(value).toBe(expected[i]);
  }
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const halfToEven = (v: number) => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));

const pointwise: readonly [string, (t: Tensor) => Tensor, (v: number) => number][] = [
  ["add", (t) => t.add(2, 3), (v) => v + 6],
  ["sub", (t) => t.sub(Tensor.ones([1], double), 2), (v) => v - 2],
  ["rsub", (t) => t.rsub(1, 2), (v) => 1 - 2 * v],
  ["mul", (t) => t.mul(t), (v) => v * v],
  ["div", (t) => t.div(4), (v) => v / 4],
  ["pow", (t) => t.pow(3), (v) => v ** 3],
  ["neg", (t) => t.neg(), (v) => -v],
  ["abs", (t) => t.abs(), Math.abs],
  ["sign", (t) => t.sign(), Math.sign],
  ["sqrt", (t) => t.abs().sqrt(), (v) => Math.sqrt(Math.abs(v))],
  ["rsqrt", (t) => t.abs().rsqrt(), (v) => 1 / Math.sqrt(Math.abs(v))],
  ["reciprocal", (t) => t.reciprocal(), (v) => 1 / v],
  ["square", (t) => t.square(), (v) => v * v],
  ["exp", (t) => t.exp(), Math.exp],
  ["expm1", (t) => t.expm1(), Math.expm1],
  ["log", (t) => t.abs().log(), (v) => Math.log(Math.abs(v))],
  ["log1p", (t) => t.abs().log1p(), (v) => Math.log1p(Math.abs(v))],
  ["sin", (t) => t.sin(), Math.sin],
  ["cos", (t) => t.cos(), Math.cos],
  ["floor", (t) => t.floor(), Math.floor],
  ["ceil", (t) => t.ceil(), Math.ceil],
  ["round", (t) => t.round(), halfToEven],
  ["tanh", (t) => t.tanh(), Math.tanh],
  ["sigmoid", (t) => t.sigmoid(), sigmoid],
  ["relu", (t) => t.relu(), (v) => Math.max(0, v)],
  ["leakyRelu", (t) => t.leakyRelu(0.2), (v) => (v > 0 ? v : 0.2 * v)],
  ["elu", (t) => t.elu(2), (v) => (v > 0 ? v : 2 * Math.expm1(v))],
  ["softplus", (t) => t.softplus(2), (v) => Math.log1p(Math.exp(2 * v)) / 2],
  ["logSigmoid", (t) => t.logSigmoid(), (v) => Math.log(sigmoid(v))],
  ["clamp", (t) => t.clamp(-1, 1.2), (v) => Math.min(1.2, Math.max(-1, v))],
  ["clamp, open below", (t) => t.clamp(null, 1), (v) => Math.min(1, v)],
  ["clampMin", (t) => t.clampMin(0.4), (v) => Math.max(0.4, v)],
  ["maximum", (t) => t.maximum(t.neg()), Math.abs],
  ["minimum", (t) => t.minimum(t.neg()), (v) => -Math.abs(v)],
  ["lerp", (t) => t.lerp(Tensor.ones([1], double), 0.25), (v) => v + 0.25 * (1 - v)],
  ["eq", (t) => t.eq(1), (v) => Number(v === 1)],
  ["ne", (t) => t.ne(t.abs()), (v) => Number(v < 0)],
  ["lt", (t) => t.lt(0.4), (v) => Number(v < 0.4)],
  ["le", (t) => t.le(0.4), (v) => Number(v <= 0.4)],
  ["gt", (t) => t.gt(0.4), (v) => Number(v > 0.4)],
  ["ge", (t) => t.ge(Tensor.full([8], 0.4, double)), (v) => Number(v >= 0.4)],
  ["isfinite", (t) => t.reciprocal().isfinite(), (v) => Number(v !== 0)],
  ["isnan", (t) => t.div(t).isnan(), (v) => Number(v === 0)],
  ["logicalNot", (t) => t.logicalNot(), (v) => Number(v === 0)],
  ["logicalAnd", (t) => t.logicalAnd(t.gt(1)), (v) => Number(v > 1)],
  ["add_", (t) => t.add_(1, 2), (v) => v + 2],
  ["sub_", (t) => t.sub_(t.detach(), 2), (v) => -v],
  ["mul_", (t) => t.mul_(3), (v) => v * 3],
  ["div_", (t) => t.div_(Tensor.full([1], 4, double)), (v) => v / 4],
  ["addcmul_", (t) => t.addcmul_(t.clone(), t.clone(), 2), (v) => v + 2 * v * v],
  ["addcdiv_", (t) => t.addcdiv_(t.clone(), Tensor.full([1], 4, double), 2), (v) => v + v / 2],
  ["lerp_", (t) => t.lerp_(Tensor.zeros([8], double), 0.25), (v) => 0.75 * v],
  ["sqrt_", (t) => t.abs().sqrt_(), (v) => Math.sqrt(Math.abs(v))],
  ["clamp_", (t) => t.clamp_(0, null), (v) => Math.max(0, v)],
  ["relu_", (t) => t.relu_(), (v) => Math.max(0, v)],
  ["leakyRelu_", (t) => t.leakyRelu_(0.5), (v) => (v > 0 ? v : v / 2)],
  ["fill_", (t) => t.fill_(7), () => 7],
  ["zero_", (t) => t.zero_(), () => 0],
  ["copy_", (t) => t.copy_(Tensor.full([1], 5)), () => 5],
];

it.each(pointwise)("%s is its formula", (name, f, oracle) => {
  const own = x.clone();
  const result = f(own);
  expectClose(result, numbers.map(oracle));
  // In place means this very object, and only then may it change.
  if (name.endsWith("_") && !["sqrt_"].includes(name)) expect(result).toBe(own);
  else expectClose(own, numbers);
});

const matrix = Tensor.fromArray(
  [
    [3, 1, 2],
    [-1, 5, 0],
  ],
  undefined,
  double,
);

const reductions: readonly [string, (t: Tensor) => Tensor, number[]][] = [
  ["sum", (t) => t.sum(), [10]],
  ["sum of rows", (t) => t.sum(1), [6, 4]],
  ["sum, several dims", (t) => t.sum([0, 1]), [10]],
  ["mean", (t) => t.mean(0), [1, 3, 1]],
  ["var", (t) => t.var(0), [8, 8, 2]],
  ["var, population", (t) => t.var(0, { correction: 0 }), [4, 4, 1]],
  ["std", (t) => t.std(0, { correction: 0 }), [2, 2, 1]],
  ["norm", (t) => t.norm(), [Math.sqrt(40)]],
  ["norm 1", (t) => t.norm(1, 1), [6, 6]],
  ["norm inf", (t) => t.norm(Number.POSITIVE_INFINITY, 0), [3, 5, 2]],
  ["amax", (t) => t.amax(1), [3, 5]],
  ["amin", (t) => t.amin(), [-1]],
  ["argmax", (t) => t.argmax(1), [0, 1]],
  ["argmin", (t) => t.argmin(), [3]],
  [
    "logsumexp",
    (t) => t.logsumexp(1),
    [Math.log(Math.exp(3) + Math.E + Math.exp(2)), Math.log(Math.exp(-1) + Math.exp(5) + 1)],
  ],
  ["all", (t) => t.all(), [0]],
  ["any", (t) => t.any(), [1]],
  ["cumsum", (t) => t.cumsum(1), [3, 4, 6, -1, 4, 4]],
  ["topk", (t) => t.topk(2)[0], [3, 2, 5, 0]],
  ["topk, smallest", (t) => t.topk(1, 0, false)[1], [1, 0, 1]],
  ["sort", (t) => t.sort(1, true)[0], [3, 2, 1, 5, 0, -1]],
  ["sort, places", (t) => t.sort(1)[1], [1, 2, 0, 0, 2, 1]],
  ["softmax", (t) => t.softmax(0), [sigmoid(4), sigmoid(-4), sigmoid(2), sigmoid(-4), sigmoid(4), sigmoid(-2)]],
  [
    "logSoftmax",
    (t) => t.logSoftmax(0).exp(),
    [sigmoid(4), sigmoid(-4), sigmoid(2), sigmoid(-4), sigmoid(4), sigmoid(-2)],
  ],
  ["bincount", (t) => t.abs().flatten().long().bincount(7), [1, 2, 1, 1, 0, 1, 0]],
];

it.each(reductions)("%s reduces as written", (_, f, expected) => expectClose(f(matrix), expected));

it("topk ranks NaN largest", () => {
  expect(Tensor.fromArray([1, Number.NaN, 3]).topk(1)[1].tolist()).toEqual([1]);
});

it("keepdim keeps the dimension", () => {
  expect(matrix.sum(1, true).shape).toEqual([2, 1]);
  expect(matrix.var(0, { keepdim: true }).shape).toEqual([1, 3]);
  expect(matrix.sum(null, true).shape).toEqual([1, 1]);
});

const shapes: readonly [string, (t: Tensor) => Tensor, number[], number[]][] = [
  ["view", (t) => t.view([3, -1]), [3, 2], [3, 1, 2, -1, 5, 0]],
  ["reshape", (t) => t.transpose(0, 1).reshape([6]), [6], [3, -1, 1, 5, 2, 0]],
  ["flatten", (t) => t.flatten(), [6], [3, 1, 2, -1, 5, 0]],
  ["permute", (t) => t.permute([1, 0]), [3, 2], [3, -1, 1, 5, 2, 0]],
  ["unsqueeze", (t) => t.unsqueeze(-1), [2, 3, 1], [3, 1, 2, -1, 5, 0]],
  ["squeeze", (t) => t.unsqueeze(0).unsqueeze(0).squeeze(), [2, 3], [3, 1, 2, -1, 5, 0]],
  ["squeeze of one", (t) => t.unsqueeze(0).unsqueeze(0).squeeze(0), [1, 2, 3], [3, 1, 2, -1, 5, 0]],
  ["expand", (t) => t.narrow(0, 0, 1).expand([2, -1]), [2, 3], [3, 1, 2, 3, 1, 2]],
  ["repeat", (t) => t.repeat([1, 2]), [2, 6], [3, 1, 2, 3, 1, 2, -1, 5, 0, -1, 5, 0]],
  ["narrow", (t) => t.narrow(1, 1, 2), [2, 2], [1, 2, 5, 0]],
  ["select", (t) => t.select(1, -1), [2], [2, 0]],
  ["split", (t) => t.split(2, 1)[1]!, [2, 1], [2, 0]],
  ["flip", (t) => t.flip([1]), [2, 3], [2, 1, 3, 0, 5, -1]],
  ["constantPad", (t) => t.constantPad([0, 1], 9), [2, 4], [3, 1, 2, 9, -1, 5, 0, 9]],
  [
    "indexSelect",
    (t) => t.indexSelect(0, Tensor.fromArray([1, 1], [2], { dtype: "int64" })),
    [2, 3],
    [-1, 5, 0, -1, 5, 0],
  ],
  ["gather", (t) => t.gather(1, Tensor.fromArray([[2], [0]], undefined, { dtype: "int64" })), [2, 1], [2, -1]],
  ["embedding", (t) => t.embedding(Tensor.fromArray([[1]], undefined, { dtype: "int64" })), [1, 1, 3], [-1, 5, 0]],
  ["oneHot", (t) => t.select(0, 0).long().oneHot(4), [3, 4], [0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0]],
];

it.each(shapes)("%s picks and lays out as written", (_, f, shape, expected) => {
  const result = f(matrix);
  expect(result.shape).toEqual(shape);
  expectClose(result, expected);
});

it("views share memory, copies do not", () => {
  const own = matrix.clone();
  own.view([6]).narrow(0, 0, 1).fill_(100);
  expect(own.select(0, 0).tolist()).toEqual([100, 1, 2]);
  own.clone().zero_();
  own.contiguous("contiguous").detach().narrow(0, 1, 1).zero_();
  expect(own.tolist()).toEqual([
    [100, 1, 2],
    [0, 0, 0],
  ]);
});

const products: readonly [string, () => Tensor, number[]][] = [
  ["matmul", () => matrix.matmul(matrix.transpose(0, 1)), [14, 2, 2, 26]],
  ["mm", () => matrix.mm(Tensor.eye(3, double)), [3, 1, 2, -1, 5, 0]],
  ["bmm", () => matrix.unsqueeze(0).bmm(Tensor.ones([1, 3, 1], double)), [6, 4]],
  ["mv", () => matrix.mv(Tensor.fromArray([1, 0, -1], [3], double)), [1, -1]],
  ["dot", () => matrix.select(0, 0).dot(matrix.select(0, 1)), [2]],
  ["outer", () => matrix.select(0, 0).outer(Tensor.fromArray([1, 2], [2], double)), [3, 6, 1, 2, 2, 4]],
  [
    "addmm",
    () => Tensor.ones([1], double).addmm(matrix, Tensor.ones([3, 1], double), { beta: 10, alpha: 2 }),
    [22, 18],
  ],
  ["linear", () => Tensor.ones([1, 3], double).linear(matrix, Tensor.fromArray([1, 2], [2], double)), [7, 6]],
  [
    "linalgSvdvals",
    () =>
      Tensor.fromArray(
        [
          [0, 3],
          [-2, 0],
        ],
        undefined,
        double,
      ).linalgSvdvals(),
    [3, 2],
  ],
  [
    "linalgEigh",
    () =>
      Tensor.fromArray(
        [
          [2, 1],
          [1, 2],
        ],
        undefined,
        double,
      ).linalgEigh()[0],
    [1, 3],
  ],
];

it.each(products)("%s multiplies as written", (_, f, expected) => expectClose(f(), expected));

it("adds a product in place, also to a block of a matrix", () => {
  const sums = Tensor.ones([3, 3], double);
  sums.narrow(0, 1, 2).narrow(1, 1, 2).addmm_(matrix, matrix.transpose(0, 1), { beta: 10, alpha: 2 });
  expectClose(sums, [1, 1, 1, 1, 38, 14, 1, 14, 62]);
});

it("takes diagonals and upper triangles", () => {
  expectClose(matrix.diagonal(), [3, 5]);
  expectClose(matrix.diagonal(1), [1, 0]);
  expectClose(matrix.triu(), [3, 1, 2, 0, 5, 0]);
  expectClose(matrix.triu(1), [0, 1, 2, 0, 0, 0]);
});

it("asks for all along one dimension", () => {
  const flags = matrix.ne(0);
  expect(flags.all(1).tolist()).toEqual([1, 0]);
  expect(flags.all(0, true).tolist()).toEqual([[1, 1, 0]]);
  expect(flags.all().item()).toBe(0);
});

it("gives Cholesky's factor, or says where there is none", () => {
  const square = matrix.mm(matrix.transpose(0, 1));
  const [lower, fine] = square.linalgCholeskyEx();
  expect([lower.triu(1).abs().sum().item(), fine.item()]).toEqual([0, 0]);
  expectClose(lower.mm(lower.transpose(0, 1)), [14, 2, 2, 26]);
  expect(square.sub(Tensor.eye(2, double).mul(20)).linalgCholeskyEx()[1].item()).toBe(1);
  expectClose(square.linalgEigvalsh(), [20 - Math.sqrt(40), 20 + Math.sqrt(40)]);
});

it("factors multiply back to the matrix", () => {
  const [q, r] = matrix.linalgQr();
  expectClose(q.mm(r), [3, 1, 2, -1, 5, 0]);
  expectClose(q.transpose(0, 1).mm(q), [1, 0, 0, 1]);
  const [u, s, vt] = matrix.linalgSvd();
  expectClose(u.mul(s).mm(vt), [3, 1, 2, -1, 5, 0]);
});

const logits = Tensor.fromArray(
  [
    [1, 2, 3],
    [0, 0, 0],
  ],
  undefined,
  double,
);
const target = Tensor.fromArray([2, 0], [2], { dtype: "int64" });
const surprise = Math.log(1 + Math.exp(-1) + Math.exp(-2));

const losses: readonly [string, () => Tensor, number[]][] = [
  ["crossEntropy", () => logits.crossEntropy(target, "none"), [surprise, Math.log(3)]],
  ["crossEntropy, mean", () => logits.crossEntropy(target), [(surprise + Math.log(3)) / 2]],
  ["nllLoss", () => logits.nllLoss(target, "sum"), [-3]],
  ["mseLoss", () => logits.mseLoss(Tensor.ones([1, 1], double).expand([2, 3])), [(1 + 4 + 3) / 6]],
  ["l1Loss", () => logits.l1Loss(Tensor.ones([2, 3], double), "sum"), [6]],
  [
    "binaryCrossEntropyWithLogits",
    () => logits.select(0, 0).binaryCrossEntropyWithLogits(Tensor.ones([3], double), "none"),
    [1, 2, 3].map((v) => Math.log1p(Math.exp(-v))),
  ],
];

it.each(losses)("%s is its formula", (_, f, expected) => expectClose(f(), expected));

const image = Tensor.arange(0, 24, 1, double).view([1, 2, 3, 4]).sin();
const weight = Tensor.arange(0, 48, 1, double).view([2, 3, 2, 4]).cos();
const places = Tensor.arange(0, 30, 1, double).cos().mul(1.2).view([1, 5, 3, 2]);
const statistics = { runningMean: Tensor.zeros([2], double), runningVar: Tensor.ones([2], double) };

const stored: readonly [string, () => Tensor][] = [
  ["upsampleBilinear2d", () => image.upsampleBilinear2d({ scale: 2 })],
  ["upsampleBilinear2dCorners", () => image.upsampleBilinear2d({ size: [5, 3] }, true)],
  ["gridSample", () => image.gridSample(places)],
  ["gridSampleCorners", () => image.gridSample(places, { alignCorners: true })],
  ["upsampleNearest2d", () => image.upsampleNearest2d(2)],
  ["adaptiveAvgPool2d", () => image.adaptiveAvgPool2d([2, 3])],
  ["avgPool2d", () => image.avgPool2d(2, 1, 1, false)],
  ["maxPool2d", () => image.maxPool2d(2, 1, 1)],
  ["convTranspose2d", () => image.convTranspose2d(weight, null, { stride: 2, padding: 1, outputPadding: [0, 1] })],
  ["conv2d", () => image.conv2d(weight.transpose(0, 1).contiguous(), null, { padding: [1, 2] })],
  [
    "batchNorm",
    () => image.batchNorm({ weight: null, bias: null, ...statistics, training: true, momentum: 0.1, eps: 1e-5 }),
  ],
  ["batchNormMean", () => statistics.runningMean],
  ["batchNormVariance", () => statistics.runningVar],
  ["layerNorm", () => image.layerNorm([3, 4])],
  ["elu", () => image.elu(1.5)],
  ["logsumexp", () => image.logsumexp([1, 3])],
];

it("pairwiseL1 is the distances of all pairs, whichever blocks its loops take", () => {
  for (const shape of [
    [1, 2, 3],
    [5, 1, 4],
    [70, 1500, 2],
  ]) {
    const x = Tensor.arange(0, shape[0]! * shape[1]! * shape[2]!, 1, double)
      .sin()
      .view(shape);
    const expected = x.unsqueeze(1).sub(x.unsqueeze(0)).abs().sum([3]);
    expect(x.pairwiseL1().sub(expected).abs().amax().item()).toBeLessThan(1e-12);
  }
  expect(() => Tensor.zeros([2, 3]).pairwiseL1()).toThrow("gantry::pairwise_l1: expected vectors of shape [N, B, C]");
});

it.each(stored)("%s gives PyTorch's values", (name, f) => expectClose(f(), fixture.operators[name]!));
