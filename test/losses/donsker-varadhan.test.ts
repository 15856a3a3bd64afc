import { describe, expect, it } from "vitest";
import { donskerVaradhan, informationObjective, MovingDenominator } from "../../src/losses/donsker-varadhan.ts";
import { StatisticsNetwork } from "../../src/models/statistics-network.ts";
import { grad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, flat, noise } from "../nn/oracle.ts";

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const tensor = (values: readonly number[]) => Tensor.fromArray(Float64Array.from(values), [values.length]);

describe("donskerVaradhan", () => {
  it("is E_joint[T] - log E_marginal[exp T]", () => {
    const [joint, marginal] = [noise([7], 1), noise([9], 2)];
    const expected = mean(flat(joint)) - Math.log(mean(flat(marginal).map(Math.exp)));
    expect(donskerVaradhan(joint, marginal)).toBeCloseTo(expected, 12);
  });

  it("does not notice a constant that is added to T, however large", () => {
    const [joint, marginal] = [noise([7], 1), noise([9], 2)];
    const bound = donskerVaradhan(joint, marginal);
    for (const far of [-1e4, 800, 1e6]) {
      expect(donskerVaradhan(joint.add(far), marginal.add(far))).toBeCloseTo(bound, 8);
    }
  });

  it("accumulates float32 in float64", () => {
    // In float32 a sum over a million of 16,000,001 loses whole units.
    const large = Tensor.full([1_000_000], 16_000_001);
    expect(donskerVaradhan(large, large)).toBe(0);
  });

  it("is the information of two bits that are equal with probability q, for the T that it calls for", () => {
    const q = 0.9;
    const ratio = (equal: boolean) => Math.log(2 * (equal ? q : 1 - q));
    const joint = Array.from({ length: 10 }, (_, i) => ratio(i < 9));
    const marginal = [ratio(true), ratio(false)];
    const truth = Math.log(2) + q * Math.log(q) + (1 - q) * Math.log(1 - q);
    expect(donskerVaradhan(tensor(joint), tensor(marginal))).toBeCloseTo(truth, 12);
    expect(donskerVaradhan(tensor(joint).mul(1.1), tensor(marginal).mul(1.1))).toBeLessThan(truth);
  });
});

describe("MovingDenominator", () => {
  it("begins with the first batch and then moves by 1 - decay", () => {
    const average = new MovingDenominator(0.8);
    const batches = [1, 2, 3].map((phase) => noise([6], phase));
    const means = batches.map((batch) => mean(flat(batch).map(Math.exp)));
    const expected = [means[0]!, 0.8 * means[0]! + 0.2 * means[1]!, 0];
    expected[2] = 0.8 * expected[1]! + 0.2 * means[2]!;
    for (const [i, batch] of batches.entries()) {
      const looked = average.with(batch);
      expect(average.observe(batch)).toBe(looked);
      expect(looked).toBeCloseTo(Math.log(expected[i]!), 12);
    }
  });

  it("holds where exp overflows or vanishes", () => {
    const average = new MovingDenominator(0.5);
    average.observe(tensor([2000, 2000]));
    expect(average.observe(tensor([-3000]))).toBeCloseTo(2000 + Math.log(0.5), 9);
    expect(average.observe(tensor([5000]))).toBeCloseTo(5000 + Math.log(0.5), 9);
  });

  it("continues from what it gave", () => {
    const [one, other] = [new MovingDenominator(0.9), new MovingDenominator(0.9)];
    one.observe(noise([6], 1));
    other.load(one.numbers());
    expect(other.observe(noise([6], 2))).toBe(one.observe(noise([6], 2)));
    expect(other.numbers()).toEqual(one.numbers());
  });
});

describe("informationObjective", () => {
  const sizes = { x: { features: 2 }, y: 1, hidden: [5], width: 1 };
  const network = fill(new StatisticsNetwork(contextOf(), sizes));
  const [x, y] = [noise([6, 2], 3), noise([6, 1], 4)];

  it("has the corrected gradient E_joint[dT] - E_marginal[exp(T) dT] / a, summed pair by pair", () => {
    const logDenominator = 0.7;
    const { joint, marginal } = network.pairs(x, y);
    const found = grad(informationObjective(joint, marginal, logDenominator), network.parameters());
    const direct = network.parameters().map((parameter) => new Array<number>(parameter.numel).fill(0));
    for (let i = 0; i < 6; i++) {
      const of = (row: number): [number, number[][]] => {
        const value = network.forward(x.narrow(0, i, 1), y.narrow(0, row, 1));
        return [value.item(), grad(value.sum(), network.parameters()).map(flat)];
      };
      const [, together] = of(i);
      const [apart, slopes] = of((i + 1) % 6);
      const weight = Math.exp(apart - logDenominator);
      for (const [p, sums] of direct.entries()) {
        for (const j of sums.keys()) sums[j]! += (together[p]![j]! - weight * slopes[p]![j]!) / 6;
      }
    }
    for (const [p, gradient] of found.entries()) expectClose(gradient, direct[p]!, { rtol: 1e-9, atol: 1e-12 });
  });

  it("has the bound's own gradient where the batch's mean is the denominator", () => {
    const bound = () => {
      const { joint, marginal } = network.pairs(x, y);
      return joint.mean().sub(marginal.logsumexp([0]).sub(Math.log(6)));
    };
    const { joint, marginal } = network.pairs(x, y);
    const own = new MovingDenominator(0).observe(marginal);
    const found = grad(informationObjective(joint, marginal, own), network.parameters());
    for (const [p, gradient] of grad(bound(), network.parameters()).entries()) expectClose(found[p]!, gradient);
    expectGradients(network.parameters(), bound);
  });
});
