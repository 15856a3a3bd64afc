import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import {
  clipWeights,
  hinge,
  type Loss,
  leastSquares,
  minimax,
  nonSaturating,
  wasserstein,
} from "../../src/losses/index.ts";
import { grad, Tensor } from "../../src/tensor/index.ts";
import { expectClose, expectGradients, fixture, flat } from "../nn/oracle.ts";

type Half = { value: number[]; slope: number[] };
const stored = fixture<{ scores: number[] } & Record<string, Record<string, Half>>>("losses");
const losses: Record<string, () => Loss> = {
  nonSaturating: () => nonSaturating().build(),
  minimax: () => minimax().build(),
  leastSquares: () => leastSquares().build(),
  hinge: () => hinge().build(),
  wasserstein: () => wasserstein().build(),
};

const vector = (values: readonly number[]): Tensor => Tensor.fromArray(Float64Array.from(values)).requiresGrad_();
const scoresOf = (): Tensor => vector(stored.scores);

function expectHalf(name: string, half: string, compute: (scores: Tensor) => Tensor): void {
  const scores = scoresOf();
  const value = compute(scores);
  expect(value.shape).toEqual([stored.scores.length]);
  const label = `${name} ${half}`;
  expectClose(value, stored[name]![half]!.value, { atol: 1e-8, rtol: 1e-8, label });
  const [slope] = grad(value.sum(), [scores]);
  expectClose(slope!, stored[name]![half]!.slope, { atol: 1e-8, rtol: 1e-8, label: `${label} slope` });
}

describe.each(Object.keys(losses))("%s", (name) => {
  const loss = losses[name]!();

  it("has PyTorch's values and slopes per sample, also for scores of 60", () => {
    const still = vector([0]);
    expectHalf(name, "real", (scores) => loss.discriminator(scores, still).real);
    expectHalf(name, "fake", (scores) => loss.discriminator(still, scores).fake);
    expectHalf(name, "generator", (scores) => loss.generator(scores));
    if (loss.usualTargets) {
      expectHalf(name, "smoothed", (scores) => loss.discriminator(scores, still, { real: 0.9 }).real);
      expectHalf(name, "fake", (scores) => loss.discriminator(still, scores, { real: 0.9 }).fake);
      // Both halves measure against a target in the same way: the target of one does for the other.
      expectHalf(name, "smoothed", (scores) => loss.discriminator(still, scores, { fake: 0.9 }).fake);
      const { real, fake } = loss.usualTargets;
      expectHalf(name, "real", (scores) => loss.discriminator(still, scores, { fake: real }).fake);
      expectHalf(name, "fake", (scores) => loss.discriminator(scores, still, { real: fake }).real);
    }
  });

  it("has slopes that finite differences confirm", () => {
    const real = vector([-2.3, 0.4, 1.7]);
    const fake = vector([-1.6, 0.2, 2.9]);
    const targets = loss.usualTargets && { real: 0.8, fake: vector([0.1, 0, 0.3]) };
    expectGradients([real, fake], () => {
      const halves = loss.discriminator(real, fake, targets);
      return halves.real.sum().add(halves.fake.sum()).add(loss.generator(fake).sum());
    });
  });

  it("pulls the score of a real image up and of a generated one down, and the generator pulls its own up", () => {
    const score = vector([0.1]);
    const zero = vector([0]);
    const slopeOf = (value: Tensor): number => grad(value.sum(), [score])[0]!.item();
    expect(slopeOf(loss.discriminator(score, zero).real)).toBeLessThan(0);
    expect(slopeOf(loss.discriminator(zero, score).fake)).toBeGreaterThan(0);
    expect(slopeOf(loss.generator(score))).toBeLessThan(0);
  });

  it("ranks what it rates more real higher, in the direction that lowers the loss on real images", () => {
    const scores = vector([-3, -0.5, 0, 0.5, 0.9]);
    const ranks = flat(loss.realness(scores));
    const costs = flat(loss.discriminator(scores, scores).real);
    for (let i = 1; i < ranks.length; i++) {
      expect(ranks[i]).toBeGreaterThan(ranks[i - 1]!);
      expect(costs[i]).toBeLessThan(costs[i - 1]!);
    }
  });

  it("shows a probability that grows with the score within [0, 1]", () => {
    const shown = flat(loss.probability(vector([-50, -0.5, 0, 0.5, 50])));
    for (const [i, value] of shown.entries()) {
      expect(value).toBeGreaterThanOrEqual(i === 0 ? 0 : shown[i - 1]!);
      expect(value).toBeLessThanOrEqual(1);
    }
    expect(shown[4]! - shown[0]!).toBeGreaterThan(0.99);
  });

  it("takes a real target, or refuses it by name", () => {
    const scores = scoresOf();
    if (loss.usualTargets) {
      const plain = flat(loss.discriminator(scores, scores).real);
      const each = Tensor.full(scores.shape, 0.7, { dtype: scores.dtype });
      expect(flat(loss.discriminator(scores, scores, { real: each }).real)).toEqual(
        flat(loss.discriminator(scores, scores, { real: 0.7 }).real),
      );
      expect(flat(loss.discriminator(scores, scores, {}).real)).toEqual(plain);
      expect(flat(loss.discriminator(scores, scores, { real: 0.7 }).real)).not.toEqual(plain);
    } else {
      expect(() => loss.discriminator(scores, scores, { real: 0.9 })).toThrow(UserError);
      expect(() => loss.discriminator(scores, scores, { real: 0.9 })).toThrow(`${name}: targets have no meaning here`);
    }
  });
});

describe("in float32", () => {
  it("the cross-entropies stay finite and exact for large scores", () => {
    const large = Tensor.fromArray(new Float32Array([-1e4, -100, 100, 1e4]));
    const { real, fake } = losses.nonSaturating!().discriminator(large, large);
    expect(flat(real)).toEqual([1e4, 100, expect.closeTo(0, 20), 0]);
    expect(flat(fake)).toEqual([0, expect.closeTo(0, 20), 100, 1e4]);
  });
});

describe("the optimum of one-sided smoothing", () => {
  it("is sigmoid(x) = target", () => {
    const target = 0.9;
    const score = vector([Math.log(target / (1 - target))]);
    const { real } = losses.nonSaturating!().discriminator(score, score, { real: target });
    expectClose([grad(real.sum(), [score])[0]!.item()], [0], { atol: 1e-12 });
  });
});

describe("leastSquares", () => {
  it("takes other labels", () => {
    const loss = leastSquares({ a: -1, b: 1, c: 0 }).build();
    const score = vector([0.5]);
    const { real, fake } = loss.discriminator(score, score);
    expectClose([real.item(), fake.item(), loss.generator(score).item()], [0.125, 1.125, 0.125]);
    expect(loss.probability(score).item()).toBe(0.75);
  });

  it("refuses labels in the wrong order", () => {
    expect(() => leastSquares({ a: 1, b: 0 })).toThrow("`leastSquares.b` (=0) must be above `a`");
  });
});

describe("wasserstein", () => {
  it("carries its clip, and clips in place", () => {
    expect(wasserstein({ clip: 0.01 }).build().clip).toBe(0.01);
    expect("clip" in losses.wasserstein!()).toBe(false);
    expect(() => wasserstein({ clip: 0 })).toThrow("`wasserstein.clip` (=0) must be above 0");
    const weights = [vector([-3, 0.005, 3]), vector([0.02])];
    clipWeights(weights, 0.01);
    expectClose(weights[0]!, [-0.01, 0.005, 0.01], { atol: 1e-12 });
    expectClose(weights[1]!, [0.01], { atol: 1e-12 });
  });
});
