import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { kernelDistance, kernelDistanceOfSubsets } from "../../src/metrics/formulas/index.ts";
import { Generator, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { double, fake, normal, real, stored } from "./stored.ts";

const rows = (...values: number[]): Tensor => Tensor.fromArray(values, undefined, { dtype: "int64" });

it("of two and two numbers equals the result by hand", () => {
  // k(x, y) = (xy + 1)^3; a = 0, 1; b = 2, 3: k(a, a') = 1, k(b, b') = 343, k(a, b) = 1, 1, 27, 64.
  const [a, b] = [double([[0], [1]]), double([[2], [3]])];
  const pair = { a: rows(0, 1), b: rows(0, 1) };
  const { mean, std } = kernelDistanceOfSubsets(a, b, [pair]);
  expect(mean).toBeCloseTo(1 + 343 - 2 * ((1 + 1 + 27 + 64) / 4), 11);
  expect(std).toBe(0);
  // Divided by the dimensions: as two equal coordinates.
  const twice = (x: Tensor): Tensor => x.expand([2, 2]);
  expect(kernelDistanceOfSubsets(twice(a), twice(b), [pair]).mean).toBeCloseTo(mean, 11);
});

it("of all samples does not depend on the draw", () => {
  const all = rows(...Array.from({ length: 110 }, (_, i) => i));
  const expected = kernelDistanceOfSubsets(real.narrow(0, 0, 110), fake, [{ a: all, b: all }]).mean;
  const { mean, std } = kernelDistance(real.narrow(0, 0, 110), fake, {
    subsets: 3,
    subsetSize: 110,
    generator: new Generator(4),
  });
  expect(mean / expected).toBeCloseTo(1, 12);
  expect(std / expected).toBeLessThan(1e-12);
});

it("on the same subsets is torch-fidelity's", () => {
  const pairs = stored.kid.subsets.map(({ a, b }) => ({ a: rows(...a), b: rows(...b) }));
  const { mean, std } = kernelDistanceOfSubsets(real, fake, pairs);
  expect(mean / stored.kid.mean).toBeCloseTo(1, 12);
  expect(std / stored.kid.std).toBeCloseTo(1, 12);
});

it("is unbiased: between halves of one distribution it scatters around 0", () => {
  const options = { subsets: 60, subsetSize: 50, generator: new Generator(2) };
  const { mean, std } = kernelDistance(normal(3000, 8), normal(3000, 8, 2), options);
  // The mean of 60 estimates has a standard error of std / sqrt(60); the biased estimate would be off by 2/50 of E k(x, x) = 8.5.
  expect(Math.abs(mean)).toBeLessThan((4 * std) / Math.sqrt(60));
  expect(std).toBeLessThan(0.1);
});

it("draws from its generator only, afresh each time", () => {
  const draw = (seed: number) =>
    kernelDistance(real, fake, { subsets: 4, subsetSize: 30, generator: new Generator(seed) });
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1).mean).not.toBe(draw(2).mean);
  expect(draw(1).std).toBeGreaterThan(0);
});

it("frees its tensors", () => {
  const before = liveTensors();
  kernelDistance(real, fake, { subsets: 2, subsetSize: 30, generator: new Generator(1) });
  expect(liveTensors()).toBe(before);
});

it("says what is wrong", () => {
  const generator = new Generator(1);
  expect(() => kernelDistance(real, fake, { generator })).toThrow(
    new UserError("the kernel distance draws subsets of `subsetSize` (=1000) samples, but one set has only 110"),
  );
  expect(() => kernelDistance(real, fake, { subsetSize: 1, generator })).toThrow(
    new UserError("`subsetSize` (=1) must be a whole number of at least 2"),
  );
  expect(() => kernelDistance(real, normal(120, 5), { subsetSize: 9, generator })).toThrow(
    new UserError(
      "the first features have 6 dimensions and the second features 5: both must come from the same feature network",
    ),
  );
  expect(() => kernelDistance(real.mul(Number.NaN), fake, { subsetSize: 9, generator })).toThrow(
    new UserError("the first features: 120 of 120 rows (the first is row 0) have values that are NaN or infinite"),
  );
  expect(() => kernelDistanceOfSubsets(real, fake, [{ a: rows(1, 2), b: rows(3) }])).toThrow(
    new UserError("pair 0 of subsets has 2 and 1 samples: two equal numbers of at least 2 were expected"),
  );
  expect(() => kernelDistanceOfSubsets(real, fake, [])).toThrow(/at least one pair/);
});
