/** Arguments that nearly fit: what gets past the checks of shape and type is where libtorch's kernels are met. */
import { Generator, Tensor } from "../../../src/tensor/index.ts";
import type { Junk } from "./junk.ts";

/** One call: `this` and the arguments. */
export type Call = readonly [self: unknown, ...values: unknown[]];

const few = (junk: Junk) => 1 + junk.below(4);

/** A size or step that is mostly small and sometimes 0, negative or huge. */
export function odd(junk: Junk): number {
  if (junk.chance(0.6)) return junk.below(4);
  return junk.pick([
    0,
    0,
    -1,
    -3,
    5,
    7,
    16,
    100,
    65536,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 33,
    2 ** 62,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
  ]);
}

const pair = (junk: Junk) => (junk.chance(0.5) ? odd(junk) : [odd(junk), odd(junk)]);

function floats(junk: Junk, shape: readonly number[]): Tensor {
  const dtype = junk.chance(0.8) ? "float32" : junk.pick(["float64", "float16", "bfloat16", "int64", "uint8"] as const);
  let tensor = Tensor.rand(shape).mul(4).sub(1).to({ dtype });
  if (shape.length === 4 && junk.chance(0.2)) tensor = tensor.contiguous("channelsLast");
  return tensor.dtype.includes("float") && junk.chance(0.5) ? tensor.detach().requiresGrad_() : tensor;
}

/** Indices that mostly stay below `end`. */
function indices(junk: Junk, shape: readonly number[], end: number): Tensor {
  const low = junk.chance(0.1) ? -2 : 0;
  const high = junk.chance(0.15) ? end + 3 : Math.max(end, low + 1);
  const drawn = Tensor.randint(low, high, shape);
  return junk.chance(0.1) ? drawn.to({ dtype: "int32" }) : junk.chance(0.03) ? drawn.mul(2 ** 60) : drawn;
}

function image(junk: Junk, channels: number): Tensor {
  const side = junk.pick([0, 1, 2, 3, 4, 6, 8]);
  return floats(
    junk,
    junk.chance(0.9) ? [junk.pick([0, 1, 2, 3]), channels, side, junk.chance(0.7) ? side : 5] : [channels, side, side],
  );
}

function window(junk: Junk): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const name of ["stride", "padding", "dilation", "outputPadding"])
    if (junk.chance(0.5)) options[name] = pair(junk);
  if (junk.chance(0.3)) options.groups = odd(junk);
  if (junk.chance(0.5))
    return { ...options, stride: junk.pick([1, 2, 2]), padding: junk.pick([0, 1, 1]), dilation: 1, groups: 1 };
  return options;
}

function kernel(junk: Junk, out: number, into: number): Tensor {
  const side = junk.pick([0, 1, 2, 3, 4, 4, 4, 5]);
  return floats(junk, [out, into, side, side]);
}

function list(junk: Junk, make: () => Tensor): Tensor[] {
  return Array.from({ length: junk.below(4) }, make);
}

function updates(junk: Junk): Call {
  const shape = [few(junk), junk.below(40)];
  const count = junk.below(4);
  const tensors = () =>
    Array.from({ length: junk.chance(0.95) ? count : few(junk) }, () => floats(junk, shape).detach());
  const options = {
    lr: 0.1,
    betas: [junk.pick([0, 0.9, 2]), 0.99],
    eps: 1e-8,
    weightDecay: junk.pick([0, 0.1]),
    step: odd(junk),
  };
  return [undefined, tensors(), tensors(), junk.chance(0.3) ? [] : tensors(), tensors(), options];
}

function matrix(junk: Junk): Tensor {
  const rows = junk.below(5);
  const plain = floats(junk, junk.chance(0.7) ? [rows, rows] : [rows, few(junk)]);
  if (junk.chance(0.1)) return plain.mul(Number.NaN);
  return junk.chance(0.1) ? plain.mul(Number.POSITIVE_INFINITY) : plain;
}

const vectors = (junk: Junk) => floats(junk, junk.pick([[4], [3, 4], [0], [2, 0], [2, 3, 4], []]));
const dim = (junk: Junk) => junk.pick([0, 1, -1, -2, 2, 5, -7, 2 ** 40]);
const probabilities = (junk: Junk) =>
  floats(junk, [few(junk), few(junk)])
    .abs()
    .detach();

