import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { formulas } from "../../src/metrics/index.ts";
import { Generator, liveTensors, Tensor } from "../../src/tensor/index.ts";

const { mine } = formulas;

/** Pairs of standard normal vectors whose columns are correlated one to one. */
function gaussians(count: number, dimensions: number, rho: number, seed: number): [Tensor, Tensor] {
  const generator = new Generator(seed);
  const x = Tensor.randn([count, dimensions], { generator });
  const rest = Tensor.randn([count, dimensions], { generator }).mul(Math.sqrt(1 - rho ** 2));
  return [x, x.mul(rho).add(rest)];
}

/** The ranks of a column, from 0 to below 1. */
function ranks(column: Tensor): Tensor {
  const order = column.flatten().argsort().argsort();
  return order.double().div(column.numel).reshape([-1, 1]);
}

const SHORT = { steps: 300, batchSize: 256, hidden: [32, 32], lr: 3e-3, every: 50 };

describe("mine", () => {
  it.each([0.5, 0.9])("finds the information of correlated Gaussians, rho %s", (rho) => {
    const [x, y] = gaussians(20_000, 1, rho, 7);
    const truth = -0.5 * Math.log(1 - rho ** 2);
    const { estimate, ceiling, effectivePairs, history } = mine(x, y, SHORT);
    expect(Math.abs(estimate - truth)).toBeLessThan(Math.max(0.02, 0.05 * truth));
    expect(ceiling).toBeCloseTo(Math.log(5_000), 12);
    expect(effectivePairs).toBeGreaterThan(1_000);
    expect(history.map(({ step }) => step)).toEqual([50, 100, 150, 200, 250, 300]);
  });

  it("warns where few pairs carry the estimate: of equal columns, whose information is infinite", () => {
    const [x] = gaussians(20_000, 3, 0, 3);
    const { effectivePairs, warning } = mine(x, x, SHORT);
    expect(effectivePairs).toBeLessThan(100);
    expect(warning).toContain(`the estimate rests on ${effectivePairs.toFixed(0)} effective pairs`);
  });

  it("does not mind heavy tails where the ranks of the columns are given", () => {
    // A bivariate Student t of one degree of freedom: each pair over one factor.
    const [x, y] = gaussians(20_000, 1, 0.9, 3);
    const factor = Tensor.randn([20_000, 1], { generator: new Generator(77) }).abs();
    const { effectivePairs, estimate, warning } = mine(ranks(x.div(factor)), ranks(y.div(factor)), SHORT);
    expect(warning).toBeUndefined();
    expect(effectivePairs).toBeGreaterThan(100);
    // The factor, which both share, adds to the Gaussians' information.
    const gaussian = -0.5 * Math.log(1 - 0.9 ** 2);
    expect(estimate).toBeGreaterThan(gaussian);
    expect(estimate).toBeLessThan(gaussian + 0.3);
  });

  it("finds next to none where there is none, and does not mind units", () => {
    const [x] = gaussians(20_000, 1, 0, 8);
    const [, y] = gaussians(20_000, 1, 0, 9);
    const { estimate } = mine(x.mul(1e6).add(1e7), y.mul(1e-6), SHORT);
    expect(Math.abs(estimate)).toBeLessThan(0.02);
  });

  it("finds a dependence that no correlation shows: the parity of two bits, wrong once in ten", () => {
    const generator = new Generator(5);
    const bits = (chance: number) => Tensor.rand([20_000, 1], { generator }).lt(chance).float();
    const [a, b, wrong] = [bits(0.5), bits(0.5), bits(0.1)];
    const parity = a.add(b).add(wrong).mul(Math.PI).cos(); // 1 for even, -1 for odd
    const truth = Math.log(2) + 0.1 * Math.log(0.1) + 0.9 * Math.log(0.9);
    const { estimate } = mine(Tensor.cat([a, b], 1), parity, SHORT);
    expect(Math.abs(estimate - truth)).toBeLessThan(0.02);
  });

  it("gives the same bits for the same seed, leaks no tensors, and reports each evaluation", () => {
    const [x, y] = gaussians(400, 2, 0.5, 1);
    const few = { ...SHORT, steps: 20, every: 10 };
    const before = liveTensors();
    const seen: number[] = [];
    const first = mine(x, y, { ...few, onLook: ({ step }) => seen.push(step) });
    expect(liveTensors()).toBe(before);
    expect(seen).toEqual([10, 20]);
    expect(mine(x, y, few)).toEqual(first);
    expect(mine(x, y, { ...few, seed: 1 }).estimate).not.toBe(first.estimate);
  });

  it("does not let the estimate's pairs choose the update, nor train", () => {
    // Fresh coins for x and y: whatever is learned by heart is worth nothing on other pairs.
    const [x] = gaussians(200, 20, 0, 1);
    const [, y] = gaussians(200, 20, 0, 2);
    const { estimate, history } = mine(x, y, { ...SHORT, lr: 1e-2 });
    // Overfitted bounds jump: the highest one shows that the pairs were learned by heart.
    expect(Math.max(...history.map(({ batch }) => batch))).toBeGreaterThan(1);
    expect(estimate).toBeLessThan(0.3);
  });

  it("takes the estimate from the last quarter, in the units of the pairs that trained", () => {
    const [x, y] = gaussians(203, 1, 0.9, 3);
    const few = { ...SHORT, steps: 100 };
    const before = mine(x, y, few);
    // Half of 203 trains, a quarter chooses, and the other 52 are left; the split is the first that the seed draws.
    expect(before.ceiling).toBeCloseTo(Math.log(52), 12);
    const last = Tensor.randperm(203, { generator: new Generator(0) }).narrow(0, 151, 52);
    // Twice as large: units of its own would hide it to the bit.
    const factors = new Float32Array(203).fill(1);
    for (const row of last.toArray()) factors[Number(row)] = 2;
    const after = mine(x, y.mul(Tensor.fromArray(factors, [203, 1])), few);
    expect([after.history, after.step]).toEqual([before.history, before.step]);
    expect(after.estimate).not.toBe(before.estimate);
  });

  it("gives the estimate of the weights with the highest bound, not of the last ones", () => {
    const [x, y] = gaussians(200, 4, 0.5, 1);
    const long = mine(x, y, { ...SHORT, lr: 1e-2 });
    expect(long.step).toBeLessThan(300);
    // A run that ends where the best weights are is the same up to there.
    const short = mine(x, y, { ...SHORT, lr: 1e-2, steps: long.step });
    expect(short.step).toBe(long.step);
    expect([long.estimate, long.effectivePairs]).toEqual([short.estimate, short.effectivePairs]);
    const heldOut = long.history.map((look) => look.heldOut);
    expect(long.history.find(({ step }) => step === long.step)!.heldOut).toBe(Math.max(...heldOut));
  });

  it("refuses inputs that are no pairs, and options out of range", () => {
    const [x, y] = gaussians(100, 1, 0.5, 1);
    const refusal = (body: () => unknown) => expect(body).toThrow(UserError);
    refusal(() => mine(x, y.narrow(0, 0, 50)));
    refusal(() => mine(x.narrow(0, 0, 8), y.narrow(0, 0, 8)));
    refusal(() => mine(x.mul(Number.NaN), y));
    refusal(() => mine(x.reshape([50, 2, 1]), y));
    for (const option of [{ steps: 0 }, { batchSize: 1 }, { lr: 0 }, { decay: 1 }, { every: 1.5 }]) {
      expect(() => mine(x, y, option)).toThrow(Object.keys(option)[0]!);
    }
  });
});
