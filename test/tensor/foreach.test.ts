import { expect, it } from "vitest";
import {
  foreachAdd_,
  foreachAddcdiv_,
  foreachAddcmul_,
  foreachDiv_,
  foreachMul_,
  foreachNorm,
  foreachSqrt,
  foreachSub,
  foreachZero_,
  fusedAdam_,
  Generator,
  grad,
  noGrad,
  Tensor,
} from "../../src/tensor/index.ts";

const lists = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.tolist());
const pair = () => [Tensor.fromArray([1, 4]), Tensor.fromArray([[9]])];

it("foreach operators change each tensor of a list", () => {
  const x = pair();
  foreachAdd_(x, pair(), 2);
  expect(lists(x)).toEqual([[3, 12], [[27]]]);
  foreachAdd_(x, 1, 3);
  expect(lists(x)).toEqual([[6, 15], [[30]]]);
  foreachMul_(x, 2);
  foreachMul_(x, pair());
  expect(lists(x)).toEqual([[12, 120], [[540]]]);
  foreachDiv_(x, pair());
  foreachDiv_(x, 2);
  expect(lists(x)).toEqual([[6, 15], [[30]]]);
  foreachAddcmul_(x, pair(), pair(), 0.5);
  expect(lists(x)).toEqual([[6.5, 23], [[70.5]]]);
  foreachAddcdiv_(x, pair(), pair(), 0.5);
  expect(lists(x)).toEqual([[7, 23.5], [[71]]]);
  expect(lists(foreachSqrt(pair()))).toEqual([[1, 2], [[3]]]);
  expect(lists(foreachSub(pair(), pair(), 2))).toEqual([[-1, -4], [[-9]]]);
  expect(lists(foreachNorm([Tensor.fromArray([3, 4])]))).toEqual([5]);
  foreachZero_(x);
  expect(lists(x)).toEqual([[0, 0], [[0]]]);
  expect(() => foreachAdd_(x, [x[0]!])).toThrow(/^aten::_foreach_add_\.List: /);
});

interface State {
  readonly p: number[];
  readonly m: number[];
  readonly v: number[];
}

/** Algorithm 1 of the paper, in plain numbers. */
function oracle(
  { p, m, v }: State,
  g: readonly number[],
  step: number,
  [b1, b2]: readonly [number, number],
  decay: number,
): State {
  const d = g.map((value, i) => value + decay * p[i]!);
  const mean = m.map((value, i) => b1 * value + (1 - b1) * d[i]!);
  const square = v.map((value, i) => b2 * value + (1 - b2) * d[i]! ** 2);
  const next = p.map((value, i) => {
    const hatM = mean[i]! / (1 - b1 ** step);
    const hatV = square[i]! / (1 - b2 ** step);
    return value - (0.01 * hatM) / (Math.sqrt(hatV) + 1e-8);
  });
  return { p: next, m: mean, v: square };
}

const settings = [
  ["float64", [0.9, 0.999], 0, 1e-12],
  ["float64", [0, 0.9], 0, 1e-12],
  ["float64", [0.5, 0.99], 0.1, 1e-12],
  ["float32", [0.5, 0.99], 0.1, 1e-6],
  ["float32", [0, 0.9], 0, 1e-6],
  // Of a type that the fused loop does not know: from operators.
  ["bfloat16", [0.9, 0.99], 0, 5e-2],
] as const;

it.each(settings)(
  "fusedAdam_ in %s with betas %j and decay %d is algorithm 1",
  (dtype, betas, weightDecay, tolerance) => {
    const generator = new Generator(1);
    // Sizes that fill no vector, one that is empty, and one in another layout than its gradient.
    const shapes = [[37], [], [0], [2, 3, 4, 5]];
    const draw = (shape: number[]) => Tensor.randn(shape, { generator }).to({ dtype });
    const parameters = shapes.map(draw);
    parameters[3] = parameters[3]!.contiguous("channelsLast");
    const means = betas[0] === 0 ? [] : parameters.map((p) => Tensor.zerosLike(p));
    const squares = parameters.map((p) => Tensor.zerosLike(p));
    const flat = (tensors: readonly Tensor[]) => tensors.flatMap((t) => Array.from(t.double().toArray(), Number));
    const zeros = flat(parameters).map(() => 0);
    let state: State = { p: flat(parameters), m: zeros, v: zeros };
    for (let step = 1; step <= 4; step++) {
      const gradients = shapes.map(draw);
      state = oracle(state, flat(gradients), step, betas, weightDecay);
      fusedAdam_(parameters, gradients, means, squares, { lr: 0.01, betas, eps: 1e-8, weightDecay, step });
    }
    const off = flat(parameters).map((value, i) => Math.abs(value - state.p[i]!));
    expect(Math.max(...off)).toBeLessThan(tolerance);
    const squaresOff = flat(squares).map((value, i) => Math.abs(value - state.v[i]!));
    expect(Math.max(...squaresOff)).toBeLessThan(tolerance);
  },
);

it("fusedAdam_ is seen by graphs that saved a parameter, and refuses what does not fit", () => {
  const options = { lr: 0.1, betas: [0, 0.9], eps: 1e-8, weightDecay: 0, step: 1 } as const;
  const p = Tensor.ones([3], { requiresGrad: true });
  const g = Tensor.ones([3]);
  const v = Tensor.zeros([3]);
  const loss = p.square().sum();
  expect(() => fusedAdam_([p], [g], [], [v], options)).toThrow(/^gantry::adam_: .*use noGrad/);
  noGrad(() => fusedAdam_([p], [g], [], [v], options));
  expect(() => grad(loss, [p])).toThrow(/modified by an inplace operation/);
  noGrad(() => {
    expect(() => fusedAdam_([p], [], [], [v], options)).toThrow("gantry::adam_: lists of unequal lengths");
    expect(() => fusedAdam_([p], [Tensor.ones([2])], [], [v], options)).toThrow("tensors 0 have the sizes [3] and [2]");
    expect(() => fusedAdam_([p], [g], [], [v], { ...options, step: 0 })).toThrow("step (=0) counts from 1");
    expect(() => fusedAdam_([p], [g], [], [v], { ...options, betas: [0.5, 0.9] })).toThrow("means may be left out");
  });
});
