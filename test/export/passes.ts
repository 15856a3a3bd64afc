/** Passes on x [N, 24] that call, together, every operator with a form in ONNX. */
import { type Graph, trace } from "../../src/export/trace/index.ts";
import { Module } from "../../src/nn/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";

/** A computation whose results are compared. */
export type Pass = (x: Tensor) => Tensor | readonly Tensor[];

const random = new Generator(4);
const weights = (...shape: number[]): Tensor => Tensor.randn(shape, { generator: random });
const row = weights(6);
const places = Tensor.fromArray([0, 2, 3], [3], { dtype: "int64" });
const maps = (x: Tensor): Tensor => x.mul(weights24).view([-1, 4, 2, 3]);
const weights24 = Tensor.ones([24]);
const gate = weights(24);
const positive = (x: Tensor): Tensor => x.abs().add(0.5);
const inUnit = (x: Tensor): Tensor => x.tanh().mul(0.9);
const square = (x: Tensor): Tensor => x.view([-1, 4, 6]);
const indices = (x: Tensor): Tensor => x.narrow(1, 0, 3).abs().mul(2).clamp(0, 3).to({ dtype: "int64" });
const kernel2 = weights(8, 2, 3, 3);
const kernelT = weights(4, 2, 3, 3);
const bias = weights(8);

