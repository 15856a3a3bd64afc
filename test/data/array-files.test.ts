/** Arrays that NumPy and h5py wrote: .npz, .npy and HDF5. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpy, writeNpz } from "../../src/formats/index.ts";
import { npzImages } from "../../src/metrics/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, expectHeld, held, packer } from "./container-files.ts";
import { labelsOf, sumsOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const at = (name: string): string => join(containers, name);

describe("npz archives", () => {
  it("of MedMNIST have three splits with labels", async () => {
    const train = await pack(at("medmnist.npz"));
    expectHeld(train, "medmnist train");
    expect(train.header.name).toBe("medmnist.npz (train)");
    expect(train.header.note).toBe(
      "5 images from medmnist.npz: array `train_images` of an .npz archive (uint8 [5, 8, 8, 3], taken as N x H x W x C, bytes), labels " +
        "from `train_labels`",
    );
    for (const split of ["val", "test"]) expectHeld(await pack(at("medmnist.npz"), { split }), `medmnist ${split}`);
    expectHeld(await pack(at("medmnist.npz"), { entry: "val_images" }), "medmnist val");
    expectHeld(await pack(at("medmnist.npz"), { split: "valid" }), "medmnist val");
    await expect(pack(at("medmnist.npz"), { split: "extra" })).rejects.toThrow(
      /no array of images of the split `extra`; accepted: train, val, test/,
    );
  });

  it("give only the wanted rows", async () => {
    const { planes } = held("medmnist train");
    expect(sumsOf(await pack(at("medmnist.npz"), { classes: ["1"] }))).toEqual([planes[1], planes[4]]);
    expect(sumsOf(await pack(at("medmnist.npz"), { first: 2 }))).toEqual(planes.slice(0, 2));
  });

  it("of Keras: gray images, and classes by their numbers where these begin at 1", async () => {
    expectHeld(await pack(at("keras.npz"), { channels: 1 }), "keras train");
    expectHeld(await pack(at("keras.npz"), { channels: 1, split: "test" }), "keras test");
  });

  it("with several numbers an image have conditions", async () => {
    const chest = await pack(at("chestmnist.npz"), { channels: 1 });
    expectHeld(chest, "chestmnist");
    expect(chest.header.conditions).toMatchObject(
      Array.from({ length: 14 }, (_, i) => ({ name: `c${i}`, kind: "flag", mean: 0 })),
    );
    const arrays = join(folder, "several");
    mkdirSync(arrays);
    writeNpy(
      join(arrays, "images.npy"),
      Tensor.fromArray(
        Uint8Array.from({ length: 192 }, (_, i) => i),
        [3, 8, 8],
      ),
    );
    const labels = (rows: number[][]) => writeNpy(join(arrays, "labels.npy"), Tensor.fromArray(rows));
    labels([
      [0, 5],
      [1, 6],
      [1, 7],
    ]);
    const made = await pack(arrays, { channels: 1 });
    const values = new Float32Array(new Uint8Array(readFileSync(made.conditionsPath)).buffer);
    expect([...values].map((x) => Number(x.toFixed(4)))).toEqual([0, -1.2247, 1, 0, 1, 1.2247]);
    // One-hot rows are classes.
    labels([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ]);
    const classes = await pack(arrays, { channels: 1 });
    expect(classes.header.conditions).toBeUndefined();
    expect([classes.header.classes, labelsOf(classes)]).toEqual([
      ["0", "1", "2"],
      [2, 0, 1],
    ]);
    labels([
      [0, 1],
      [1, 1],
      [1, Number.NaN],
    ]);
    await expect(pack(arrays, { channels: 1 })).rejects.toThrow(/that of image 2 holds NaN; `labels: false`/);
  });

  it("of three dimensions that may be read in two ways are refused, in `evaluate` too", async () => {
    const refused: readonly [number[], RegExp][] = [
      [[3, 8, 8], /may be 3 gray images or one image of 3 channels; save it as \[3, 8, 8, 1\] or \[1, 3, 8, 8\]/],
      [[4, 8, 8], /may be 4 gray images or one image of 4 channels/],
      [[8, 8, 4], /may be 8 gray images or one image of 4 channels/],
      [
        [8, 8, 8],
        /is uint8 \[8, 8, 8\], which may be 8 gray images along its first dimension or along its last; save it as \[8, 8, 8, 1\] with/,
      ],
      [[8, 8, 50], /may be 8 gray images or 50 of 8 x 8; save it as \[8, 8, 50, 1\] or \[50, 8, 8, 1\]/],
    ];
    for (const [shape, message] of refused) {
      const images = Tensor.full(shape, 200, { dtype: "uint8" });
      const path = join(folder, `${shape.join("-")}.npz`);
      writeNpz(path, { images });
      await expect(pack(path)).rejects.toThrow(message);
      await expect(npzImages(path)).rejects.toThrow(message);
    }
    // Labels tell how many images there are.
    const labelled = join(folder, "labelled.npz");
    writeNpz(labelled, { images: Tensor.full([3, 8, 8], 200, { dtype: "uint8" }), labels: Tensor.arange(3) });
    expect((await pack(labelled)).header.count).toBe(3);
    for (const shape of [
      [5, 8, 8],
      [3, 8, 8, 1],
      [1, 3, 8, 8],
      [3, 3, 8, 8],
    ]) {
      const path = join(folder, `${shape.join("-")}.npz`);
      writeNpz(path, { images: Tensor.full(shape, 200, { dtype: "uint8" }) });
      expect((await pack(path)).header.count).toBe(shape[0]);
      const { images, close } = await npzImages(path);
      expect([images.count, images.channels]).toEqual([shape[0], shape.length === 3 ? 1 : shape[3] === 1 ? 1 : 3]);
      await close();
    }
  });

  it("called images or of the training split are not passed over where they cannot be read", async () => {
    await expect(pack(at("lzf-images.h5"))).rejects.toThrow(/`images` is compressed by lzf, which is not read/);
    expect((await pack(at("lzf-images.h5"), { entry: "masks" })).header.count).toBe(5);
    await expect(pack(at("big-endian.h5"))).rejects.toThrow(/`images` has an element type .* \(big-endian float32\)/);
    for (const name of ["external.h5", "virtual.h5"]) {
      await expect(pack(at(name))).rejects.toThrow(
        /`images` is a link to another file \(biggan.hdf5\), which is not followed/,
      );
    }
    const path = join(folder, "half.npz");
    writeNpz(path, {
      train_images: Tensor.zeros([5, 8, 8], { dtype: "int32" }),
      test_images: Tensor.full([5, 8, 8], 200, { dtype: "uint8" }),
    });
    await expect(pack(path)).rejects.toThrow(
      /array `train_images`: it is int32 \[5, 8, 8\]; images are uint8, float32 or float64; levels from 0 to 255 are saved by `.astype\("uint8"\)`; `entry` names another/,
    );
    expect((await pack(path, { split: "test" })).header.count).toBe(5);
  });

  it("are refused with what they hold", async () => {
    await expect(pack(at("pickled.npz"))).rejects.toThrow(
      /array `images`: it holds Python objects, which are never loaded|it has no array of images.*Python objects/,
    );
    await expect(pack(at("medmnist.npz"), { entry: "images" })).rejects.toThrow(
      /`entry` \(=images\) is not one of its arrays: `train_images` is uint8 \[5, 8, 8, 3\]/,
    );
    await expect(pack(at("medmnist.npz"), { entry: "train_labels" })).rejects.toThrow(
      /array `train_labels` holds no images: it is uint8 \[5, 1\]/,
    );
    await expect(pack(at("medmnist.npz"), { labelEntry: "val_images" })).rejects.toThrow(
      /array `val_images` of labels is uint8 \[5, 8, 8, 3\]/,
    );
    for (const [name, type] of [
      ["words.npz", "element type `U1` is not supported"],
      ["words.h5", "`labels` has an element type that is not read"],
    ] as const) {
      await expect(pack(at(name), { channels: 1 })).rejects.toThrow(
        new RegExp(
          `${name}: .*${type}.*; labels are numbers, such as numpy.unique\\(labels, return_inverse=True\\)\\[1\\]`,
        ),
      );
      expect(sumsOf(await pack(at(name), { channels: 1, labels: false }))).toEqual(
        held("chestmnist").planes.slice(0, 2),
      );
    }
    const cut = join(folder, "cut.npz");
    writeFileSync(cut, readFileSync(at("medmnist.npz")).subarray(0, 900));
    await expect(pack(cut)).rejects.toThrow(/cut.npz: not a zip archive, or cut short/);
    const damaged = join(folder, "damaged.npz");
    const bytes = readFileSync(at("keras.npz"));
    bytes[200]! ^= 255; // a pixel: seen by the archive's CRC-32
    writeFileSync(damaged, bytes);
    await expect(pack(damaged, { channels: 1 })).rejects.toThrow(
      /damaged.npz: zip entry `x_train.npy` is damaged: its CRC-32/,
    );
  });
});

describe("npy files", () => {
  it("with planes first, and floats in [0, 1] and in [-1, 1], are the same images", async () => {
    for (const name of ["nchw", "unit", "signed"]) expectHeld(await pack(at(`${name}.npy`)), "stack");
    const notes = await Promise.all(
      ["nchw", "unit", "signed"].map(async (name) => (await pack(at(`${name}.npy`))).header.note),
    );
    expect(notes[0]).toContain("uint8 [4, 3, 8, 8], taken as N x C x H x W, bytes");
    expect(notes[1]).toContain("floats in [0, 1], as round(255 x)");
    expect(notes[2]).toContain("floats in [-1, 1], as round(127.5 (x + 1))");
  });

  it("with values that would be wrong are refused", async () => {
    await expect(pack(at("levels.npy"))).rejects.toThrow(
      /has floats from 0 to 25\d; accepted are floats in \[0, 1\] or \[-1, 1\]/,
    );
    await expect(pack(at("mask.npy"))).rejects.toThrow(/is uint8 with no value above 1, so it would be black/);
  });

  it("in a folder are arrays by the names of the files", async () => {
    const root = join(folder, "arrays");
    mkdirSync(root);
    copyFileSync(at("nchw.npy"), join(root, "images.npy"));
    const labels = Buffer.from(readFileSync(at("nchw.npy")).subarray(0, 128)).toString("latin1");
    const head = labels.replace("(4, 3, 8, 8), }", "(4,), }        ");
    writeFileSync(join(root, "labels.npy"), Buffer.concat([Buffer.from(head, "latin1"), Buffer.from([1, 0, 1, 0])]));
    const made = await pack(root);
    expect(sumsOf(made)).toEqual(held("stack").planes);
    expect(labelsOf(made)).toEqual([1, 0, 1, 0]);
  });
});

describe("HDF5 files of BigGAN-PyTorch", () => {
  it("give the images and labels of h5py, compressed or not", async () => {
    for (const name of ["biggan", "biggan-gzip"]) {
      const made = await pack(at(`${name}.hdf5`));
      expectHeld(made, "biggan");
      expect(made.header.note).toContain(
        "array `imgs` of an HDF5 file (uint8 [7, 3, 8, 8], taken as N x C x H x W, bytes)",
      );
    }
    expect(sumsOf(await pack(at("biggan.hdf5"), { classes: ["2"] }))).toEqual(
      [3, 6].map((i) => held("biggan").planes[i]),
    );
  });

  it("with several splits have the classes of all splits in each", async () => {
    for (const split of ["train", "test"]) {
      expectHeld(await pack(at("splits.h5"), { entry: `${split}/images`, channels: 1 }), `splits ${split}`);
    }
  });

  it("are refused where they cannot be read", async () => {
    await expect(pack(at("biggan-lzf.hdf5"))).rejects.toThrow(/`imgs` is compressed by lzf, which is not read/);
    const cut = join(folder, "cut.hdf5");
    writeFileSync(cut, readFileSync(at("biggan.hdf5")).subarray(0, 1000));
    await expect(pack(cut)).rejects.toThrow(
      /cut.hdf5: the HDF5 file is damaged or cut short: truncated file: eof = 1000/,
    );
  });
});
