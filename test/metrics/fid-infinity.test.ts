import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { fidInfinity, frechetDistance, type Gaussian, gaussianOf } from "../../src/metrics/formulas/index.ts";
import { Generator, getRngState, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { double, normal } from "./stored.ts";

const D = 64;
const standard: Gaussian = {
  count: 1e9,
  mean: Tensor.zeros([D], { dtype: "float64" }),
  covariance: Tensor.eye(D, { dtype: "float64" }),
};

it("comes nearer to the truth than the plain distance", () => {
  // Of N(0, 1.2^2) to N(0, 1). With 64 dimensions the bias of 4,000 samples is many times their scatter.
  const truth = D * 0.2 ** 2;
  for (const seed of [1, 2, 3]) {
    const features = normal(4000, D, seed).mul(1.2);
    const plain = frechetDistance(gaussianOf(features), standard);
    const { fid, slope, r2, points } = fidInfinity(features, standard, { smallest: 500, generator: new Generator(9) });
    expect(Math.abs(fid - truth)).toBeLessThan(0.4 * Math.abs(plain - truth));
    expect(slope).toBeGreaterThan(0);
    expect(r2).toBeGreaterThan(0.95);
    expect(points.at(-1)!.fid).toBeCloseTo(plain, 10);
  }
});

it("spaces its counts evenly in 1/N and fits the line of least squares", () => {
  const options = { points: 8, smallest: 100, generator: new Generator(5) };
  const { fid, slope, r2, points } = fidInfinity(normal(1000, D), standard, options);
  expect(points.map(({ count }) => count)).toEqual([100, 115, 135, 163, 206, 280, 438, 1000]);
  // What is left is orthogonal to 1 and to 1/N: that is what makes it least.
  const left = points.map((point) => point.fid - fid - slope / point.count);
  const mean = points.reduce((sum, point) => sum + point.fid, 0) / points.length;
  const variance = points.reduce((sum, point) => sum + (point.fid - mean) ** 2, 0);
  expect(left.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
  expect(left.reduce((sum, value, i) => sum + value / points[i]!.count, 0)).toBeCloseTo(0, 14);
  expect(r2).toBeCloseTo(1 - left.reduce((sum, value) => sum + value ** 2, 0) / variance, 10);
});

it("uses other samples for each count, drawn from its generator only", () => {
  const features = normal(300, 3);
  const near: Gaussian = gaussianOf(normal(300, 3, 2));
  const state = Array.from(getRngState().toArray() as Uint8Array);
  const run = (seed: number) => fidInfinity(features, near, { generator: new Generator(seed) });
  expect(run(1)).toEqual(run(1));
  expect(run(1).fid).not.toBe(run(2).fid);
  expect(Array.from(getRngState().toArray() as Uint8Array)).toEqual(state);
  expect(run(1).points[0]!.count).toBe(150);
  expect(run(1).points.length).toBe(15);
});

it("frees its tensors", () => {
  const [features, near] = [normal(40, 3), gaussianOf(normal(30, 3))];
  const before = liveTensors();
  fidInfinity(features, near, { points: 3, generator: new Generator(1) });
  expect(liveTensors()).toBe(before);
});

it("says what is wrong", () => {
  const generator = new Generator(1);
  expect(() => fidInfinity(normal(3, D), standard, { generator })).toThrow(
    new UserError("the generated features: 3 samples are too few, at least 4 needed"),
  );
  expect(() => fidInfinity(normal(30, D), standard, { smallest: 30, generator })).toThrow(
    new UserError("`smallest` (=30) must be below the number of generated samples, which is 30"),
  );
  expect(() => fidInfinity(normal(30, D), standard, { points: 1, generator })).toThrow(
    new UserError("`points` (=1) must be a whole number of at least 2"),
  );
  expect(() => fidInfinity(double([[1], [2], [3], [4]]), standard, { generator })).toThrow(
    /same dimensions, got 1 and 64/,
  );
});
