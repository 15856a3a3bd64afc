import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { mnistFolder } from "../../src/data/sets/mnist.ts";
import { drawRows, stackedClasses, stackedMnist } from "../../src/data/sets/stacked-mnist.ts";
import { temporaryFolder } from "../formats/folder.ts";

const cache = join(temporaryFolder(), "cache");
const labelsOf = (made: Pack): number[] =>
  Array.from(new BigInt64Array(new Uint8Array(readFileSync(made.labelsPath)).buffer), Number);

describe("stackedMnist", () => {
  it("stacks digits of MNIST as they are, and its classes are the three digits", async () => {
    const made = await packOf(stackedMnist({ count: 300, seed: 4, split: "test" }), { cache });
    expect(made.header).toMatchObject({ name: "stacked-mnist (test)", count: 300, channels: 3, size: 32, fit: "pad" });
    expect(made.header.note).toContain("300 stacks of three digits drawn with seed 4 from mnist, test split");
    expect(made.header.classes).toEqual(stackedClasses);
    expect(stackedClasses[407]).toBe("407");
    const [pixels, labels] = [readFileSync(made.imagesPath), labelsOf(made)];
    const digits = readFileSync(join(mnistFolder(), "t10k-images-idx3-ubyte"));
    const digitLabels = readFileSync(join(mnistFolder(), "t10k-labels-idx1-ubyte")).subarray(8);
    const rows = drawRows(900, 10_000, 4);
    for (const i of [0, 1, 150, 299]) {
      const own = [0, 1, 2].map((channel) => rows[3 * i + channel]!);
      expect(labels[i]).toBe(Number(own.map((row) => digitLabels[row]).join("")));
      for (const [channel, row] of own.entries()) {
        for (let y = 0; y < 32; y++) {
          for (let x = 0; x < 32; x++) {
            const inside = y >= 2 && y < 30 && x >= 2 && x < 30;
            const expected = inside ? digits[16 + row * 784 + (y - 2) * 28 + x - 2] : 0;
            expect(pixels[(i * 3 + channel) * 1024 + y * 32 + x]).toBe(expected);
          }
        }
      }
    }
  });

  it("gives the same stacks with worker threads, which resize, as without", async () => {
    const options = { count: 300, size: 16, split: "test" } as const;
    const other = join(temporaryFolder(), "cache");
    const [alone, together] = await Promise.all([
      packOf(stackedMnist(options), { cache, workers: 0 }),
      packOf(stackedMnist(options), { cache: other, workers: 2 }),
    ]);
    expect(readFileSync(together.imagesPath).equals(readFileSync(alone.imagesPath))).toBe(true);
  });

  it("is another pack for another seed or count, and picks modes by their names", async () => {
    const folders = new Set<string>();
    for (const options of [{}, { seed: 1 }, { count: 100 }, { count: 101 }]) {
      folders.add((await packOf(stackedMnist({ count: 99, split: "test", ...options }), { cache })).folder);
    }
    expect(folders.size).toBe(4);
    const all = await packOf(stackedMnist({ count: 2_000, split: "test" }), { cache });
    const some = await packOf(stackedMnist({ count: 2_000, split: "test", classes: ["111", "007"] }), { cache });
    const wanted = labelsOf(all).filter((label) => label === 111 || label === 7);
    expect(labelsOf(some)).toEqual(wanted.map((label) => (label === 111 ? 0 : 1)));
    expect(wanted.length).toBeGreaterThan(0);
  });

  it("refuses options out of range", () => {
    expect(() => stackedMnist({ channels: 1 as never })).toThrow("must be 3: one digit each");
    expect(() => stackedMnist({ count: 0 })).toThrow("count");
    expect(() => stackedMnist({ seed: -1 })).toThrow("seed");
  });
});

describe("drawRows", () => {
  it("is uniform: chi-squared of 100,000 draws over 10 rows below the 99.9 % quantile of 9 degrees of freedom", () => {
    const counts = new Array<number>(10).fill(0);
    for (const row of drawRows(100_000, 10, 1)) counts[row]!++;
    const chi2 = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chi2).toBeLessThan(27.9);
  });

  it("has the same beginning however many are drawn, and another for another seed", () => {
    const ten = [...drawRows(10, 60_000, 0)];
    expect([...drawRows(1_000, 60_000, 0)].slice(0, 10)).toEqual(ten);
    expect([...drawRows(10, 60_000, 1)]).not.toEqual(ten);
    // By Python's hashlib: these draws decide which images are the data set.
    expect(ten.slice(0, 3)).toEqual([12201, 44753, 56020]);
  });
});
