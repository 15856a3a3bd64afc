import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { densityCoverage, precisionRecall } from "../../src/metrics/formulas/index.ts";
import { Generator, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { double, fake, normal, real, stored } from "./stored.ts";

const both = (a: Tensor, b: Tensor, neighbours: number) => ({
  ...precisionRecall(a, b, { neighbours }),
  ...densityCoverage(a, b, { neighbours }),
});

// Five real points on a line with radii (k = 1) 1, 1, 2, 2, 10, and three generated ones with radii 2.5, 2.5, 6.5 (from -3 to 6).
const line = double([
  [0, 0],
  [1, 0],
  [3, 0],
  [5, 0],
  [15, 0],
]);
const few = double([
  [-3, 0],
  [-0.5, 0],
  [6, 0],
]);

it("of a hand-built configuration equals the result by hand", () => {
  // -3 lies in no real ball; -0.5 in that of 0; 6 in those of 5 and of 15 (at distance 9).
  const { precision, density, coverage } = both(line, few, 1);
  expect(precision).toBeCloseTo(2 / 3, 14);
  expect(density).toBeCloseTo(3 / 3, 14);
  expect(coverage).toBeCloseTo(3 / 5, 14);
  // Generated balls: [-5.5, -0.5], [-3, 2], [-0.5, 12.5] hold 0, 1, 3, 5.
  expect(precisionRecall(line, few, { neighbours: 1 }).recall).toBeCloseTo(4 / 5, 14);
});

it("has closed balls for precision and recall, open ones for density and coverage", () => {
  const on = double([
    [2, 0],
    [20, 7],
  ]);
  // 2 lies on the rims of the balls of 1 and, at distance 1, inside that of 3; 20 in none but 15's, at sqrt(74) < 10.
  const rim = double([
    [0, 0],
    [1, 0],
    [10, 0],
  ]);
  expect(precisionRecall(rim, on, { neighbours: 1 }).precision).toBe(0.5);
  expect(densityCoverage(rim, on, { neighbours: 1 })).toEqual({ density: 0.5, coverage: 1 / 3 });
});

describe.each(["1", "3", "5"])("k = %s: the definition on all pairs", (k) => {
  it.each(["real features", "whole numbers with duplicates and ties"])("%s", (which) => {
    const [a, b, expected] =
      which === "real features"
        ? [real, fake, stored.manifolds[k]!]
        : [double(stored.grid.real), double(stored.grid.fake), stored.grid.scores[k]!];
    const scores = both(a, b, Number(k));
    for (const [name, value] of Object.entries(expected))
      expect(scores[name as keyof typeof scores], name).toBeCloseTo(value, 12);
  });

  it("is not moved by an offset of ten thousand times the spread", () => {
    const far = (rows: number[][]): Tensor => double(rows).add(1e4);
    const scores = both(far(stored.grid.real), far(stored.grid.fake), Number(k));
    expect(scores).toEqual(both(double(stored.grid.real), double(stored.grid.fake), Number(k)));
  });
});

it("defaults to the papers' k", () => {
  expect(precisionRecall(real, fake)).toEqual(precisionRecall(real, fake, { neighbours: 3 }));
  expect(densityCoverage(real, fake)).toEqual(densityCoverage(real, fake, { neighbours: 5 }));
});

it("of a set and itself is 1 throughout", () => {
  const features = normal(500, 64).add(30);
  expect(both(features, features, 3)).toEqual({ precision: 1, recall: 1, density: 1, coverage: 1 });
  const turned = features.flip([0]);
  expect(both(features, turned, 3)).toEqual({ precision: 1, recall: 1, density: 1, coverage: 1 });
});

it("of sets far apart is 0 throughout", () => {
  expect(both(normal(50, 3), normal(40, 3, 2).add(100), 3)).toEqual({
    precision: 0,
    recall: 0,
    density: 0,
    coverage: 0,
  });
});

it("of copies of one real point is precise, but does not recall", () => {
  const copies = real.narrow(0, 0, 1).expand([40, 6]);
  const { precision, recall, coverage } = both(real, copies, 3);
  expect(precision).toBe(1);
  expect(recall).toBe(1 / 120);
  expect(coverage).toBeLessThan(0.15);
});

it("of sets of equal points counts the copies", () => {
  const point = Tensor.ones([9, 2]);
  expect(precisionRecall(point, point)).toEqual({ precision: 1, recall: 1 });
  expect(densityCoverage(point, point)).toEqual({ density: 0, coverage: 0 });
});

it("gives the same result over several tiles as over one", () => {
  // Sorted, points of one tile are near to each other; shuffled, the nearest lie in another.
  const generator = new Generator(6);
  const [a, b] = [normal(2500, 2), normal(2300, 2, 2).mul(0.8)];
  const shuffled = (x: Tensor): Tensor => x.indexSelect(0, Tensor.randperm(x.shape[0]!, { generator }));
  const scores = both(a, b, 5);
  expect(both(shuffled(a), shuffled(b), 5)).toEqual(scores);
  const squares = (x: Tensor, y: Tensor): Tensor =>
    x.double().unsqueeze(1).sub(y.double().unsqueeze(0)).square().sum([2]);
  const radii = squares(a, a).sort(1)[0].select(1, 5);
  const inside = squares(a, b).lt(radii.unsqueeze(1)).long();
  expect(scores.density).toBeCloseTo(inside.sum().item() / (5 * 2300), 12);
  expect(scores.coverage).toBeCloseTo(inside.amax(1).double().mean().item(), 12);
  expect(scores.precision).toBeCloseTo(inside.amax(0).double().mean().item(), 12);
});

it("expects density 1 and coverage by its lemma where both sets are alike", () => {
  const { density, coverage } = densityCoverage(normal(2000, 4), normal(2000, 4, 2), { neighbours: 5 });
  expect(Math.abs(density - 1)).toBeLessThan(0.05);
  let missed = 1;
  for (let i = 1; i <= 5; i++) missed *= (2000 - i) / (4000 - i);
  expect(Math.abs(coverage - (1 - missed))).toBeLessThan(0.015);
});

it("frees its tensors", () => {
  const before = liveTensors();
  both(real, fake, 3);
  expect(liveTensors()).toBe(before);
});

it("says what is wrong", () => {
  expect(() => precisionRecall(normal(3, 2), real)).toThrow(
    new UserError("`neighbours` (=3) needs at least 4 samples, the real features have 3"),
  );
  expect(() => densityCoverage(real, normal(1, 6))).toThrow(
    /^`neighbours` \(=5\) needs at least 6 samples, the generated features have 1$/,
  );
  expect(() => densityCoverage(real, fake, { neighbours: 1.5 })).toThrow(
    new UserError("`neighbours` (=1.5) must be a whole number of at least 1"),
  );
  expect(() => precisionRecall(real, normal(9, 2))).toThrow(/^the real features have 6 dimensions and the generated/);
  expect(() => precisionRecall(real, fake.div(0))).toThrow(/^the generated features: 110 of 110 rows/);
  expect(() => precisionRecall(Tensor.ones([4]), fake)).toThrow(
    new UserError("the real features must be a matrix [samples, dimensions], got [4]"),
  );
});
