import { describe, expect, it, vi } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { quantise } from "../../src/formats/index.ts";
import { biggan, bigganDeep, dcgan, mlp, sagan } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { virtualBatchNorm } from "../../src/techniques/index.ts";
import { Generator, liveTensors, noGrad, Tensor } from "../../src/tensor/index.ts";
import { nearestImages } from "../../src/training/evaluation/nearest-images.ts";
import { interpolate } from "../../src/training/sampling/interpolation.ts";
import { classSheet, interpolationSheet, truncationSheet } from "../../src/training/sampling/sheets.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { expectClose, flat, noise } from "../nn/oracle.ts";
import { ganOf, makeDataset } from "./tiny.ts";

const rows = (values: readonly number[][]): Tensor => Tensor.fromArray([...values]);
const latent = 4;
const conditional = (classes = 3): BuiltGan =>
  ganOf({ generator: mlp.generator({ latent, hidden: [8], conditional: true }) }, { count: 12, size: 16, classes });
const options = () => ({ random: new Generator(3), averaged: true });

/** Rows of what the generator is given while `body` runs: latents, and labels (numbers, or shares). */
function inputsOf(gan: BuiltGan, body: () => void): { latents: number[][]; labels: unknown[] } {
  const seen = { latents: [] as number[][], labels: [] as unknown[] };
  const forward = gan.generator.forward.bind(gan.generator);
  gan.generator.forward = (z, labels) => {
    seen.latents.push(...(z.tolist() as number[][]));
    if (labels) seen.labels.push(...(labels.tolist() as unknown[]).map((x) => (typeof x === "bigint" ? Number(x) : x)));
    return forward(z, labels);
  };
  try {
    body();
  } finally {
    gan.generator.forward = forward;
  }
  return seen;
}

describe("interpolation", () => {
  it("spherical is the arc: known vectors, and one length all the way", () => {
    const [half, root] = [Math.SQRT1_2, Math.sqrt(3) / 2];
    const quarter = interpolate(rows([[1, 0]]), rows([[0, 1]]), 4, "spherical");
    expectClose(quarter, [1, 0, root, 0.5, 0.5, root, 0, 1], { atol: 1e-7 });
    // Of two lengths: the weights are those of the directions.
    expectClose(interpolate(rows([[2, 0]]), rows([[0, 4]]), 3, "spherical"), [2, 0, 2 * half, 4 * half, 0, 4]);
    // 60 degrees apart: half way both weigh sin 30 / sin 60 = 1 / sqrt(3), whatever the lengths.
    expectClose(interpolate(rows([[3, 0]]), rows([[0.5, root]]), 3, "spherical").narrow(0, 1, 1), [
      3.5 / (2 * root),
      0.5,
    ]);
    const ends = [noise([3, 64], 1), noise([3, 64], 2)].map((z) => z.div(z.norm(2, [1], true)).mul(8));
    const way = interpolate(ends[0]!, ends[1]!, 7, "spherical");
    expectClose(way.norm(2, [1]), Array<number>(21).fill(8), { atol: 1e-5 });
    const straight = interpolate(ends[0]!, ends[1]!, 3, "linear");
    expectClose(straight.narrow(0, 1, 1), ends[0]!.add(ends[1]!).div(2).narrow(0, 0, 1), { atol: 1e-6 });
    expect(Math.min(...flat(straight.norm(2, [1])))).toBeLessThan(7);
  });

  it.each(["linear", "spherical"] as const)("%s has exact ends, row by row, also of parallel latents", (kind) => {
    const [from, to] = [noise([4, 16], 5, "float32"), noise([4, 16], 6, "float32")];
    const way = interpolate(from, to, 5, kind);
    expect(way.shape).toEqual([20, 16]);
    for (let row = 0; row < 4; row++) {
      expect(flat(way.select(0, row * 5))).toEqual(flat(from.select(0, row)));
      expect(flat(way.select(0, row * 5 + 4))).toEqual(flat(to.select(0, row)));
    }
    expectClose(interpolate(rows([[1, 2]]), rows([[3, 6]]), 3, kind), [1, 2, 2, 4, 3, 6]);
  });
});

