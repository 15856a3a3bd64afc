import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { memorisation, nearestNeighbours } from "../../src/metrics/formulas/index.ts";
import { Generator, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { double, fake, normal, real, stored } from "./stored.ts";

it("finds the same neighbours as all differences", () => {
  const { indices, distances } = nearestNeighbours(fake, real, 3);
  expect(indices.tolist()).toEqual(stored.neighbours.indices);
  for (const [row, expected] of stored.neighbours.distances.entries())
    for (const [j, value] of expected.entries())
      expect(distances.select(0, row).select(0, j).item()).toBeCloseTo(value, 12);
});

it("finds copies of images at distance 0, at any position", () => {
  const generator = new Generator(3);
  const training = Tensor.randint(0, 256, [5000, 3, 4, 4], { generator, dtype: "uint8" });
  const places = [4999, 17, 2048, 2047, 17];
  const copies = training.indexSelect(0, Tensor.fromArray(places, undefined, { dtype: "int64" }));
  const { indices, distances } = nearestNeighbours(copies, training, 2);
  expect(indices.select(1, 0).tolist()).toEqual(places);
  expect(distances.select(1, 0).tolist()).toEqual([0, 0, 0, 0, 0]);
  expect(distances.select(1, 1).amin().item()).toBeGreaterThan(100);
});

it("gives whole distances exactly, far from the origin too", () => {
  const references = double([
    [1e6, 1e6],
    [1e6 + 3, 1e6 + 4],
    [1e6 - 6, 1e6 + 8],
  ]);
  const { indices, distances } = nearestNeighbours(references.narrow(0, 0, 1), references, 3);
  expect(indices.tolist()).toEqual([[0, 1, 2]]);
  expect(distances.tolist()).toEqual([[0, 5, 10]]);
});

it("orders equal distances by number", () => {
  const references = double([[1], [-1], [1], [0], [-1]]);
  const { indices, distances } = nearestNeighbours(double([[0]]), references, 5);
  expect(distances.tolist()).toEqual([[0, 1, 1, 1, 1]]);
  expect(indices.tolist()).toEqual([[3, 0, 1, 2, 4]]);
});

it("works over several tiles and chunks", () => {
  const [a, b] = [normal(2100, 3), normal(2200, 3, 2)];
  const { distances } = nearestNeighbours(a, b, 1);
  const squares = a.double().unsqueeze(1).sub(b.double().unsqueeze(0)).square().sum([2]);
  expect(squares.amin(1).sqrt().sub(distances.select(1, 0)).abs().amax().item()).toBeLessThan(1e-14);
});

it("follows the definition", () => {
  const { share, copies, threshold, ratio } = memorisation(fake, real, undefined, { quantile: 0.2 });
  const expected = stored.neighbours;
  expect(share).toBeCloseTo(expected.share, 14);
  expect(threshold).toBeCloseTo(expected.threshold, 12);
  expect(ratio).toBeCloseTo(expected.ratio, 12);
  expect(copies).toBe(0);
});

it("distinguishes copies from new draws", () => {
  const [training, heldOut, fresh] = [normal(1000, 8), normal(1000, 8, 2), normal(1000, 8, 3)];
  const honest = memorisation(fresh, training, heldOut);
  expect(honest.share).toBeLessThan(0.03);
  expect(honest.copies).toBe(0);
  expect(Math.abs(honest.ratio - 1)).toBeLessThan(0.05);
  const near = training.narrow(0, 0, 300).add(normal(300, 8, 4).mul(0.01));
  const cheat = memorisation(
    Tensor.cat([near, training.narrow(0, 300, 100), fresh.narrow(0, 0, 600)]),
    training,
    heldOut,
  );
  expect(cheat.share).toBeGreaterThanOrEqual(0.4);
  expect(cheat.share).toBeLessThan(0.43);
  expect(cheat.copies).toBe(0.1);
  expect(cheat.ratio).toBeLessThan(0.9);
});

it("finds equal rows that the products of a tile cannot tell from near ones", () => {
  // Far from the mean: squared distances of about 1e-10 are lost in squared norms of 1e6.
  const far = normal(400, 8).mul(1e-5).add(1e3);
  const training = Tensor.cat([far, far.neg()]);
  expect(memorisation(far.narrow(0, 5, 300), training).copies).toBe(1);
  expect(
    memorisation(
      double([[-0, 1]]),
      double([
        [5, 5],
        [0, 1],
      ]),
    ).copies,
  ).toBe(1);
});

it("is undefined where real samples are so often equal that there is no distance to compare with", () => {
  const training = double([[0], [0], [0], [10], [13]]);
  const found = memorisation(double([[0], [1]]), training);
  expect(found).toEqual({ share: Number.NaN, copies: 0.5, threshold: 0, ratio: Number.NaN });
});

it("without held-out samples leaves each training sample out of its own neighbours, but not its copies", () => {
  const training = double([[0], [0], [0], [10], [13]]);
  const { threshold } = memorisation(double([[1]]), training, undefined, { quantile: 0.75 });
  // Distances to others: 0, 0, 0, 3, 3.
  expect(threshold).toBe(3);
  expect(memorisation(double([[1]]), training, undefined, { quantile: 0.5 }).threshold).toBe(0);
});

it("frees its tensors", () => {
  const before = liveTensors();
  scope(() => void nearestNeighbours(fake, real, 2));
  memorisation(fake, real);
  expect(liveTensors()).toBe(before);
});

it("says what is wrong", () => {
  expect(() => nearestNeighbours(fake, real, 0)).toThrow(
    new UserError("`k` (=0) must be a whole number of at least 1"),
  );
  expect(() => nearestNeighbours(fake, real.narrow(0, 0, 2), 3)).toThrow(
    new UserError("the references of 3 nearest: 2 samples are too few, at least 3 needed"),
  );
  expect(() => nearestNeighbours(Tensor.ones([4]), real)).toThrow(
    new UserError("samples must be [samples, ...], got [4]"),
  );
  expect(() => nearestNeighbours(normal(4, 5), real)).toThrow(/^the queries have 5 dimensions and the references 6/);
  expect(() => nearestNeighbours(fake.div(0), real)).toThrow(/^the queries: 110 of 110 rows/);
  expect(() => memorisation(fake, real, undefined, { quantile: 2 })).toThrow(
    new UserError("`quantile` (=2) must lie from 0 to 1"),
  );
});
