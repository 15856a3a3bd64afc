/** The space in which the check of collapse measures distances. */
import { describe, expect, it } from "vitest";
import { mnist } from "../../src/data/index.ts";
import { Evidence } from "../../src/diagnosis/evidence.ts";
import { featureSpace } from "../../src/diagnosis/features.ts";
import { pairDistances, rowsOf } from "../../src/diagnosis/images.ts";
import { startRun } from "../../src/training/index.ts";
import { recipe as madeByHand, writeRun } from "../studio/run-folder.ts";
import { newDirectory, recipe } from "../training/short-run.ts";

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0);
const distance = (rows: readonly ArrayLike<number>[]): number => mean(pairDistances(rows));

describe("distances between samples are measured", () => {
  it("by the classifier of such images, which sees that noise makes no new digits", async () => {
    const path = newDirectory();
    writeRun(path);
    const space = await featureSpace(new Evidence(path));
    expect(space.by).toBe("by the features of mnist-classifier");
    const data = await mnist({ size: 28, first: 64 }).build({});
    const real = { pixels: data.images.toArray() as Uint8Array, count: 64, channels: 1, height: 28, width: 28 };
    // One digit 64 times, each with noise of its own (a small generator of random numbers).
    let state = 1;
    const noise = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return Math.floor((state / 2_147_483_647) * 160 - 80);
    };
    const copies = Uint8Array.from({ length: 64 * 784 }, (_, i) =>
      Math.max(0, Math.min(255, real.pixels[i % 784]! + noise())),
    );
    const samples = { ...real, pixels: copies };
    const relative = (rows: (images: typeof real) => readonly ArrayLike<number>[]): number =>
      distance(rows(samples)) / distance(rows(real));
    expect(relative(space.rows)).toBeLessThan(0.4);
    expect(relative(rowsOf)).toBeGreaterThan(0.4);
    space.dispose();
  });

  it("by the run's own discriminator where there is no classifier, and by pixels where there is no checkpoint", async () => {
    const path = newDirectory();
    await startRun(recipe, { directory: path }).train();
    const own = new Evidence(path);
    const space = await featureSpace(own);
    expect(space.by).toBe("by the features of the run's discriminator at step 6");
    const images = await own.images(own.grids.at(-1)!);
    const rows = space.rows(images);
    expect(rows).toHaveLength(images.count);
    // Equal images have equal features, whatever stands next to them.
    const twice = new Uint8Array(2 * images.pixels.length);
    twice.set(images.pixels);
    twice.set(images.pixels, images.pixels.length);
    const both = space.rows({ ...images, pixels: twice, count: 2 * images.count });
    for (const [i, row] of rows.entries()) {
      for (const at of [i, images.count + i]) {
        expect(distance([row, both[at]!])).toBeLessThan(1e-4 * Math.hypot(...Array.from(row)));
      }
    }
    space.dispose();
    const other = newDirectory();
    writeRun(other, [], { recipe: { ...madeByHand, data: { ...madeByHand.data, kind: "imageFolder" } } });
    const pixels = await featureSpace(new Evidence(other));
    expect([pixels.by, pixels.rows(images)]).toEqual(["by pixels", rowsOf(images)]);
  });
});
