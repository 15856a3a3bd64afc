import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  interval,
  mean,
  overSeeds,
  separated,
  standardDeviation,
  studentQuantile,
} from "../../src/experiments/statistics.ts";

interface Fixture {
  quantiles: { probability: number; freedom: number; value: number }[];
  intervals: {
    values: number[];
    confidence: number;
    mean: number;
    deviation: number;
    low: number;
    high: number;
  }[];
}

const stored = JSON.parse(readFileSync(new URL("../fixtures/statistics.json", import.meta.url), "utf8")) as Fixture;

/** Relative where the value is not near zero. */
const near = (actual: number, wanted: number, tolerance: number) =>
  expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(tolerance * Math.max(1e-3, Math.abs(wanted)));

describe("Student's t", () => {
  it("has SciPy's quantiles", () => {
    for (const { probability, freedom, value } of stored.quantiles)
      near(studentQuantile(probability, freedom), value, 1e-7);
  });

  it("with one degree of freedom is Cauchy's distribution, with a quantile in closed form", () => {
    for (const p of [0.51, 0.75, 0.9, 0.975, 0.999, 1 - 1e-6, 1e-6])
      near(studentQuantile(p, 1), Math.tan(Math.PI * (p - 0.5)), 1e-7);
  });

  it("with two degrees of freedom has its closed form", () => {
    for (const p of [0.51, 0.75, 0.975, 0.9999])
      near(studentQuantile(p, 2), (2 * p - 1) / Math.sqrt(2 * p * (1 - p)), 1e-7);
  });

  it("refuses values that are no probability or degree of freedom", () => {
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(Number.NaN, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.9, 0)).toThrow(RangeError);
  });
});

describe("interval", () => {
  it("agrees with SciPy", () => {
    for (const { values, confidence, low, high, ...wanted } of stored.intervals) {
      const found = interval(values, confidence);
      expect(found.count).toBe(values.length);
      near(found.mean, wanted.mean, 1e-12);
      near(standardDeviation(values), wanted.deviation, 1e-12);
      near(found.mean - found.halfWidth, low, 1e-7);
      near(found.mean + found.halfWidth, high, 1e-7);
    }
  });

  it("does not pretend to know the width of one value", () => {
    expect(interval([3])).toEqual({ mean: 3, halfWidth: Number.NaN, count: 1 });
    expect(interval([])).toEqual({ mean: Number.NaN, halfWidth: Number.NaN, count: 0 });
    expect(mean([1, 2, 6])).toBe(3);
  });

  it("does not leave out NaN", () => {
    expect(interval([1, Number.NaN, 2]).mean).toBeNaN();
  });
});

describe("the title of a chart", () => {
  it("says over how many seeds its curves are, each over its own", () => {
    expect(overSeeds([5, 5])).toBe("mean and 95 % interval over 5 seeds");
    expect(overSeeds([5, 3])).toBe("mean and 95 % interval over 3 to 5 seeds");
    expect(overSeeds([1, 1])).toBe("one seed");
  });
});

describe("separated", () => {
  const at = (centre: number, halfWidth: number) => ({ mean: centre, halfWidth, count: 3 });

  it("recognises intervals that have no point in common", () => {
    expect(separated(at(1, 0.4), at(2, 0.4))).toBe(true);
    expect(separated(at(2, 0.4), at(1, 0.4))).toBe(true);
    expect(separated(at(1, 0.6), at(2, 0.6))).toBe(false);
  });

  it("treats touching intervals, and those of unknown width, as not separated", () => {
    expect(separated(at(1, 0.5), at(2, 0.5))).toBe(false);
    expect(separated(interval([1]), interval([100, 101]))).toBe(false);
    expect(separated(at(Number.NaN, 1), at(2, 0.4))).toBe(false);
  });
});
