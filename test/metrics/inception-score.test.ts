import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { inceptionScore } from "../../src/metrics/formulas/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { double, normal, stored, withValue } from "./stored.ts";

it("of a classifier that sees no difference is 1", () => {
  const { mean, std } = inceptionScore(Tensor.ones([50, 7]).mul(-3), { splits: 5 });
  expect(mean).toBeCloseTo(1, 14);
  expect(std).toBeLessThan(1e-15);
  const one = normal(1, 7).expand([50, 7]);
  expect(inceptionScore(one).mean).toBeCloseTo(1, 14);
});

it("of sure answers, every class equally often, is the number of classes", () => {
  const sure = Tensor.eye(8).mul(1000).repeat([20, 1]);
  const { mean, std } = inceptionScore(sure, { splits: 10 });
  expect(mean).toBeCloseTo(8, 12);
  expect(std).toBeLessThan(1e-13);
});

it("of two classes is known from their entropies", () => {
  // Half of the samples have p = (0.9, 0.1), half (0.3, 0.7).
  const logits = double([
    [Math.log(0.9), Math.log(0.1)],
    [Math.log(0.3), Math.log(0.7)],
  ]).repeat([30, 1]);
  const entropy = (p: number): number => -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  const expected = Math.exp(entropy(0.6) - (entropy(0.9) + entropy(0.3)) / 2);
  expect(inceptionScore(logits, { splits: 3 }).mean).toBeCloseTo(expected, 13);
});

it("cuts the rows in their order", () => {
  // Sorted by class, each split sees one class only; two splits of three rows: 1 class, and 2 classes 1 to 2.
  const sorted = Tensor.eye(2)
    .mul(1000)
    .indexSelect(0, Tensor.fromArray([0, 0, 1], [3], { dtype: "int64" }));
  const { mean, std } = inceptionScore(sorted, { splits: 2 });
  expect(mean).toBeCloseTo((1 + 2) / 2, 13);
  expect(std).toBeCloseTo(0.5, 13);
  expect(inceptionScore(sorted.narrow(0, 0, 2), { splits: 2 }).mean).toBe(1);
});

it.each(["1", "4", "10"])("with %s splits is torch-fidelity's", (splits) => {
  const { mean, std } = inceptionScore(double(stored.logits), { splits: Number(splits) });
  expect(mean).toBeCloseTo(stored.inceptionScore[splits]!.mean, 12);
  expect(std).toBeCloseTo(stored.inceptionScore[splits]!.std, 12);
});

it("takes logits of any size and does not care for a constant added to a row", () => {
  const logits = double(stored.logits);
  const shifted = logits.add(Tensor.arange(0, 93, 1, { dtype: "float64" }).mul(1e3).unsqueeze(1));
  expect(inceptionScore(shifted).mean).toBeCloseTo(inceptionScore(logits).mean, 8);
  expect(inceptionScore(logits.mul(1e6)).mean).toBeGreaterThan(2);
});

it("says what is wrong", () => {
  expect(() => inceptionScore(normal(9, 4))).toThrow(
    new UserError("logits in 10 splits: 9 samples are too few, at least 10 needed"),
  );
  expect(() => inceptionScore(normal(0, 4), { splits: 1 })).toThrow(
    new UserError("logits in 1 split: 0 samples are too few, at least 1 needed"),
  );
  expect(() => inceptionScore(normal(9, 4), { splits: 0 })).toThrow(
    new UserError("`splits` (=0) must be a whole number of at least 1"),
  );
  expect(() => inceptionScore(withValue(normal(20, 4), 11, 2, Number.NaN))).toThrow(
    new UserError("logits in 10 splits: row 11 has values that are NaN or infinite"),
  );
});
