import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { modeCoverage } from "../../src/metrics/formulas/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { double, normal, stored, withValue } from "./stored.ts";

const classes = (...values: number[]): Tensor => Tensor.fromArray(values, undefined, { dtype: "int64" });

it("of every class equally often", () => {
  const scores = modeCoverage(classes(0, 1, 2, 3, 3, 2, 1, 0), 4, { real: [7, 7, 7, 7] });
  expect(scores.modes).toBe(4);
  expect(scores.histogram).toEqual([2, 2, 2, 2]);
  expect(scores.entropy).toBeCloseTo(Math.log(4), 14);
  expect(scores.reverseKl).toBeCloseTo(0, 14);
  expect(scores.reverseKlToReal).toBeCloseTo(0, 14);
});

it("of one class only", () => {
  const scores = modeCoverage(Tensor.full([30], 2, { dtype: "uint8" }), 10, { real: [0, 0, 3, 1, 0, 0, 0, 0, 0, 0] });
  expect(scores.modes).toBe(1);
  expect(scores.entropy).toBe(0);
  expect(scores.reverseKl).toBeCloseTo(Math.log(10), 14);
  expect(scores.reverseKlToReal).toBeCloseTo(Math.log(4 / 3), 14);
});

it("of samples where there are no real ones is infinite", () => {
  expect(modeCoverage(classes(0, 1), 2, { real: [1, 0] }).reverseKlToReal).toBe(Number.POSITIVE_INFINITY);
  expect(modeCoverage(classes(0, 0), 2, { real: [1, 0] }).reverseKlToReal).toBe(0);
  expect(modeCoverage(classes(0, 1), 2).reverseKlToReal).toBeUndefined();
});

it("takes logits by their largest", () => {
  const { real, ...expected } = stored.modes;
  const scores = modeCoverage(double(stored.logits), 5, { real });
  expect(scores.histogram).toEqual(expected.histogram);
  expect(scores.modes).toBe(5);
  for (const name of ["entropy", "reverseKl", "reverseKlToReal"] as const)
    expect(scores[name]).toBeCloseTo(expected[name], 13);
});

it("counts more classes than it sees", () => {
  expect(modeCoverage(classes(1), 1000).histogram.length).toBe(1000);
});

it("says what is wrong", () => {
  expect(() => modeCoverage(classes(0, 10), 10)).toThrow(new UserError("classes must lie from 0 to 9, got 10"));
  expect(() => modeCoverage(classes(-1, 0), 10)).toThrow(new UserError("classes must lie from 0 to 9, got -1"));
  expect(() => modeCoverage(classes(), 10)).toThrow(
    new UserError("the mode count needs at least 1 sample, there are 0"),
  );
  expect(() => modeCoverage(normal(5, 9), 10)).toThrow(
    new UserError("the mode count needs logits [samples, 10] or integer classes [samples], got float32 [5, 9]"),
  );
  expect(() => modeCoverage(Tensor.ones([5]), 10)).toThrow(/got float32 \[5\]$/);
  expect(() => modeCoverage(withValue(normal(5, 3), 1, 1, Number.NaN), 3)).toThrow(
    new UserError("logits: row 1 has values that are NaN or infinite"),
  );
  expect(() => modeCoverage(classes(0), 2, { real: [1, 2, 3] })).toThrow(
    new UserError("the real histogram has 3 classes, the classifier 2"),
  );
  expect(() => modeCoverage(classes(0), 2, { real: [0, 0] })).toThrow(/not all 0$/);
  expect(() => modeCoverage(classes(0), 2, { real: [2, -1] })).toThrow(/at least 0/);
});