describe("sheets", () => {
  it("of classes: a row per class, a column one z", () => {
    const gan = conditional();
    let sheet: ReturnType<typeof classSheet> | undefined;
    const seen = inputsOf(gan, () => {
      sheet = classSheet(gan, { ...options(), classes: [2, 0], columns: 3 });
    });
    expect(seen.labels).toEqual([2, 2, 2, 0, 0, 0]);
    expect(seen.latents.slice(0, 3)).toEqual(seen.latents.slice(3));
    expect(new Set(seen.latents.map(String)).size).toBe(3);
    expect([sheet!.titles, sheet!.columns, sheet!.images.shape]).toEqual([["class 2", "class 0"], 3, [6, 1, 16, 16]]);
  });

  it("of thresholds: a column keeps of its z what lies within", () => {
    const gan = conditional();
    const thresholds = [undefined, 1, 0.3];
    const { latents, labels } = inputsOf(gan, () => truncationSheet(gan, { ...options(), thresholds, columns: 5 }));
    expect(labels).toEqual([0, 1, 2, 0, 1, 0, 1, 2, 0, 1, 0, 1, 2, 0, 1]);
    const [all, one, least] = [latents.slice(0, 5), latents.slice(5, 10), latents.slice(10)].map((part) => part.flat());
    expect(all!.some((value) => Math.abs(value) > 1)).toBe(true);
    for (const [part, before, threshold] of [
      [one!, all!, 1],
      [least!, one!, 0.3],
    ] as const) {
      expect(part.every((value) => Math.abs(value) <= threshold)).toBe(true);
      for (const [i, value] of before.entries()) if (Math.abs(value) <= threshold) expect(part[i]).toBe(value);
    }
  });

  it("of ways: one class a row, or shares of two; the ends are the two samples", () => {
    const gan = conditional();
    const way = { ...options(), kind: "linear", rows: 2, steps: 3 } as const;
    const turns = inputsOf(gan, () => interpolationSheet(gan, way));
    expect(turns.labels).toEqual([0, 0, 0, 1, 1, 1]);
    const mean = turns.latents[0]!.map((value, i) => (value + turns.latents[2]![i]!) / 2);
    expectClose(turns.latents[1]!, mean);
    const one = inputsOf(gan, () => interpolationSheet(gan, { ...way, random: new Generator(3), classIndex: 2 }));
    expect([one.labels, one.latents]).toEqual([[2, 2, 2, 2, 2, 2], turns.latents]);
    const fixed = { ...way, random: new Generator(3), kind: "fixed", between: [2, 0] } as const;
    const mixed = inputsOf(gan, () => interpolationSheet(gan, fixed));
    expect(mixed.labels.slice(0, 3)).toEqual([
      [0, 0, 1],
      [0.5, 0, 0.5],
      [1, 0, 0],
    ]);
    expect(mixed.latents.slice(0, 3)).toEqual(Array(3).fill(turns.latents[0]));
  });

  it("are the same for the same seed, and leave training's streams and no tensors behind", () => {
    const gan = conditional();
    const streams = [...gan.streams.state().values()].map(flat);
    const draw = (): Tensor =>
      interpolationSheet(gan, { ...options(), kind: "spherical", rows: 2, steps: 3, truncation: 1 }).images;
    const before = liveTensors();
    draw().dispose();
    expect(liveTensors()).toBe(before);
    expect(flat(draw())).toEqual(flat(draw()));
    expect([...gan.streams.state().values()].map(flat)).toEqual(streams);
  });

  it("refuse what does not fit, by name", () => {
    const gan = conditional();
    const way = { ...options(), kind: "spherical", rows: 1, steps: 2 } as const;
    expect(() => classSheet(gan, { ...options(), classes: [3], columns: 1 })).toThrow("class 3 is not among the 3");
    expect(() => truncationSheet(gan, { ...options(), thresholds: [1, 2], columns: 1 })).toThrow(
      "thresholds (=1,2) must fall from one to the next",
    );
    expect(() => interpolationSheet(ganOf({ latentDistribution: "uniform" }), way)).toThrow("take linear");
    expect(() => interpolationSheet(ganOf(), { ...way, between: [0, 1] })).toThrow(
      "the generator of this run takes no shares of classes, so there is nothing between two of them",
    );
  });
});

