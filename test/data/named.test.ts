/** MNIST, Fashion-MNIST, CIFAR and STL-10: the real files where they are, small ones in their form, and damaged ones. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import type { DataDescriptor } from "../../src/data/dataset.ts";
import { defineImageDataset, packOf } from "../../src/data/define.ts";
import * as imageOptions from "../../src/data/options.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { cifar10 } from "../../src/data/sets/cifar10.ts";
import { cifar100 } from "../../src/data/sets/cifar100.ts";
import { fashionMnist } from "../../src/data/sets/fashion-mnist.ts";
import { kmnist } from "../../src/data/sets/kmnist.ts";
import { mnist, mnistFolder } from "../../src/data/sets/mnist.ts";
import { stl10 } from "../../src/data/sets/stl10.ts";
import { readBytes } from "../../src/formats/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { cifarRecords, expected, idxOf, imageFile, labelsOf, published, stl10Images, sumsOf, zipOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const pack = (descriptor: DataDescriptor): Promise<Pack> => packOf(descriptor, { cache });
const countsOf = (made: Pack): number[] => {
  const counts = made.header.classes.map(() => 0);
  for (const label of labelsOf(made)) counts[label]!++;
  return counts;
};

afterEach(() => {
  delete process.env.GANTRY_DATA;
});

describe("mnist", () => {
  it("packs the 60,000 training digits: every pixel kept in a margin of 2", async () => {
    const made = await pack(mnist());
    expect(made.header).toMatchObject({ count: 60000, channels: 1, size: 32, fit: "pad", broken: [] });
    expect(made.header.note).toBe("mnist, train split, 60000 images, the official files");
    expect(countsOf(made)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    const raw = readFileSync(join(mnistFolder(), "train-images-idx3-ubyte"));
    const pixels = readFileSync(made.imagesPath);
    for (const i of [0, 1, 31415, 59999]) {
      for (let y = 0; y < 32; y++) {
        for (let x = 0; x < 32; x++) {
          const inside = x >= 2 && x < 30 && y >= 2 && y < 30;
          const expected = inside ? raw[16 + i * 784 + (y - 2) * 28 + x - 2] : 0;
          expect(pixels[i * 1024 + y * 32 + x]).toBe(expected);
        }
      }
    }
  });

  it("packs the test digits at their own size, at 64 scaled, in three channels", async () => {
    const own = await pack(mnist({ split: "test", size: 28 }));
    expect(countsOf(own)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(
      readFileSync(own.imagesPath).equals(readFileSync(join(mnistFolder(), "t10k-images-idx3-ubyte")).subarray(16)),
    ).toBe(true);
    const large = await pack(mnist({ split: "test", size: 64, first: 300, channels: 3 }));
    expect(large.header).toMatchObject({ count: 300, channels: 3, size: 64, fit: "crop" });
    const pixels = readFileSync(large.imagesPath);
    expect(pixels.subarray(0, 4096).equals(pixels.subarray(4096, 8192))).toBe(true);
    // Scaling keeps the mean brightness.
    const mean = (bytes: Buffer): number => bytes.reduce((a, b) => a + b, 0) / bytes.length;
    expect(Math.abs(mean(pixels.subarray(0, 4096)) - mean(readFileSync(own.imagesPath).subarray(0, 784)))).toBeLessThan(
      2,
    );
  });

  it("takes a subset of classes, numbered in the order in which they are named", async () => {
    const made = await pack(mnist({ split: "test", classes: ["7", 2] }));
    expect(made.header.classes).toEqual(["7", "2"]);
    expect(countsOf(made)).toEqual([1028, 1032]);
    expect(labelsOf(made).slice(0, 2)).toEqual([0, 1]);
  });

  it("refuses options out of range", () => {
    expect(() => mnist({ size: 3 })).toThrow(/mnist.size` \(=3\) must be at least 4/);
    expect(() => mnist({ channels: 2 as 1 })).toThrow(
      /mnist.channels` \(=2\) must be 1 \(gray\), 3 \(colour\) or 4 \(colour and alpha\)/,
    );
    expect(() => mnist({ split: "valid" as "test" })).toThrow(/must be `train` or `test`/);
    expect(() => mnist({ sizes: 32 } as never)).toThrow(/unknown key `mnist.sizes`; did you mean `size`/);
    expect(() => mnist({ first: 0 })).toThrow(/first` \(=0\) must be at least 1/);
  });

  const small = { images: idxOf([2, 28, 28], new Uint8Array(2 * 784)), labels: idxOf([2], Uint8Array.from([3, 9])) };

  it.each<[string, Buffer, Buffer, RegExp]>([
    ["too few labels", small.images, idxOf([1], Uint8Array.from([1])), /holds 2 images, .* 1 labels/],
    [
      "a label out of range",
      small.images,
      idxOf([2], Uint8Array.from([1, 10])),
      /label 10 is out of range; there are 10 classes/,
    ],
    ["images that are labels", small.labels, small.labels, /images must be uint8 \[N, H, W\]; these are uint8 \[2\]/],
    ["another magic", Buffer.from("<html>404</html>"), small.labels, /not an IDX file/],
    ["images cut short", small.images.subarray(0, 900), small.labels, /the file holds 900/],
    ["gzip cut short", gzipSync(small.images).subarray(0, 20), small.labels, /gzip stream is damaged/],
  ])("refuses files with %s", async (_, images, labels, reason) => {
    const path = join(folder, `mnist-${Math.random()}`);
    mkdirSync(path);
    writeFileSync(join(path, "train-images-idx3-ubyte"), images);
    writeFileSync(join(path, "train-labels-idx1-ubyte"), labels);
    await expect(pack(mnist({ path }))).rejects.toThrow(UserError);
    await expect(pack(mnist({ path }))).rejects.toThrow(reason);
  });

  it("says how to get a file that is absent only when it is opened", async () => {
    const opened = defineImageDataset(
      "testAbsent",
      z.strictObject({ path: z.string(), ...imageOptions.photographs }),
      async ({ path }) => ({
        name: "absent",
        fingerprint: "1",
        open: async () => {
          readBytes(join(path, "all.bin"));
          throw new Error("never");
        },
      }),
      { name: "test-absent", byHand: (place) => `put all.bin into ${place}` },
    );
    await expect(pack(opened({ path: folder }))).rejects.toThrow(
      /^cannot read .*all.bin: there is no such file or folder \(ENOENT\); put all.bin into .*test-absent$/,
    );
  });

  it("reads gzip files from a folder, and says that they are not the official ones", async () => {
    const path = join(folder, "own digits");
    mkdirSync(path);
    writeFileSync(join(path, "train-images-idx3-ubyte.gz"), gzipSync(small.images));
    writeFileSync(join(path, "train-labels-idx1-ubyte.gz"), gzipSync(small.labels));
    const made = await pack(mnist({ path }));
    expect(made.header.count).toBe(2);
    expect(made.header.note).toMatch(/NOT the official files/);
    expect(made.header.remarks).toBeUndefined();
    writeFileSync(join(path, "train-images-idx3-ubyte"), small.images);
    expect((await pack(mnist({ path }))).header.remarks).toEqual([
      "train-images-idx3-ubyte is read, and not train-images-idx3-ubyte.gz",
    ]);
    await expect(pack(mnist({ path, split: "test" }))).rejects.toThrow(/t10k-images-idx3-ubyte \(or .*gz\) is not in/);
  });
});

describe("fashionMnist", () => {
  const debian = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

  it.skipIf(!existsSync(debian))(
    "packs the 10,000 test articles (skipped where dataset-fashion-mnist is not installed)",
    async () => {
      const made = await pack(fashionMnist({ split: "test" }));
      expect(made.header).toMatchObject({ count: 10000, size: 32, channels: 1 });
      expect(countsOf(made)).toEqual(Array(10).fill(1000));
      expect(made.header.note).toMatch(/the official files$/);
      expect(made.header.classes[9]).toBe("Ankle boot");
    },
  );

  it("finds the files that were downloaded, and otherwise says how to get them", async () => {
    process.env.GANTRY_DATA = join(folder, "datasets");
    const own = join(folder, "datasets/fashion-mnist");
    mkdirSync(own, { recursive: true });
    for (const name of ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
      copyFileSync(join(mnistFolder(), name), join(own, name));
    expect((await pack(fashionMnist({ split: "test", first: 5 }))).header.note).toMatch(/NOT the official files/);
    const absent = pack(fashionMnist({ path: join(folder, "nothing") }));
    await expect(absent).rejects.toThrow(/fashion-mnist: train-images-idx3-ubyte \(or .*\) is not in/);
  });
});

describe("kmnist", () => {
  it("reads MNIST's form from its folder among the datasets, with its own classes", async () => {
    process.env.GANTRY_DATA = join(folder, "datasets of characters");
    const own = join(folder, "datasets of characters/kmnist");
    mkdirSync(own, { recursive: true });
    const characters = Uint8Array.from({ length: 3 * 784 }, (_, i) => (i * 11) % 256);
    writeFileSync(join(own, "train-images-idx3-ubyte.gz"), gzipSync(idxOf([3, 28, 28], characters)));
    writeFileSync(join(own, "train-labels-idx1-ubyte.gz"), gzipSync(idxOf([3], Uint8Array.from([9, 0, 3]))));
    const made = await pack(kmnist({ size: 28 }));
    expect(readFileSync(made.imagesPath)).toEqual(Buffer.from(characters));
    expect(labelsOf(made).map((label) => made.header.classes[label])).toEqual(["wo", "o", "tsu"]);
    expect(made.header.note).toBe(
      "kmnist, train split, 3 images, NOT the official files, with the official names of the classes",
    );
    await expect(pack(kmnist({ split: "test" }))).rejects.toThrow(
      /kmnist: t10k-images-idx3-ubyte \(or .*\) is not in .*kmnist; run `gantry data get kmnist`/,
    );
  });
});

describe("cifar10", () => {
  const root = join(folder, "cifar");

  it("packs the binary form: planes kept as they are", async () => {
    const bin = join(root, "cifar-10-batches-bin");
    mkdirSync(bin, { recursive: true });
    for (let batch = 1; batch <= 5; batch++) {
      writeFileSync(join(bin, `data_batch_${batch}.bin`), cifarRecords(20, (batch - 1) * 20));
    }
    writeFileSync(join(bin, "test_batch.bin"), cifarRecords(3));
    const made = await pack(cifar10({ path: root }));
    expect(made.header).toMatchObject({ count: 100, channels: 3, size: 32 });
    expect(made.header.note).toBe(
      "cifar10, train split, 100 images, NOT the official files, with the official names of the classes",
    );
    expect(labelsOf(made)).toEqual(Array.from({ length: 100 }, (_, i) => i % 10));
    const pixels = readFileSync(made.imagesPath);
    for (const [i, c, p] of [
      [0, 0, 0],
      [37, 1, 500],
      [99, 2, 1023],
    ] as const) {
      expect(pixels[i * 3072 + c * 1024 + p]).toBe((i + c + p) % 256);
    }
    expect((await pack(cifar10({ path: bin, split: "test", classes: ["automobile"], channels: 1 }))).header.count).toBe(
      1,
    );
  });

  it("packs an edition as image files, from a folder, an archive, or the archive among the datasets", async () => {
    const names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    const datasets = join(folder, "datasets with photos");
    const photos = join(datasets, "photos");
    const entries = await Promise.all(
      names.flatMap((name, label) =>
        ["train", "test"].map(async (split) => ({
          name: `${split}/${name}/0000.jpg`,
          data: await imageFile("jpeg", 32, 32, { r: 25 * label, g: split === "train" ? 40 : 200, b: 90 }),
        })),
      ),
    );
    for (const { name, data } of entries) {
      mkdirSync(join(photos, dirname(name)), { recursive: true });
      writeFileSync(join(photos, name), data);
    }
    writeFileSync(join(datasets, "cifar10.zip"), zipOf(entries));
    process.env.GANTRY_DATA = datasets;
    const fromFolder = await pack(cifar10({ path: photos }));
    const fromArchive = await pack(cifar10());
    const test = await pack(cifar10({ path: join(datasets, "cifar10.zip"), split: "test" }));
    for (const made of [fromFolder, fromArchive, test]) {
      expect(made.header.classes).toEqual(names);
      expect(labelsOf(made)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(made.header.note).toMatch(
        /10 image files from cifar10 \(t.*\); all JPEG: pixels differ from a lossless original/,
      );
    }
    expect(sumsOf(fromFolder)).toEqual(sumsOf(fromArchive));
    const pixels = readFileSync(test.imagesPath);
    expect(Math.abs(pixels[7 * 3072]! - 175)).toBeLessThanOrEqual(3);
    expect(Math.abs(pixels[7 * 3072 + 1024]! - 200)).toBeLessThanOrEqual(3);

    rmSync(join(photos, "train", "truck"), { recursive: true });
    await expect(pack(cifar10({ path: photos }))).rejects.toThrow(
      /photos: its class folders are not the 10 classes of cifar10: no truck$/,
    );
    renameSync(join(photos, "train", "cat"), join(photos, "train", "kitten"));
    await expect(pack(cifar10({ path: photos }))).rejects.toThrow(/: no cat, `kitten`, which is none of them$/);
    await expect(pack(cifar10({ path: join(photos, "train") }))).rejects.toThrow(
      /a folder or zip with image files in train\/<class>\/$/,
    );
  });

  it("says how to get the files, and what is wrong with those that are there", async () => {
    process.env.GANTRY_DATA = join(folder, "no datasets");
    await expect(pack(cifar10())).rejects.toThrow(
      /data_batch_1.bin to data_batch_5.bin are not in .*; run `gantry data get cifar10`/,
    );
    const cut = join(folder, "cut");
    mkdirSync(cut);
    writeFileSync(join(cut, "test_batch.bin"), cifarRecords(3).subarray(0, 5000));
    await expect(pack(cifar10({ path: cut, split: "test" }))).rejects.toThrow(
      /5000 bytes are not a whole number of 3073-byte records/,
    );
    writeFileSync(join(cut, "test_batch.bin"), Buffer.alloc(3073, 10));
    await expect(pack(cifar10({ path: cut, split: "test" }))).rejects.toThrow(
      /record 0 has label 10; labels go from 0 to 9/,
    );
  });
});

describe("cifar100", () => {
  it("reads both labels, in the order of a file that numpy wrote", async () => {
    const fine = await pack(cifar100({ path: published }));
    expect(fine.header).toMatchObject({ name: "cifar100 (train)", count: 4, channels: 3, size: 32 });
    expect(fine.header.classes).toHaveLength(100);
    expect(labelsOf(fine).map((label) => fine.header.classes[label])).toEqual([
      "apple",
      "aquarium_fish",
      "mushroom",
      "orange",
    ]);
    expect(sumsOf(fine)).toEqual(expected.cifar100.slice(0, 4));
    const coarse = await pack(cifar100({ path: join(published, "cifar-100-binary"), granularity: "coarse" }));
    expect(coarse.header.classes).toHaveLength(20);
    expect(labelsOf(coarse).map((label) => coarse.header.classes[label])).toEqual([
      "fruit_and_vegetables",
      "fish",
      "fruit_and_vegetables",
      "fruit_and_vegetables",
    ]);
    const test = await pack(cifar100({ path: published, split: "test" }));
    expect(labelsOf(test).map((label) => test.header.classes[label])).toEqual(["worm", "cattle"]);
    expect(sumsOf(test)).toEqual(expected.cifar100.slice(4));
  });

  it("says how to get the files, and what is wrong with those that are there", async () => {
    process.env.GANTRY_DATA = join(folder, "no datasets");
    await expect(pack(cifar100())).rejects.toThrow(/train.bin is not in .*; run `gantry data get cifar100`/);
    const cut = join(folder, "cut 100");
    mkdirSync(cut);
    writeFileSync(join(cut, "train.bin"), cifarRecords(3));
    await expect(pack(cifar100({ path: cut }))).rejects.toThrow(
      /9219 bytes are not a whole number of 3074-byte records/,
    );
    writeFileSync(join(cut, "train.bin"), Buffer.alloc(3074, 20));
    await expect(pack(cifar100({ path: cut, granularity: "coarse" }))).rejects.toThrow(
      /record 0 has label 20; labels go from 0 to 19/,
    );
    expect(labelsOf(await pack(cifar100({ path: cut })))).toEqual([20]);
  });
});

describe("stl10", () => {
  it("turns the planes, which are stored column by column, as numpy does; labels count from 1", async () => {
    const made = await pack(stl10({ path: published, size: 96 }));
    expect(made.header).toMatchObject({ name: "stl10 (train)", count: 3, channels: 3, size: 96 });
    expect(sumsOf(made)).toEqual(expected.stl10);
    expect(labelsOf(made).map((label) => made.header.classes[label])).toEqual(["airplane", "truck", "car"]);
    expect(made.header.note).toBe(
      "stl10, train split, 3 images, NOT the official files, with the official names of the classes",
    );
  });

  it("has images without labels, too, which are read one at a time", async () => {
    const path = join(published, "stl10_binary");
    for (const workers of [0, 1]) {
      const made = await packOf(stl10({ path, split: "unlabeled", size: 96, channels: workers === 0 ? 3 : 1 }), {
        cache,
        workers,
      });
      expect(made.header).toMatchObject({ count: 2, classes: [] });
      if (workers === 0) expect(sumsOf(made)).toEqual(expected.stl10.slice(1).reverse());
    }
    const scaled = await pack(stl10({ path, split: "unlabeled" }));
    expect(scaled.header.originals).toEqual({ width: [96, 96], height: [96, 96] });
  });

  it("says how to get the files, and what is wrong with those that are there", async () => {
    process.env.GANTRY_DATA = join(folder, "no datasets");
    await expect(pack(stl10())).rejects.toThrow(
      /train_X.bin and train_y.bin are not in .*; run `gantry data get stl10`/,
    );
    await expect(pack(stl10({ path: published, split: "test" }))).rejects.toThrow(/test_X.bin and test_y.bin are not/);
    const bad = join(folder, "bad stl");
    mkdirSync(bad);
    const attempt = async (images: Buffer, labels: number[], reason: RegExp): Promise<void> => {
      writeFileSync(join(bad, "train_X.bin"), images);
      writeFileSync(join(bad, "train_y.bin"), Buffer.from(labels));
      await expect(pack(stl10({ path: bad }))).rejects.toThrow(reason);
    };
    const images = stl10Images(2);
    await attempt(images.subarray(1), [1, 2], /train_X.bin: 55295 bytes are not a whole number of images of 27648/);
    await attempt(images, [1], /train_X.bin holds 2 images, .*train_y.bin 1 labels/);
    await attempt(images, [1, 0], /train_y.bin: label 1 is 0; labels go from 1 to 10/);
    await attempt(images, [11, 1], /label 0 is 11/);
  });
});
