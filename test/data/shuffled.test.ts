import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { ShuffledLoader } from "../../src/data/shuffled.ts";
import { liveTensors, scope, Tensor } from "../../src/tensor/index.ts";

/** Images whose first pixel is their number, with a left and a right half that differ; labels number % 3. */
function numbered(count: number, options: Partial<Dataset> = {}): Dataset {
  const pixels = new Uint8Array(count * 16);
  for (let i = 0; i < count; i++) pixels.set([i, 0, 0, 255], i * 16);
  const labels = BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 3));
  return {
    name: "numbered",
    count,
    channels: 1,
    size: 4,
    classes: ["a", "b", "c"],
    images: Tensor.fromArray(pixels, [count, 1, 4, 4]),
    labels: Tensor.fromArray(labels, [count]),
    flip: false,
    broken: [],
    ...options,
  };
}

/** Numbers, labels and whether each image of the next batch is mirrored. */
function draw(stream: ShuffledLoader): { numbers: number[]; labels: number[]; mirrored: boolean[] } {
  return scope(() => {
    const { images, labels } = stream.next();
    const values = images.toArray() as Float32Array;
    const bytes = Array.from(values, (value) => Math.round((value + 1) * 127.5));
    const rows = Array.from({ length: images.shape[0]! }, (_, i) => bytes.slice(i * 16, i * 16 + 4));
    const mirrored = rows.map((row) => row[0] === 255);
    return {
      numbers: rows.map((row, i) => (mirrored[i] ? row[3]! : row[0]!)),
      labels: labels === undefined ? [] : Array.from(labels.toArray() as BigInt64Array, Number),
      mirrored,
    };
  });
}

const take = (stream: ShuffledLoader, batches: number): number[] =>
  Array.from({ length: batches }, () => draw(stream).numbers).flat();

