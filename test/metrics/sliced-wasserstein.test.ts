/** The sliced Wasserstein distance against closed forms and brute-force transport. */
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { slicedDistance, slicedWasserstein } from "../../src/metrics/scores/sliced-wasserstein.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";

const column = (values: readonly number[]): Tensor => Tensor.fromArray(Float64Array.from(values), [values.length, 1]);
const axis = Tensor.fromArray([[1]]);
const random = (seed: number, shape: number[]) => Tensor.randn(shape, { generator: new Generator(seed) });

function* permutations(values: readonly number[]): Iterable<number[]> {
  if (values.length === 0) yield [];
  for (const [i, first] of values.entries()) {
    for (const rest of permutations(values.toSpliced(i, 1))) yield [first, ...rest];
  }
}

describe("slicedDistance", () => {
  it("of a set and the same set moved by c is |c . d| on a direction d, whatever its length", () => {
    const a = random(1, [50, 3]);
    const c = [0.5, -2, 1];
    const b = a.add(Tensor.fromArray(c));
    const direction = Tensor.fromArray([[2], [1], [2]]);
    expect(slicedDistance(a, b, direction)).toBeCloseTo(Math.abs(0.5 * 2 - 2 + 2) / 3, 6);
    const directions = random(2, [3, 500]);
    const columns = directions.transpose(0, 1).tolist() as number[][];
    const squares = columns.map((d) => (d[0]! * c[0]! + d[1]! * c[1]! + d[2]! * c[2]!) ** 2 / Math.hypot(...d) ** 2);
    const expected = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / 500);
    expect(slicedDistance(a, b, directions)).toBeCloseTo(expected, 6);
  });

  it("on a line is the cheapest of all assignments", () => {
    const [a, b] = [
      [0.3, -1.2, 2.5, 0.1, 0.9],
      [1.1, 0, -0.4, 3, 0.2],
    ];
    const costs = [...permutations(b!)].map((order) => order.reduce((sum, y, i) => sum + (y - a![i]!) ** 2, 0) / 5);
    expect(costs).toHaveLength(120);
    expect(slicedDistance(column(a!), column(b!), axis)).toBeCloseTo(Math.sqrt(Math.min(...costs)), 12);
  });

  it("of sets of different sizes splits the weight of a sample", () => {
    expect(slicedDistance(column([0]), column([0, 1]), axis)).toBeCloseTo(Math.sqrt(0.5), 12);
    // Thirds against halves: 0, 3, 6 and 0, 6 are apart by 3 on the middle third.
    expect(slicedDistance(column([0, 3, 6]), column([0, 6]), axis)).toBeCloseTo(Math.sqrt(9 / 3), 12);
    const a = random(3, [7, 4]);
    expect(slicedDistance(a, Tensor.cat([a, a, a]), random(4, [4, 20]))).toBeCloseTo(0, 12);
  });

  it("is symmetric", () => {
    const [a, b, d] = [random(5, [11, 4]), random(6, [17, 4]), random(7, [4, 9])];
    expect(slicedDistance(a, b, d)).toBeCloseTo(slicedDistance(b, a, d), 12);
  });

  it("refuses empty sets, other widths and NaN", () => {
    expect(() => slicedDistance(Tensor.zeros([0, 2]), Tensor.zeros([1, 2]), axis)).toThrow(UserError);
    expect(() => slicedDistance(Tensor.zeros([1, 2]), Tensor.zeros([1, 3]), axis)).toThrow(/dimensions/);
    expect(() => slicedDistance(column([Number.NaN]), column([0]), axis)).toThrow(/NaN/);
  });
});

it("slicedWasserstein draws its directions from the evaluation's seed", () => {
  const [fake, real] = [1, 2].map((seed) => ({ count: 30, features: random(seed, [30, 5]) }));
  const metric = slicedWasserstein({ directions: 64 }).build();
  const measure = (seed: number) => metric.compute({ fake: fake!, real: real!, random: new Generator(seed) });
  expect(measure(1)).toEqual(measure(1));
  expect(measure(1)).not.toEqual(measure(2));
  const directions = Tensor.randn([5, 64], { generator: new Generator(1), dtype: "float64" });
  expect(measure(1)).toEqual({
    slicedWasserstein: { value: slicedDistance(fake!.features, real!.features, directions) },
  });
});
