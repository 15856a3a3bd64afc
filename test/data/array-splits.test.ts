/** Splits of arrays: groups of HDF5 and names of NumPy's archives. No split is taken for another. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpy, writeNpz } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, expectHeld, packer } from "./container-files.ts";
import { labelsOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const at = (name: string): string => join(containers, name);
const gray = (count: number): Tensor => Tensor.full([count, 8, 8], 200, { dtype: "uint8" });
const npz = (name: string, arrays: Record<string, Tensor>): string => {
  const path = join(folder, `${name}.npz`);
  writeNpz(path, arrays);
  return path;
};

describe("splits of arrays", () => {
  it("are groups of HDF5 with images and labels", async () => {
    const train = await pack(at("splits.h5"), { channels: 1 });
    expectHeld(train, "splits train");
    expect(train.header.name).toBe("splits.h5 (train)");
    expect(train.header.note).toMatch(/array `train\/images` .*, labels from `train\/labels`/);
    expectHeld(await pack(at("splits.h5"), { channels: 1, split: "test" }), "splits test");
  });

  it("that cannot be read are refused with the reason, and no other split is taken", async () => {
    await expect(pack(at("unread-train.h5"), { channels: 1 })).rejects.toThrow(
      /`train\/images` has an element type that is not read \(uint16\); images are uint8, float32 or float64; `entry`/,
    );
    await expect(pack(at("unread-train.h5"), { split: "train" })).rejects.toThrow(/`train\/images` .*\(uint16\)/);
    const test = await pack(at("unread-train.h5"), { channels: 1, split: "test" });
    expect([test.header.count, labelsOf(test)]).toEqual([2, [1, 0]]);
    const half = npz("half", { train_photos: gray(3).to("float16"), test_photos: gray(2) });
    await expect(pack(half)).rejects.toThrow(
      /array `train_photos`: it is float16 \[3, 8, 8\]; images are uint8.*; save it by `.astype\("float32"\)`/,
    );
    await expect(pack(at("bool.h5"))).rejects.toThrow(/`images` has an element type that is not read \(bool\); images/);
    await expect(pack(at("encoded.h5"))).rejects.toThrow(/\(lists of different lengths, such as the bytes of JPEG/);
  });

  it("other than train are taken by name only", async () => {
    const only = npz("only", { x_test: gray(5), y_test: Tensor.arange(5) });
    const message = /it has no array of images of the split `train`; `split` must name one that it has: test \(/;
    await expect(pack(only)).rejects.toThrow(message);
    expect((await pack(only, { split: "test" })).header).toMatchObject({
      count: 5,
      classes: ["0", "1", "2", "3", "4"],
    });
    const arrays = join(folder, "arrays");
    mkdirSync(arrays);
    writeNpy(join(arrays, "images_val.npy"), gray(5));
    await expect(pack(arrays)).rejects.toThrow(/`split` must name one that it has: val \(/);
    // Arrays without a split in their names are those of no split.
    const mixed = npz("mixed", { test_images: gray(5), photos: gray(6) });
    expect((await pack(mixed)).header.count).toBe(6);
  });

  it("share labels without a split by their length, or leave them out with a word", async () => {
    const shared = { train_images: gray(5), test_images: gray(2), labels: Tensor.arange(5) };
    const train = await pack(npz("shared", shared));
    expect(labelsOf(train)).toEqual([0, 1, 2, 3, 4]);
    expect(train.header.note).toMatch(/labels from `labels`$/);
    const left = /no labels \(`labels` left out: not called labels, or not of these images; `labelEntry` takes one\)/;
    expect((await pack(npz("shared", shared), { split: "test" })).header.note).toMatch(left);
    expect((await pack(npz("unclear", { ...shared, test_images: gray(5) }))).header.note).toMatch(left);
  });
});

describe("floats", () => {
  it("have one range in all splits of a file", async () => {
    const images = (low: number, count: number) => Tensor.linspace(low, 1, count * 64).view([count, 8, 8]);
    const path = npz("one-range", { x_train: images(-1, 5), x_test: images(0, 2) });
    for (const split of ["train", "test"]) {
      const { header } = await pack(path, { split });
      expect(header.note).toContain("floats in [-1, 1], as round(127.5 (x + 1))");
    }
    const alone = await pack(npz("own-range", { x_train: images(0, 5), x_test: images(0, 2) }));
    expect(alone.header.note).toContain("floats in [0, 1], as round(255 x)");
  });

  it("of which it is not clear what is black are refused, and taken as another split says", async () => {
    // Of 100 images of 64 values some are below 0, as a bicubic filter leaves them.
    const overshoot = (least: number, count: number): Tensor => {
      const values = Float32Array.from({ length: 6400 }, (_, i) => (i < count ? least : (i % 256) / 255));
      return Tensor.fromArray(values, [100, 8, 8]);
    };
    const save = "or save round\\(127.5 \\(x \\+ 1\\)\\) as uint8 if -1 is black$";
    const refused = (name: string, images: Tensor, message: string) =>
      expect(pack(npz(name, { images }))).rejects.toThrow(new RegExp(message + save));
    const clip = "clip them to \\[0, 1\\] if 0 is black \\(numpy.clip\\), ";
    await refused("few", overshoot(-0.9, 6), `floats from -0.9 to 1, 6 of 6400 values below 0; ${clip}`);
    await refused("small", overshoot(-0.09, 600), `floats from -0.09 to 1, 600 of 6400 values below 0; ${clip}`);
    const nearly = overshoot(-0.9, 6).mul(0.999999);
    await refused("nearly", nearly, `floats from -0.9 to 1, 6 of 6400 values below 0; ${clip}`);
    const half = Tensor.linspace(-0.5, 0.5, 6400).view([100, 8, 8]);
    await refused(
      "half",
      half,
      "floats from -0.5 to 0.5, of which -0.5 may be black, or -1; add 0.5 if -0.5 is black, ",
    );
    // What rounds to black is black.
    const tiny = await pack(npz("tiny", { images: overshoot(-1e-8, 6) }));
    expect(tiny.header.note).toContain("floats in [0, 1], as round(255 x)");
    expect([...readFileSync(tiny.imagesPath).subarray(0, 7)]).toEqual([0, 0, 0, 0, 0, 0, 6]);
    const wide = await pack(npz("wide", { images: overshoot(-0.2, 600) }));
    expect(wide.header.note).toContain("floats in [-1, 1]");
    const both = npz("both", { x_train: Tensor.linspace(-1, 1, 6400).view([100, 8, 8]), x_test: overshoot(-0.05, 6) });
    expect((await pack(both, { split: "test" })).header.note).toContain("floats in [-1, 1]");
  });

  it("that are hardly out of range are shown with the digits that say so", async () => {
    const images = Tensor.fromArray(
      Float64Array.from({ length: 320 }, (_, i) => (i === 9 ? 1.0000001 : i / 320)),
      [5, 8, 8],
    );
    await expect(pack(npz("above", { images }))).rejects.toThrow(
      /has floats from 0 to 1.0000001; accepted are floats in \[0, 1\] .*; numpy.clip cuts off what hardly lies outside$/,
    );
  });

  it("that would be black or of one level are refused", async () => {
    const dark = (value: number): Tensor => Tensor.rand([5, 8, 8]).mul(value);
    await expect(pack(npz("dark", { images: dark(0.001) }))).rejects.toThrow(
      /floats from .* to 0.00\d+, so its images would be almost black; divide it by its largest value/,
    );
    await expect(pack(npz("signed", { images: dark(0.001).sub(1) }))).rejects.toThrow(/would be almost black/);
    await expect(pack(npz("flat", { images: dark(0.002).sub(0.001) }))).rejects.toThrow(/would be of one gray level/);
    for (const value of [0, -1, 0.5]) {
      expect((await pack(npz(`${value}`, { images: Tensor.full([5, 8, 8], value) }))).header.count).toBe(5);
    }
  });
});

describe("arrays that are no images", () => {
  it("are refused by what images must be, and how to save them", async () => {
    const head = (type: string, order: string): Buffer => {
      const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (5, 8, 8), }`.padEnd(117);
      return Buffer.concat([Buffer.from("\x93NUMPY\x01\0\x76\0", "latin1"), Buffer.from(`${text}\n`)]);
    };
    const wide = join(folder, "wide.npy");
    writeFileSync(wide, Buffer.concat([head("<u2", "False"), Buffer.alloc(640)]));
    await expect(pack(wide)).rejects.toThrow(
      /element type `uint16` is not supported; images are uint8, float32 or float64$/,
    );
    const columns = join(folder, "columns.npy");
    writeFileSync(columns, Buffer.concat([head("|u1", "True"), Buffer.alloc(320, 9)]));
    await expect(pack(columns)).rejects.toThrow(
      /is column-major .*; save it again as numpy.ascontiguousarray gives it/,
    );
    const points = join(folder, "points.npy");
    writeNpy(points, Tensor.rand([5, 2]));
    const vectors = "points and other vectors: docs/how-to/data/vectors.md";
    await expect(pack(points)).rejects.toThrow(`\`points\` is float32 [5, 2]; ${vectors}`);
    const table = join(folder, "points.csv");
    writeFileSync(table, "x,y\n1,2\n");
    await expect(pack(table)).rejects.toThrow(`points.csv: a table, no images; ${vectors}`);
  });

  it("in folders are refused by what one gives in their place", async () => {
    const holding = (name: string, ...files: string[]): string => {
      const path = join(folder, name);
      mkdirSync(path);
      for (const file of files) writeFileSync(join(path, file), "PK");
      return path;
    };
    await expect(pack(holding("npz", "0.npz", "1.npz"))).rejects.toThrow(
      /\(found: 2 .npz\).*; one .npz file is a dataset of its own: give its path$/,
    );
    await expect(pack(holding("zips", "train.zip", "test.zip"))).rejects.toThrow(
      /; one .zip file is a dataset of its own/,
    );
    for (const [name, file] of [
      ["kaggle", "train-images.idx3-ubyte"],
      ["plain", "images-idx3-ubyte"],
    ] as const) {
      await expect(pack(holding(name, file))).rejects.toThrow(
        /; IDX files are called train-images-idx3-ubyte and train-labels-idx1-ubyte, those of the test split t10k-/,
      );
    }
  });
});

describe("two arrays of images", () => {
  it("are both named where one is taken for its name", async () => {
    const photos = { image: gray(5), image_gt: gray(5), test_image: gray(2) };
    const { header } = await pack(npz("pairs", photos));
    expect(header.note).toContain(
      "array `image` of an .npz archive (uint8 [5, 8, 8], taken as N x H x W, bytes) (not `image_gt`, which `entry` takes)",
    );
    expect((await pack(npz("pairs", photos), { entry: "image_gt" })).header.note).toContain(
      "(not `image`, which `entry` takes)",
    );
    expect((await pack(npz("one", { image: gray(5), test_image: gray(2) }))).header.note).not.toContain("not `");
  });
});