/** By the method's name. */
export const likely: Readonly<Record<string, (junk: Junk) => Call>> = {
  conv2d: (junk) => {
    const [into, out] = [few(junk), few(junk)];
    return [image(junk, into), kernel(junk, out, into), junk.chance(0.5) ? floats(junk, [out]) : null, window(junk)];
  },
  convTranspose2d: (junk) => {
    const [into, out] = [few(junk), few(junk)];
    return [image(junk, into), kernel(junk, into, out), junk.chance(0.5) ? floats(junk, [out]) : null, window(junk)];
  },
  avgPool2d: (junk) => [image(junk, 2), pair(junk), pair(junk), pair(junk), junk.chance(0.5)],
  maxPool2d: (junk) => [image(junk, 2), pair(junk), pair(junk), pair(junk)],
  adaptiveAvgPool2d: (junk) => [image(junk, 2), pair(junk)],
  upsampleNearest2d: (junk) => [image(junk, 2), junk.pick([odd(junk), 0.3, 1e-9, 1e300, Number.NaN, -0.5])],
  upsampleBilinear2d: (junk) => [
    image(junk, 2),
    junk.chance(0.5) ? { scale: junk.pick([odd(junk), 0.3, 1e-9, Number.NaN]) } : { size: [odd(junk), odd(junk)] },
    junk.chance(0.5),
  ],
  gridSample: (junk) => {
    const batch = junk.below(3);
    const shape = [junk.chance(0.9) ? batch : 2, junk.below(4), junk.below(4), junk.chance(0.9) ? 2 : 3];
    const far = junk.pick([1, 1, 1, 1e9, 1e30, Number.NaN, Number.POSITIVE_INFINITY]);
    const images = floats(junk, [batch, few(junk), junk.below(4), junk.below(4)]);
    const grid = floats(junk, shape);
    return [images, far === 1 ? grid : grid.detach().mul(far), junk.chance(0.5)];
  },
  batchNorm: (junk) => {
    const channels = few(junk);
    const vector = () => (junk.chance(0.8) ? floats(junk, [junk.chance(0.95) ? channels : 9]).detach() : null);
    const [weight, bias, runningMean, runningVar] = [vector(), vector(), vector(), vector()];
    const numbers = { momentum: junk.pick([0.1, 0, 7, Number.NaN]), eps: junk.pick([1e-5, 0, -1]) };
    return [image(junk, channels), { weight, bias, runningMean, runningVar, training: junk.chance(0.6), ...numbers }];
  },
  layerNorm: (junk) => [
    floats(junk, [2, 3, 4]),
    junk.pick([[4], [3, 4], [], [5], [0]]),
    null,
    null,
    junk.pick([1e-5, 0, -1]),
  ],
  embedding: (junk) => [floats(junk, [junk.below(5), few(junk)]), indices(junk, [junk.below(5)], 4)],
  indexSelect: (junk) => [floats(junk, [4, 3]), dim(junk), indices(junk, [junk.below(5)], 4)],
  gather: (junk) => [floats(junk, [4, 3]), junk.below(3), indices(junk, [junk.below(6), junk.below(5)], 3)],
  nllLoss: (junk) => [
    floats(junk, [3, 4]),
    indices(junk, [junk.pick([3, 3, 3, 2, 0])], 4),
    junk.pick(["mean", "sum", "none"]),
  ],
  crossEntropy: (junk) => [
    floats(junk, [3, 4]),
    indices(junk, [junk.pick([3, 3, 3, 2, 0])], 4),
    junk.pick(["mean", "sum", "none"]),
  ],
  oneHot: (junk) => [indices(junk, [junk.below(4)], 5), odd(junk)],
  bincount: (junk) => [indices(junk, [junk.below(6)], 9), odd(junk)],
  multinomial: (junk) => [probabilities(junk), odd(junk), junk.chance(0.5), junk.chance(0.5) ? new Generator(1) : null],
  linalgQr: (junk) => [matrix(junk), junk.pick(["reduced", "complete"])],
  linalgEigh: (junk) => [matrix(junk)],
  linalgSvdvals: (junk) => [matrix(junk)],
  linalgSvd: (junk) => [matrix(junk), junk.chance(0.5)],
  matmul: (junk) => [vectors(junk), vectors(junk)],
  mm: (junk) => [matrix(junk), matrix(junk)],
  bmm: (junk) => [floats(junk, [2, junk.below(4), 3]), floats(junk, [2, 3, junk.below(4)])],
  addmm: (junk) => [floats(junk, [few(junk)]), floats(junk, [2, 3]), floats(junk, [3, few(junk)])],
  linear: (junk) => [
    floats(junk, [junk.below(4), 3]),
    floats(junk, [few(junk), 3]),
    junk.chance(0.5) ? floats(junk, [2]) : null,
  ],
  split: (junk) => [vectors(junk), odd(junk), dim(junk)],
  narrow: (junk) => [vectors(junk), dim(junk), odd(junk), odd(junk)],
  select: (junk) => [vectors(junk), dim(junk), odd(junk)],
  repeat: (junk) => [floats(junk, [2, 3]), [odd(junk), odd(junk), junk.below(3)]],
  expand: (junk) => [floats(junk, [1, 3]), [odd(junk), junk.pick([1, -1, odd(junk)]), 3]],
  view: (junk) => [floats(junk, [2, 6]), [odd(junk), odd(junk)]],
  reshape: (junk) => [floats(junk, [2, 6]), [odd(junk), junk.pick([-1, odd(junk)])]],
  flatten: (junk) => [image(junk, 2), dim(junk), dim(junk)],
  permute: (junk) => [floats(junk, [2, 3, 4]), [junk.below(4) - 1, junk.below(3), junk.below(3)]],
  constantPad: (junk) => [
    floats(junk, [2, 3]),
    [odd(junk), odd(junk), odd(junk), odd(junk)].slice(junk.below(4)),
    odd(junk),
  ],
  topk: (junk) => [vectors(junk), odd(junk), dim(junk), junk.chance(0.5), junk.chance(0.5)],
  sort: (junk) => [vectors(junk), dim(junk), junk.chance(0.5)],
  cumsum: (junk) => [vectors(junk), dim(junk)],
  softmax: (junk) => [vectors(junk), dim(junk)],
  logSoftmax: (junk) => [vectors(junk), dim(junk)],
  logsumexp: (junk) => [vectors(junk), junk.pick([dim(junk), [0, 1], [0, 0], []])],
  argmax: (junk) => [vectors(junk), dim(junk), junk.chance(0.5)],
  amax: (junk) => [vectors(junk), junk.pick([dim(junk), [0, 1], [0, 0], []])],
  norm: (junk) => [
    vectors(junk),
    junk.pick([0, 1, 2, -1, Number.POSITIVE_INFINITY, Number.NaN]),
    junk.pick([dim(junk), null]),
  ],
  randint: (junk) => [undefined, odd(junk), odd(junk), [junk.below(4)]],
  randperm: (junk) => [undefined, odd(junk)],
  arange: (junk) => [undefined, odd(junk), odd(junk), junk.pick([0, 1, -1, 1e-300, 1e-9, Number.NaN, odd(junk)])],
  linspace: (junk) => [undefined, odd(junk), odd(junk), odd(junk)],
  eye: (junk) => [undefined, odd(junk)],
  zeros: (junk) => [undefined, [odd(junk), odd(junk), odd(junk)]],
  full: (junk) => [
    undefined,
    [odd(junk)],
    junk.pick([1, 1e300, Number.NaN, 2 ** 62]),
    { dtype: junk.pick(["int8", "bool", "float16", "int64"]) },
  ],
  cat: (junk) => [undefined, list(junk, () => vectors(junk)), dim(junk)],
  stack: (junk) => [undefined, list(junk, () => vectors(junk)), dim(junk)],
  where: (junk) => [undefined, vectors(junk).gt(0), vectors(junk), vectors(junk)],
  fromArray: (junk) => [undefined, new Float32Array(6), [odd(junk), odd(junk)]],
  fromShared: (junk) => [undefined, new Float32Array(new SharedArrayBuffer(24)), [odd(junk), odd(junk)]],
  foreachAdd_: (junk) => [
    undefined,
    list(junk, () => vectors(junk).detach()),
    list(junk, () => vectors(junk)),
    odd(junk),
  ],
  foreachMul_: (junk) => [undefined, list(junk, () => vectors(junk).detach()), list(junk, () => vectors(junk))],
  foreachAddcdiv_: (junk) => {
    const same = () => [floats(junk, [3]).detach(), floats(junk, [2, 2]).detach()];
    return [undefined, same(), same(), same(), odd(junk)];
  },
  fusedAdam_: updates,
  dropout: (junk) => [vectors(junk), junk.pick([0.5, 0, 1, -1, 2, Number.NaN]), true],
  normal_: (junk) => [vectors(junk).detach(), 0, junk.pick([1, -1, Number.NaN])],
  uniform_: (junk) => [vectors(junk).detach(), odd(junk), odd(junk)],
  bernoulli_: (junk) => [vectors(junk).detach(), junk.pick([0.5, -1, 2, Number.NaN])],
  bernoulli: (junk) => [vectors(junk)],
  copy_: (junk) => [vectors(junk).detach(), vectors(junk)],
  setState: (junk) => {
    const state = new Generator(1).getState();
    const at = junk.below(state.numel);
    if (junk.chance(0.7))
      state
        .narrow(0, at, Math.min(64, state.numel - at))
        .copy_(Tensor.randint(0, 256, [Math.min(64, state.numel - at)], { dtype: "uint8" }));
    return [new Generator(2), state];
  },
};
