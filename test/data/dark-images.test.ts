/** Bytes of which none exceeds 31, such as masks and levels of 4 or 5 bits: they would train as nearly black images. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import { dataFromArrays } from "../../src/data/sets/arrays.ts";
import { imageFolder, mnist } from "../../src/data/sets/index.ts";
import { conversionOf } from "../../src/data/usage.ts";
import { writeNpz } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { inProcess } from "../cli/in-process.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { packer } from "./container-files.ts";
import { idxOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const pack = packer(cache);
const upTo = (most: number, count = 5): Tensor =>
  Tensor.fromArray(
    Uint8Array.from({ length: count * 64 }, (_, i) => i % (most + 1)),
    [count, 8, 8],
  );
const npz = (name: string, arrays: Record<string, Tensor>): string => {
  const path = join(folder, `${name}.npz`);
  writeNpz(path, arrays);
  return path;
};

/** A folder of PNG files whose levels go up to `most`, of 8 x 6 pixels. */
async function folderUpTo(most: number): Promise<string> {
  const path = join(folder, `files-${most}`);
  mkdirSync(path);
  for (let i = 0; i < 3; i++) {
    const data = Buffer.from(Uint8Array.from({ length: 48 }, (_, p) => (p + i) % (most + 1)));
    await sharp(data, { raw: { width: 8, height: 6, channels: 1 } })
      .png()
      .toFile(join(path, `${i}.png`));
  }
  return path;
}

describe("arrays of bytes that are nearly black", () => {
  it("are refused with the number that makes them visible", async () => {
    await expect(pack(npz("mask", { images: upTo(1) }))).rejects.toThrow(
      /`images` is uint8 with no value above 1, so it would be black; multiply it by 255$/,
    );
    await expect(pack(npz("four-bits", { images: upTo(15) }))).rejects.toThrow(
      /no value above 15, so it would be almost black; multiply it by 17$/,
    );
    await expect(pack(npz("digits of scikit-learn", { images: upTo(16) }))).rejects.toThrow(
      /above 16, .*; multiply it by 15$/,
    );
    await expect(pack(npz("five-bits", { images: upTo(31) }))).rejects.toThrow(/above 31, .*; multiply it by 8$/);
    expect((await pack(npz("six-bits", { images: upTo(32) }))).header.count).toBe(5);
  });

  it("are as they are where those of another split are not dark", async () => {
    const path = npz("night", { train_images: upTo(200), test_images: upTo(9, 2) });
    expect((await pack(path, { split: "test", channels: 1 })).header).toMatchObject({ count: 2, darkest: 9 });
    const both = npz("both", { train_images: upTo(9), test_images: upTo(0, 2) });
    await expect(pack(both)).rejects.toThrow(/multiply it by 28/);
  });

  it("are refused in memory too", () => {
    const images = Uint8Array.from({ length: 2 * 64 }, (_, i) => i % 2);
    expect(() => dataFromArrays({ images, shape: [2, 1, 8, 8] })).toThrow(
      /`images` are bytes with no value above 1, so they would be black; multiply them by 255/,
    );
    expect(() => dataFromArrays({ images: new Uint8Array(64), shape: [1, 1, 8, 8] })).not.toThrow();
  });
});

describe("files that are all nearly black", () => {
  it("are said to be, with the number that makes them visible, whatever is around them", async () => {
    const path = await folderUpTo(11);
    for (const options of [{}, { size: "6x8" }, { channels: 1 }, { channels: 4 }]) {
      const { header } = await pack(path, { fit: "pad", size: 16, ...options });
      expect(header.darkest).toBe(11);
      expect(conversionOf(header)).toContain(
        "all images are nearly black: no level is above 11 of 255; if the files mean another number as white, multiply their levels " +
          "(0 and 1 by 255, 0 to 16 by 15, 0 to 31 by 8) and save them again",
      );
    }
    expect(conversionOf((await pack(path)).header)).toMatch(
      /by `crop`.*; all images are nearly black: no level is above 1\d of/,
    );
    expect(conversionOf((await pack(await folderUpTo(0))).header)).toContain("all images are black: every level is 0");
    // Enlarging overshoots.
    expect((await pack(await folderUpTo(16))).header.darkest).toBeLessThan(32);
    expect((await pack(await folderUpTo(60))).header.darkest).toBeUndefined();
  });

  it("are said by `gantry data` and `gantry evaluate`, resized or not", async () => {
    const path = await folderUpTo(31);
    for (const size of ["6x8", "64"]) {
      const { stdout } = await inProcess("data", path, "--size", size);
      expect(stdout).toMatch(/^ {2}note {6}all images are nearly black: no level is above 3\d of 255;/m);
    }
    const bright = await folderUpTo(200);
    const { stderr } = await inProcess(
      "evaluate",
      path,
      "--real",
      bright,
      "--features",
      "mnist-classifier",
      "--metrics",
      "inceptionScore",
    );
    expect(stderr).toContain(`${path}: all images are nearly black: no level is above 31 of 255;`);
  });

  it("are told of published datasets in files of one's own", async () => {
    const root = join(folder, "MNIST");
    mkdirSync(root);
    const pixels = Uint8Array.from({ length: 5 * 784 }, (_, i) => i % 2);
    for (const [name, count] of [
      ["train", 5],
      ["t10k", 5],
    ] as const) {
      writeFileSync(join(root, `${name}-images-idx3-ubyte`), idxOf([count, 28, 28], pixels));
      writeFileSync(join(root, `${name}-labels-idx1-ubyte`), idxOf([count], Uint8Array.from([0, 1, 2, 3, 4])));
    }
    const { header } = await packOf(mnist({ path: root }), { cache, workers: 0 });
    expect(conversionOf(header)).toMatch(/^mnist \(train\): all images are nearly black: no level is above 1 of 255/);
    const own = await packOf(imageFolder({ path: root }), { cache, workers: 0 });
    expect(conversionOf(own.header)).toContain("no level is above 1 of 255");
  });
});
