import { expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { flat } from "../nn/oracle.ts";
import { ganOf, tinyRecipe } from "./tiny.ts";

/** How often each class comes in 4,000 draws. */
function drawn(gan: BuiltGan): number[] {
  return flat(gan.labels(4_000)!.bincount(3));
}

it("labels of generated samples are drawn evenly, or as often as the data has them", () => {
  const shape = { sample: { features: 2 }, classes: ["a", "b", "c"], classCounts: [10, 0, 30] };
  const even = drawn(new BuiltGan(tinyRecipe(), shape));
  // Standard deviations: sqrt(4000 / 3 * 2 / 3) = 30 and sqrt(4000 * 3 / 16) = 27.
  for (const count of even) expect(Math.abs(count - 4_000 / 3)).toBeLessThan(130);
  const [first, none, last] = drawn(new BuiltGan(tinyRecipe({ labelDistribution: "empirical" }), shape));
  expect(none).toBe(0);
  expect(first! + last!).toBe(4_000);
  expect(Math.abs(first! - 1_000)).toBeLessThan(120);
  // Neither before the first class, nor between two, nor after the last.
  const gaps = { ...shape, classes: ["a", "b", "c", "d", "e"], classCounts: [0, 1, 0, 1, 0] };
  const gan = new BuiltGan(tinyRecipe({ labelDistribution: "empirical" }), gaps);
  expect(new Set(flat(gan.labels(4_000)!))).toEqual(new Set([1, 3]));
  const unknown = new BuiltGan(tinyRecipe({ labelDistribution: "empirical" }), { ...shape, classCounts: undefined });
  expect(() => unknown.labels(1)).toThrow(
    "`labelDistribution` (=empirical): this data does not say how many samples each class has",
  );
});

it("a dataset says how often each class comes", () => {
  const gan = ganOf({ labelDistribution: "empirical" }, { count: 47, size: 16, classes: 2 });
  expect(gan.shape.classCounts).toEqual([24, 23]);
  expect(gan.labels(5)).toBeInstanceOf(Tensor);
});