describe("ShuffledLoader", () => {
  it("uses every image once per epoch, in another order each time, in full batches", () => {
    const stream = new ShuffledLoader(numbered(50), { batchSize: 8, seed: 1 });
    const drawn = take(stream, 25);
    const epochs = [0, 1, 2, 3].map((epoch) => drawn.slice(epoch * 50, epoch * 50 + 50));
    const sorted = Array.from({ length: 50 }, (_, i) => i);
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(sorted);
    expect(new Set(epochs.map(String)).size).toBe(4);
    expect(epochs[0]).not.toEqual(sorted);
  });

  it("keeps labels with their images", () => {
    const stream = new ShuffledLoader(numbered(50), { batchSize: 7, seed: 2 });
    for (let i = 0; i < 20; i++) {
      const { numbers, labels } = draw(stream);
      expect(labels).toEqual(numbers.map((number) => number % 3));
    }
  });

  it("gives float32 in [-1, 1], exact at both ends", () => {
    const stream = new ShuffledLoader(numbered(256), { batchSize: 256, seed: 3 });
    scope(() => {
      const { images, labels } = stream.next();
      expect([images.dtype, images.shape, images.isContiguous()]).toEqual(["float32", [256, 1, 4, 4], true]);
      expect([images.amin().item(), images.amax().item()]).toEqual([-1, 1]);
      expect([labels!.dtype, labels!.shape]).toEqual(["int64", [256]]);
      const first = images.select(3, 0).select(2, 0).flatten().sort()[0]!.toArray();
      for (let i = 0; i < 256; i++) expect(first[i]).toBeCloseTo(i / 127.5 - 1, 6);
    });
  });

  it("has the epoch as a real number", () => {
    const stream = new ShuffledLoader(numbered(40), { batchSize: 16, seed: 4 });
    const seen = Array.from({ length: 6 }, () => {
      draw(stream);
      return stream.epoch;
    });
    expect(seen).toEqual([0.4, 0.8, 1.2, 1.6, 2, 2.4]);
  });

  it("completes batches that are larger than the dataset from several epochs", () => {
    const stream = new ShuffledLoader(numbered(5), { batchSize: 12, seed: 5 });
    const drawn = take(stream, 5);
    for (let epoch = 0; epoch < 12; epoch++) {
      expect(drawn.slice(epoch * 5, epoch * 5 + 5).sort()).toEqual([0, 1, 2, 3, 4]);
    }
    expect(stream.epoch).toBe(12);
  });

  it("is fixed by its seed", () => {
    const first = take(new ShuffledLoader(numbered(50), { batchSize: 8, seed: 6 }), 10);
    expect(take(new ShuffledLoader(numbered(50), { batchSize: 8, seed: 6 }), 10)).toEqual(first);
    expect(take(new ShuffledLoader(numbered(50), { batchSize: 8, seed: 7 }), 10)).not.toEqual(first);
    // The order of the first epoch does not depend on the batch size.
    expect(take(new ShuffledLoader(numbered(50), { batchSize: 25, seed: 6 }), 2)).toEqual(first.slice(0, 50));
  });

  it("mirrors each image by itself, half of the time, with new draws in each epoch", () => {
    const stream = new ShuffledLoader(numbered(200, { flip: true }), { batchSize: 20, seed: 8 });
    const perEpoch = Array.from({ length: 10 }, () => {
      const flags = new Map<number, boolean>();
      for (let i = 0; i < 10; i++) {
        const { numbers, mirrored } = draw(stream);
        for (const [at, number] of numbers.entries()) flags.set(number, mirrored[at]!);
      }
      return flags;
    });
    const mirrored = perEpoch.map((flags) => [...flags.values()].filter(Boolean).length);
    for (const count of mirrored) expect(count).toBeGreaterThan(60);
    for (const count of mirrored) expect(count).toBeLessThan(140);
    // Over ten epochs nearly every image is seen both ways.
    const both = Array.from({ length: 200 }, (_, i) => new Set(perEpoch.map((flags) => flags.get(i))).size === 2);
    expect(both.filter(Boolean).length).toBeGreaterThan(190);
    const never = new ShuffledLoader(numbered(200), { batchSize: 200, seed: 8 });
    expect(draw(never).mirrored.some(Boolean)).toBe(false);
  });

  it("gives channels-last batches of the same values", () => {
    const dataset = numbered(30, {
      images: Tensor.randint(0, 256, [30, 3, 4, 4], { dtype: "uint8" }),
      channels: 3,
    });
    const plain = new ShuffledLoader(dataset, { batchSize: 8, seed: 9 });
    const last = new ShuffledLoader(dataset, { batchSize: 8, seed: 9, memoryFormat: "channelsLast" });
    const [a, b] = [plain.next().images, last.next().images];
    expect(b.isContiguous("channelsLast")).toBe(true);
    expect(b.toArray()).toEqual(a.toArray());
  });

  it("gives no labels when the dataset has no classes", () => {
    expect(new ShuffledLoader(numbered(9, { classes: [] }), { batchSize: 3, seed: 1 }).next().labels).toBeUndefined();
  });

  it("leaves no tensor behind", () => {
    const stream = new ShuffledLoader(numbered(10, { flip: true }), { batchSize: 4, seed: 1 });
    draw(stream);
    const before = liveTensors();
    for (let i = 0; i < 50; i++) draw(stream);
    expect(liveTensors()).toBe(before);
  });

  it("refuses a batch size that is none", () => {
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => new ShuffledLoader(numbered(4), { batchSize, seed: 1 })).toThrow(
        /`batchSize` \(=.*\) must be a whole number/,
      );
    }
  });
});

describe("state and load", () => {
  it.each([0, 1, 5, 6, 7, 12, 13])("continue bit for bit after %i batches", (batches) => {
    const options = { batchSize: 8, seed: 11 };
    const original = new ShuffledLoader(numbered(50, { flip: true }), options);
    for (let i = 0; i < batches; i++) draw(original);
    const state = original.state();
    const expected = Array.from({ length: 20 }, () => draw(original));
    const resumed = new ShuffledLoader(numbered(50, { flip: true }), { ...options, seed: 999 });
    draw(resumed);
    resumed.load(state);
    expect(resumed.epoch).toBeCloseTo((batches * 8) / 50, 12);
    expect(Array.from({ length: 20 }, () => draw(resumed))).toEqual(expected);
    expect(resumed.epoch).toBe(original.epoch);
  });

  it("refuse a state of another dataset, or an incomplete one", () => {
    const state = new ShuffledLoader(numbered(50), { batchSize: 8, seed: 1 }).state();
    const other = new ShuffledLoader(numbered(40), { batchSize: 8, seed: 1 });
    expect(() => other.load(state)).toThrow(UserError);
    expect(() => other.load(state)).toThrow(/the saved data order is of 50 images; numbered has 40/);
    const same = new ShuffledLoader(numbered(50), { batchSize: 8, seed: 1 });
    expect(() => same.load({ ...state, tensors: new Map() })).toThrow(/incomplete/);
    expect(() => same.load({ ...state, numbers: { ...state.numbers, position: 51 } })).toThrow(/incomplete/);
  });
});
