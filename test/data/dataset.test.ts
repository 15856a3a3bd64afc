import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromPlain, toPlain } from "../../src/base/descriptor.ts";
import { type DataContext, type Dataset, mnist, ShuffledLoader } from "../../src/data/index.ts";
import { scope } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";

const context: DataContext = { cache: join(temporaryFolder(), "cache") };

describe("a built dataset", () => {
  it("maps MNIST as uint8 images with int64 labels", async () => {
    const dataset = await mnist({ split: "test" }).build(context);
    expect(dataset).toMatchObject({
      name: "mnist (test)",
      count: 10000,
      channels: 1,
      size: 32,
      flip: false,
      broken: [],
    });
    expect([dataset.images.dtype, dataset.images.shape]).toEqual(["uint8", [10000, 1, 32, 32]]);
    expect([dataset.labels.dtype, dataset.labels.shape]).toEqual(["int64", [10000]]);
    expect(dataset.protocolNote).toBe("mnist, test split, 10000 images, the official files; padded to 32x32");
    scope(() => {
      expect(Array.from(dataset.labels.narrow(0, 0, 5).toArray() as BigInt64Array, Number)).toEqual([7, 2, 1, 0, 4]);
      // The mean gray level of the test digits, 33.79 of 255 at 28 x 28, spread over 32 x 32.
      expect(dataset.images.float().mean().item()).toBeCloseTo((33.791 * 784) / 1024, 1);
    });
  });

  it("says how images were resized, and drops labels with `labels: false`", async () => {
    const scaled = await mnist({ split: "test", size: 16, first: 10, labels: false, flip: true }).build(context);
    expect(scaled.protocolNote).toMatch(
      /the first 10; made 16x16 by `crop` \(lanczos3 down, bicubic up; sharp [\d.]+, libvips/,
    );
    expect(scaled.classes).toEqual([]);
    expect(scaled.labels.sum().item()).toBe(0);
    expect(scaled.flip).toBe(true);
    const own = await mnist({ split: "test", size: 28, first: 10 }).build(context);
    expect(own.protocolNote).toMatch(/the first 10; not resized$/);
  });

  it("comes back from its plain form, as from a stored run", async () => {
    const plain = JSON.parse(JSON.stringify(toPlain(mnist({ split: "test", classes: [3], first: 7 }))));
    const dataset = await (fromPlain(plain).build as unknown as (context: DataContext) => Promise<Dataset>)(context);
    expect([dataset.count, dataset.classes]).toEqual([7, ["3"]]);
  });

  it("gives batches to a shuffled loader", async () => {
    const dataset = await mnist({ split: "test" }).build(context);
    const stream = new ShuffledLoader(dataset, { batchSize: 64, seed: 1 });
    scope(() => {
      const { images, labels } = stream.next();
      expect(images.shape).toEqual([64, 1, 32, 32]);
      expect(labels!.amax().item()).toBeLessThan(10);
    });
  });
});