/** Passes on x [N, 24]. */
export const passes: Readonly<Record<string, Pass>> = {
  add: (x) => [
    x.add(row.repeat([4])),
    x.add(2),
    x.add(x, 0.5),
    x.sub(gate, 2),
    x.sub(1, 3),
    x.rsub(gate, 2),
    x.rsub(1),
  ],
  "mul, div": (x) => [
    x.mul(x),
    x.mul(3),
    x.div(positive(x)),
    x.div(4),
    x.div(0.3, "floor"),
    x.div(positive(x), "trunc"),
  ],
  pow: (x) => [positive(x).pow(1.5), positive(x).pow(x), positive(x).pow_(2), positive(x).pow_(x)],
  extremes: (x) => [
    x.maximum(gate),
    x.minimum(gate),
    x.max(gate),
    x.min(gate),
    x.clamp(-0.5, 0.5),
    x.clamp(null, 0.2),
    x.clamp(gate, null),
  ],
  clips: (x) => [
    x.hardtanh(-0.3, 0.4),
    x.mul(9).relu6(),
    x.threshold(0.1, -2),
    x.addcmul(x, gate, 0.5),
    x.addcdiv(gate, positive(x), 2),
    x.lerp(gate, 0.3),
    x.lerp(gate, x),
  ],
  unary: (x) => [
    x.neg(),
    x.abs(),
    x.sign(),
    positive(x).sqrt(),
    positive(x).rsqrt(),
    positive(x).reciprocal(),
    x.square(),
    x.exp(),
    x.exp2(),
    x.expm1(),
  ],
  logarithms: (x) => [positive(x).log(), positive(x).log1p(), positive(x).log2(), positive(x).log10()],
  trigonometry: (x) => [
    x.sin(),
    x.cos(),
    inUnit(x).tan(),
    inUnit(x).asin(),
    inUnit(x).acos(),
    x.atan(),
    x.sinh(),
    x.cosh(),
    x.tanh(),
  ],
  inverses: (x) => [x.asinh(), positive(x).add(1).acosh(), inUnit(x).atanh(), x.erf()],
  rounding: (x) => [x.floor(), x.ceil(), x.mul(3).round(), x.mul(3).trunc()],
  comparisons: (x) =>
    [
      x.eq(gate),
      x.eq(0),
      x.ne(gate),
      x.ne(0),
      x.lt(gate),
      x.lt(0),
      x.le(gate),
      x.le(0),
      x.gt(gate),
      x.gt(0),
      x.ge(gate),
      x.ge(0),
    ].map((each) => each.float()),
  logic: (x) => {
    const [a, b] = [x.gt(0), x.gt(0.4)] as const;
    return [a.logicalNot(), a.logicalAnd(b), a.logicalOr(b), a.logicalXor(b), x.isnan()].map((each) => each.float());
  },
  activations: (x) => [
    x.sigmoid(),
    x.logSigmoid(),
    x.relu(),
    x.clone().relu_(),
    x.leakyRelu(0.2),
    x.elu(0.7),
    x.celu(1.3),
    x.selu(),
    x.gelu(),
    x.gelu("tanh"),
    x.silu(),
    x.mish(),
  ],
  more: (x) => [
    x.softplus(),
    x.softplus(2, 1),
    x.hardsigmoid(),
    x.hardswish(),
    x.glu(1),
    x.prelu(constant(1)),
    maps(x).prelu(constant(4)),
  ],
  views: (x) => [
    x.view([-1, 6, 4]),
    x.reshape([x.shape[0]!, 2, 12]),
    x.reshape([-1]),
    square(x).flatten(1),
    x.unflatten(1, [4, 6]),
    x.view([-1, 1, 24]).squeeze(1),
    x.unsqueeze(1).squeeze(),
    x.unsqueeze(-1),
    x.ravel(),
    x.viewAs(x),
    x.reshapeAs(x),
  ],
  orders: (x) => [square(x).permute([0, 2, 1]), square(x).transpose(1, 2), x.t(), maps(x).movedim(1, -1)],
  repeats: (x) => [
    x.view([-1, 1, 24]).expand([-1, 3, 24]),
    x.view([-1, 1, 24]).broadcastTo([x.shape[0]!, 2, 24]),
    row.expand([x.shape[0]!, 6]).add(x.narrow(1, 0, 6)),
    x.repeat([1, 2]),
    x.repeat([2, 1, 1]),
    x.tile([2]),
    row
      .view([1, 6])
      .add(x.narrow(1, 0, 1))
      .expandAs(x.narrow(1, 0, 6)),
  ],
  cuts: (x) => [
    x.narrow(1, 3, 5),
    x.narrow(0, 1, x.shape[0]! - 1),
    x.index([":", "2:9:3"]),
    x.select(1, -1),
    ...square(x).unbind(1),
    ...x.split(9, 1),
    ...x.split([4, 20], 1),
    ...x.chunk(3, 1),
    ...x.tensorSplit(5, 1),
    ...x.tensorSplit([2, 7], 1),
  ],
  joins: (x) => [Tensor.cat([x, x.neg()], 1), Tensor.cat([gate.view([1, 24]), x]), Tensor.stack([x, x.exp()], 1)],
  pads: (x) => [
    maps(x).pad([1, 2, 0, 1], "constant", 0.5),
    maps(x).pad([1, 1, 1, 1], "reflect"),
    maps(x).pad([1, 1, 1, 1], "replicate"),
    x.flip([1]),
    maps(x).flip([2, 3]),
  ],
  shuffles: (x) => [maps(x).pixelShuffle(2), x.view([-1, 1, 4, 6]).pixelUnshuffle(2)],
  factories: (x) => {
    const count = x.shape[0]!;
    const of = (other: Tensor): Tensor => x.mean(1, true).add(other);
    return [
      of(Tensor.zeros([count, 2])),
      of(Tensor.ones([count, 2])),
      of(Tensor.full([count, 2], 3)),
      of(Tensor.eye(count)),
      x.add(Tensor.zerosLike(x)),
      x.add(Tensor.onesLike(x)),
      x.add(Tensor.fullLike(x, 2)),
    ];
  },
  convolutions: (x) => [
    x.view([-1, 4, 6]).conv1d(constant(8, 4, 3), bias, { padding: 1, stride: 2 }),
    maps(x).conv2d(kernel2, bias, { padding: 1, groups: 2, dilation: 1 }),
    x.view([-1, 2, 3, 2, 2]).conv3d(constant(3, 2, 2, 1, 2)),
    x.view([-1, 4, 6]).convTranspose1d(constant(4, 3, 3), null, { stride: 2, outputPadding: 1, padding: 1 }),
    maps(x).convTranspose2d(kernelT, null, { stride: 2, padding: 1, outputPadding: 1 }),
    maps(x).convTranspose2d(kernelT, null, { groups: 2, dilation: 2 }),
    x.view([-1, 2, 3, 2, 2]).convTranspose3d(constant(2, 3, 2, 2, 2)),
  ],
  norms: (x) => [
    maps(x).batchNorm({
      runningMean: row.narrow(0, 0, 4),
      runningVar: positive(row.narrow(0, 0, 4)),
      weight: row.narrow(0, 1, 4),
    }),
    maps(x).batchNorm({ training: true, bias: row.narrow(0, 1, 4) }),
    maps(x).instanceNorm(row.narrow(0, 0, 4), row.narrow(0, 1, 4)),
    maps(x).groupNorm(2, row.narrow(0, 0, 4), row.narrow(0, 1, 4)),
    maps(x).layerNorm([2, 3], row.view([2, 3])),
    maps(x).layerNorm([4, 2, 3]),
  ],
  pools: (x) => [
    x.view([-1, 4, 6]).avgPool1d(2),
    x.view([-1, 1, 4, 6]).avgPool2d([2, 3], 1, 1),
    x.view([-1, 1, 4, 6]).avgPool2d(2, 2, 1, false),
    x.view([-1, 4, 6]).maxPool1d(3, 1, 1),
    x.view([-1, 1, 4, 6]).maxPool2d(2),
    x.view([-1, 4, 6]).adaptiveAvgPool1d(3),
    maps(x).adaptiveAvgPool2d(1),
    x.view([-1, 1, 4, 6]).adaptiveAvgPool2d([2, 3]),
  ],
  resampling: (x) => [
    x.view([-1, 4, 6]).interpolate({ scaleFactor: 2 }),
    maps(x).upsampleNearest2d(2),
    maps(x).interpolate({ size: [4, 9] }),
    x.view([-1, 4, 6]).interpolate({ scaleFactor: 2, mode: "linear" }),
    maps(x).upsampleBilinear2d({ scale: 2 }),
    maps(x).upsampleBilinear2d({ size: [5, 7] }, true),
    maps(x).interpolate({ scaleFactor: 2, mode: "bicubic" }),
    maps(x).gridSample(x.narrow(1, 0, 8).tanh().view([-1, 2, 2, 2])),
  ],
  attention: (x) => [
    square(x).scaledDotProductAttention(square(x).mul(0.5), square(x).exp()),
    square(x).scaledDotProductAttention(square(x), square(x), 1),
    square(x).pairwiseL1(),
  ],
  reductions: (x) => [
    x.sum(),
    x.sum(1),
    square(x).sum([1, -1], true),
    x.mean(1),
    square(x).mean([0, 2]),
    inUnit(x).prod(1),
    square(x).amax([1, 2]),
    x.amin(1, true),
    x.max(),
    x.min(),
    ...x.max(1),
    ...x.min(1),
    x.logsumexp(1),
  ],
  statistics: (x) => [
    x.norm(),
    x.norm(1, 1),
    x.norm(Number.POSITIVE_INFINITY, 1),
    x.var(1),
    square(x).var([1, 2], { correction: 0 }),
    x.std(1, { keepdim: true }),
    inUnit(x).prod(),
  ],
  orderings: (x) => [
    x.argmax(1),
    x.argmin(1),
    x.argmax(),
    ...x.topk(3),
    ...x.topk(2, 1, false),
    x.cumsum(1),
    x.softmax(1),
    square(x).logSoftmax(-1),
  ],
  products: (x) => [
    x.linear(constant(5, 24), row.narrow(0, 0, 5)),
    square(x).linear(constant(5, 6)),
    row.narrow(0, 0, 5).addmm(x, constant(24, 5), { alpha: 0.5, beta: 2 }),
    x.mm(constant(24, 5)),
    square(x).bmm(square(x).transpose(1, 2)),
    square(x).matmul(constant(6, 2)),
    x.mv(gate),
    x.sum(0).dot(gate),
    gate.outer(x.sum(0)),
    square(x).bmm(square(x).transpose(1, 2)).baddbmm(square(x), square(x).transpose(1, 2), { beta: 0.5, alpha: 2 }),
    Tensor.einsum("bij,kj->bik", [square(x), constant(3, 6)]),
  ],
  picks: (x) => [
    constant(4, 5).embedding(indices(x)),
    indices(x).oneHot(4),
    x.index([":", places]),
    x.indexSelect(1, places),
    x.gather(1, indices(x)),
    x.where(x.gt(0), gate),
    x.where(x.gt(0), 2),
    Tensor.where(x.gt(0), 1, x),
    Tensor.where(x.gt(0), 1, 0),
    x.maskedFill(x.gt(0), 3),
    x.maskedFill(x.gt(0), Tensor.full([], 2)),
    x.scatter(1, indices(x).narrow(1, 0, 1), 9),
    x.scatter(1, indices(x).narrow(1, 0, 1), x.neg()),
    x.scatterAdd(1, indices(x), x.exp()),
  ],
};

/** A constant of that shape, the same in every pass. */
function constant(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return Tensor.fromArray(
    Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + shape.length)),
    shape,
  );
}

class Plain extends Module {}

type Named = ReadonlyMap<string, Tensor>;

/** The graph of a pass, new inputs for it, and the pass with its outputs by name. */
export function tracedPass(pass: Pass): {
  graph: Graph;
  inputs(batch: number): Map<string, Tensor>;
  forward(given: Named): Map<string, Tensor>;
} {
  const inputs = (batch: number) => new Map([["x", Tensor.randn([batch, 24], { generator: random })]]);
  const forward = (given: Named): Map<string, Tensor> => {
    const made = pass(given.get("x")!);
    const list = Array.isArray(made) ? (made as readonly Tensor[]) : [made as Tensor];
    return new Map(list.map((each, i) => [`out${i}`, each]));
  };
  return { graph: trace({ networks: { plain: new Plain() }, inputs, forward }), inputs, forward };
}