describe("shares of classes", () => {
  const cases: [string, Partial<RecipeInput>, number][] = [
    ["mlp", { generator: mlp.generator({ latent, hidden: [8], conditional: true }) }, 16],
    ["dcgan", { generator: dcgan.generator({ latent, width: 2, conditional: true }) }, 16],
    ["sagan", { generator: sagan.generator({ latent, width: 2, attention: 0 }) }, 32],
    ["biggan", { generator: biggan.generator({ latent: 8, width: 2, shared: 3 }) }, 32],
    ["bigganDeep", { generator: bigganDeep.generator({ latent, width: 4, shared: 3 }) }, 32],
    [
      "virtual batch norm",
      {
        generator: dcgan.generator({ latent, width: 2, conditional: true }),
        techniques: [virtualBatchNorm({ size: 3 })],
      },
      16,
    ],
  ];
  it.each(cases)("%s: all of one class is that class, and between two there is neither", (_, parts, size) => {
    const { generator } = ganOf(parts, { count: 12, size, classes: 3 });
    expect(generator.takesLabels).toBe("shares");
    generator.eval();
    noGrad(() => {
      // Class tables begin at 0, all classes alike.
      for (const [name, tensor] of generator.namedParameters())
        if (/gain|bias\.weight/.test(name)) tensor.normal_(0, 1, new Generator(1));
      const z = noise([2, generator.latent], 4, "float32");
      const whole = generator.forward(z, Tensor.fromArray(BigInt64Array.from([2n, 0n])));
      const shares = generator.forward(
        z,
        rows([
          [0, 0, 1],
          [1, 0, 0],
        ]),
      );
      expectClose(shares, whole, { atol: 1e-5 });
      const between = flat(
        generator.forward(
          z,
          rows([
            [0.5, 0, 0.5],
            [0.5, 0, 0.5],
          ]),
        ),
      );
      expect(between.some((value, i) => Math.abs(value - flat(whole)[i]!) > 1e-4)).toBe(true);
    });
    expect(ganOf().generator.takesLabels).toBe("none");
  });
});

describe("nearest images", () => {
  const dataset = { ...makeDataset({ count: 40, size: 8, classes: 3 }), name: "noise" };
  const images = dataset.images.double().div(127.5).sub(1);

  it("are those of least Euclidean distance, in order, with their class; copies are at 0", () => {
    const samples = Tensor.cat([images.narrow(0, 17, 1), noise([4, 1, 8, 8], 9)]).float();
    const found = nearestImages(quantise(samples), dataset, 3);
    const bytes = quantise(samples).pixels;
    const all = dataset.images.toArray() as Uint8Array;
    for (const [row, near] of found.entries()) {
      const distances = Array.from({ length: 40 }, (_, index) => {
        let sum = 0;
        for (let i = 0; i < 64; i++) sum += ((bytes[row * 64 + i]! - all[index * 64 + i]!) / 127.5) ** 2;
        return { index, label: index % 3, distance: Math.sqrt(sum) };
      });
      const expected = distances.sort((a, b) => a.distance - b.distance).slice(0, 3);
      expect(near.map(({ index, label }) => [index, label])).toEqual(
        expected.map(({ index, label }) => [index, label]),
      );
      for (const [i, { distance }] of near.entries()) expect(distance).toBeCloseTo(expected[i]!.distance, 10);
    }
    expect(found[0]![0]).toEqual({ index: 17, label: 2, distance: 0 });
  });

  it("go across pieces of the data", () => {
    const large = { ...makeDataset({ count: 4100, size: 4, classes: 0 }), name: "large" };
    const sample = quantise(large.images.narrow(0, 4099, 1).double().div(127.5).sub(1).float());
    const [near] = nearestImages(sample, large, 2);
    expect([near![0]!.index, near![0]!.distance, near!.length]).toEqual([4099, 0, 2]);
    expect(near![1]!.distance).toBeGreaterThanOrEqual(near![0]!.distance);
  });

  it("are looked for in pieces of bounded size, with the same result", () => {
    const pixels = Tensor.randint(0, 256, [140, 1, 256, 256], { generator: new Generator(1), dtype: "uint8" });
    const large = {
      ...dataset,
      count: 140,
      size: 256,
      images: pixels,
      labels: Tensor.zeros([140], { dtype: "int64" }),
    };
    const taken = vi.spyOn(large.images, "narrow");
    const sample = quantise(noise([1, 1, 256, 256], 9).float());
    const near = nearestImages(sample, large, 140)[0]!;
    const sizes = taken.mock.calls.map(([, , size]) => size);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(140);
    expect(sizes.length).toBeGreaterThan(1);
    for (const size of sizes) expect(size * 256 * 256 * 8).toBeLessThanOrEqual(2 ** 26);

    const all = large.images.toArray() as Uint8Array;
    const squares = Array.from({ length: 140 }, (_, index) =>
      sample.pixels.reduce((sum, pixel, i) => sum + (pixel - all[index * 65536 + i]!) ** 2, 0),
    );
    const ascending = squares.toSorted((a, b) => a - b);
    expect(near.map(({ index }) => squares[index])).toEqual(ascending);
    expect(near.map(({ distance }) => (distance * 127.5) ** 2)).toEqual(
      ascending.map((square) => expect.closeTo(square, 3)),
    );
  });

  it("refuse other sizes and too many neighbours", () => {
    const sample = quantise(noise([1, 1, 8, 8], 1).float());
    expect(() => nearestImages(sample, dataset, 41)).toThrow("noise has 40 images, fewer than 41 neighbours");
    expect(() => nearestImages(quantise(noise([1, 3, 8, 8], 1).float()), dataset, 1)).toThrow(UserError);
  });
});
