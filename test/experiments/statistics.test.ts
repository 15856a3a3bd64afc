import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  holm,
  interval,
  mean,
  overSeeds,
  pooled,
  probabilityText,
  separated,
  standardDeviation,
  studentProbability,
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
  probabilities: { t: number; freedom: number; value: number }[];
  pooled: (PooledCells & { ownError: number })[];
  welch: PooledCells;
  holm: { values: number[]; corrected: number[] }[];
}

interface PooledCells {
  cells: number[][];
  mean: number;
  low: number;
  high: number;
  freedom: number;
  p: number;
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

  it("has SciPy's probabilities", () => {
    for (const { t, freedom, value } of stored.probabilities) near(studentProbability(t, freedom), value, 1e-7);
    expect([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((t) => studentProbability(t, 3))).toEqual([1, 0]);
  });

  it("refuses values that are no probability or degree of freedom", () => {
    expect(() => studentProbability(1, 0)).toThrow(RangeError);
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

describe("pooled", () => {
  const agree = (found: ReturnType<typeof pooled>, wanted: PooledCells) => {
    near(found.mean, wanted.mean, 1e-9);
    near(found.halfWidth, (wanted.high - wanted.low) / 2, 1e-7);
    near(found.freedom, wanted.freedom, 1e-9);
    // jstat sums the incomplete beta function to a few digits fewer than SciPy; a p value is shown with three.
    near(found.p, wanted.p, 1e-5);
  };

  it("agrees with the least squares of statsmodels, a column for each cell", () => {
    for (const wanted of stored.pooled) agree(pooled(wanted.cells), wanted);
  });

  it("with variances of their own has the standard error of statsmodels' HC2, and of two cells SciPy's Welch test", () => {
    for (const { cells, ownError } of stored.pooled) {
      const { halfWidth, freedom } = pooled(cells, { variances: "own" });
      near(halfWidth / studentQuantile(0.975, freedom), ownError, 1e-9);
    }
    agree(pooled(stored.welch.cells, { variances: "own" }), stored.welch);
  });

  it("of one cell is the interval of its mean", () => {
    const values = [31.2, 29.8, 30.5, 33];
    for (const variances of ["equal", "own"] as const) {
      const { mean, halfWidth, freedom, count } = pooled([values], { variances });
      expect({ mean, halfWidth, count }).toEqual(interval(values));
      expect(freedom).toBe(3);
    }
  });

  it("takes the spread from the cells that have one", () => {
    // s^2 = 1 with 2 degrees of freedom, standard error 1 / 2 sqrt(2 / 3); t = 1 / 0.408, whose p has a closed form.
    const { mean, halfWidth, freedom, p } = pooled([
      [1, 2, 3],
      [0, 0, 0],
    ]);
    expect([mean, freedom]).toEqual([1, 2]);
    near(halfWidth, (studentQuantile(0.975, 2) * Math.sqrt(2 / 3)) / 2, 1e-9);
    near(p, 1 - Math.sqrt(6 / (2 + 6)), 1e-6);
  });

  it("does not test where there is nothing to test", () => {
    expect(
      pooled([
        [0, 0],
        [0, 0],
      ]).p,
    ).toBeNaN();
    expect(
      pooled([
        [1, 1],
        [2, 2],
      ]),
    ).toMatchObject({ mean: 1.5, halfWidth: 0, p: 0 });
    expect(pooled([[1], [2]])).toMatchObject({ mean: 1.5, halfWidth: Number.NaN, p: Number.NaN });
    expect(pooled([])).toMatchObject({ mean: Number.NaN, p: Number.NaN });
  });
});

describe("Holm's correction", () => {
  it("agrees with statsmodels", () => {
    for (const { values, corrected } of stored.holm) {
      for (const [i, p] of holm(values).entries()) near(p, corrected[i]!, 1e-12);
    }
  });

  it("leaves out what was not tested", () => {
    expect(holm([0.04, Number.NaN, 0.01])).toEqual([0.04, Number.NaN, 0.02]);
    expect(holm([])).toEqual([]);
  });
});

describe("a p value in a table", () => {
  it("has three decimals where it is small", () => {
    const shown = [0.0004, 0.0011, 0.0499, 0.0996, 0.284, 0.996, 1, Number.NaN].map(probabilityText);
    expect(shown).toEqual(["< 0.001", "0.001", "0.050", "0.10", "0.28", "1", "1", "–"]);
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
