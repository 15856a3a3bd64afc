/** Labels in arrays: which are taken, which are named as left out, and that all splits of a file read theirs in one way. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Pack } from "../../src/data/pack-header.ts";
import { usageOf } from "../../src/data/usage.ts";
import { writeNpy, writeNpz } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { packer } from "./container-files.ts";
import { labelsOf, zipOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const images = (count: number): Tensor => Tensor.full([count, 8, 8, 3], 200, { dtype: "uint8" });
const whole = (...values: number[]): Tensor => Tensor.fromArray(values).long();
const npz = (name: string, arrays: Record<string, Tensor>): string => {
  const path = join(folder, `${name}.npz`);
  writeNpz(path, arrays);
  return path;
};
const conditionsOf = ({ conditionsPath }: Pack): number[] => [
  ...new Float32Array(new Uint8Array(readFileSync(conditionsPath)).buffer),
];

describe("labels under other names", () => {
  it("are not the names of the classes, which are said to be not read", async () => {
    const file = (array: Tensor): Buffer => {
      writeNpy(join(folder, "one.npy"), array);
      return readFileSync(join(folder, "one.npy"));
    };
    const names = readFileSync(join(import.meta.dirname, "../fixtures/formats/refused_text.npy"));
    const entries = [
      ["images", file(images(4))],
      ["labels", file(whole(0, 1, 1, 0))],
    ] as const;
    for (const name of ["class_names", "label_names", "list_classes"]) {
      const path = join(folder, `${name}.npz`);
      writeFileSync(
        path,
        zipOf([...entries, [name, names] as const].map(([one, data]) => ({ name: `${one}.npy`, data }))),
      );
      const { header } = await pack(path);
      expect(header.classes).toEqual(["0", "1"]);
      expect(usageOf(header)).toContain(`labels from \`labels\` (names of classes in \`${name}\` are not read)`);
    }
  });

  it("are named as left out, and `labelEntry` takes them with the classes of all splits", async () => {
    const path = npz("cats", {
      train_set_x: images(4),
      train_set_y: whole(1, 2, 2, 1),
      test_set_x: images(2),
      test_set_y: whole(0, 2),
    });
    expect(usageOf((await pack(path)).header)).toMatch(
      /no labels \(`train_set_y` left out: not called labels, or not of these images; `labelEntry` takes one\)/,
    );
    const train = await pack(path, { labelEntry: "train_set_y" });
    const test = await pack(path, { split: "test", labelEntry: "test_set_y" });
    expect([train.header.classes, labelsOf(train)]).toEqual([
      ["0", "1", "2"],
      [1, 2, 2, 1],
    ]);
    expect([test.header.classes, labelsOf(test)]).toEqual([
      ["0", "1", "2"],
      [0, 2],
    ]);
  });

  it("beside labels that are taken are named too; those of other splits and of other lengths are not", async () => {
    const path = npz("fine", {
      train_images: images(4),
      train_labels: whole(0, 1, 0, 1),
      train_labels_fine: whole(0, 1, 2, 3),
      test_images: images(2),
      test_labels: whole(1, 0),
      test_labels_fine: whole(3, 2),
      mean: Tensor.rand([8, 8]),
    });
    expect(usageOf((await pack(path)).header)).toMatch(
      /labels from `train_labels` \(not from `train_labels_fine`, which `labelEntry` takes\)$/,
    );
    const fine = await pack(path, { labelEntry: "train_labels_fine" });
    expect(labelsOf(fine)).toEqual([0, 1, 2, 3]);
    expect(fine.header.note).toMatch(/labels from `train_labels_fine` \(not from `train_labels`, which/);
    expect((await pack(path, { labels: false })).header.note).toMatch(/no labels$/);
  });
});

describe("the labels of all splits", () => {
  it("are conditions where those of one split are, though another's rows are one-hot", async () => {
    const path = npz("attributes", {
      train_images: images(2),
      train_labels: Tensor.fromArray([
        [1, 0],
        [0, 1],
      ]),
      test_images: images(2),
      test_labels: Tensor.fromArray([
        [1, 1],
        [0, 0],
      ]),
    });
    const train = await pack(path);
    expect([train.header.classes, conditionsOf(train)]).toEqual([[], [1, 0, 0, 1]]);
    const test = await pack(path, { split: "test" });
    expect([test.header.classes, conditionsOf(test)]).toEqual([[], [1, 1, 0, 0]]);
  });

  it("are one list of classes where one split has numbers and another one-hot rows", async () => {
    const path = npz("one-hot", {
      x_train: images(3),
      y_train: whole(1, 2, 2),
      x_test: images(2),
      y_test: Tensor.eye(4).indexSelect(0, whole(0, 3)),
    });
    const train = await pack(path);
    const test = await pack(path, { split: "test" });
    for (const { header } of [train, test]) expect(header.classes).toEqual(["0", "1", "2", "3"]);
    expect([labelsOf(train), labelsOf(test)]).toEqual([
      [1, 2, 2],
      [0, 3],
    ]);
  });

  it("without known labels in one split are those of the others", async () => {
    const path = npz("unknown", {
      x_train: images(3),
      y_train: whole(1, 2, 2),
      x_test: images(2),
      y_test: whole(-1, -1),
      x_val: images(2),
      y_val: whole(-1, 4),
    });
    expect((await pack(path)).header.classes).toEqual(["1", "2", "3", "4"]);
    await expect(pack(path, { split: "test" })).rejects.toThrow(/`y_test`: label 0 is -1; labels are whole numbers/);
  });

  it("in two forms, or no classes in one split, are refused whichever split is wanted", async () => {
    const forms = npz("forms", {
      x_train: images(2),
      y_train: whole(0, 1),
      x_test: images(2),
      y_test: Tensor.fromArray([
        [0.5, 1],
        [2, 3],
      ]),
    });
    for (const split of ["train", "test"]) {
      await expect(pack(forms, { split })).rejects.toThrow(
        /the labels of its splits are of two forms: `y_test` has 2 numbers for each image, and `y_train` has 1/,
      );
    }
    expect(labelsOf(await pack(forms, { labelEntry: "y_train" }))).toEqual([0, 1]);
    const floats = npz("floats", {
      x_train: images(2),
      y_train: Tensor.fromArray([0, 1]),
      x_test: images(2),
      y_test: Tensor.fromArray([0, 0.5]),
    });
    const rest = ": label 1 is 0.5; labels are whole numbers from 0; `labels: false` takes the images without";
    await expect(pack(floats, { split: "test" })).rejects.toThrow(`array \`y_test\`${rest}`);
    await expect(pack(floats, { split: "train" })).rejects.toThrow(
      `array \`y_test\`, which counts the same classes as \`y_train\`${rest}`,
    );
  });

  it("that are no classes are named by the array of the wanted split", async () => {
    const [x_train, x_test] = [images(2), images(2)];
    const path = npz("regression", { x_train, y_train: Tensor.rand([2]), x_test, y_test: Tensor.rand([2]) });
    for (const split of ["train", "test"])
      await expect(pack(path, { split })).rejects.toThrow(`array \`y_${split}\`: label 0`);
  });

  it("of another split that cannot be read are refused, unless those of one split are named", async () => {
    const file = (array: Tensor): Buffer => {
      const path = join(folder, "one.npy");
      writeNpy(path, array);
      return readFileSync(path);
    };
    const unsigned = file(Tensor.fromArray([0, 1, 2, 3]).to("int16"));
    unsigned.write("<u2", unsigned.indexOf("<i2"), "latin1");
    const others = [
      [unsigned, "has an element type that is not read"],
      [file(Tensor.fromArray([0, 1, 2, 3]).to("float16")), "is float16"],
    ] as const;
    for (const [i, [train_labels, reason]] of others.entries()) {
      const arrays = {
        train_images: file(images(4)),
        train_labels,
        test_images: file(images(2)),
        test_labels: file(whole(3, 1)),
      };
      const path = join(folder, `other-${i}.npz`);
      writeFileSync(path, zipOf(Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data }))));
      await expect(pack(path, { split: "test" })).rejects.toThrow(
        `array \`train_labels\` ${reason}, and classes are counted over the labels of all splits; save it as int64, or name ` +
          "the labels of one split by `labelEntry` (=test_labels)",
      );
      const test = await pack(path, { split: "test", labelEntry: "test_labels" });
      expect([test.header.classes, labelsOf(test)]).toEqual([
        ["1", "2", "3"],
        [2, 0],
      ]);
    }
  });
});

describe("arrays of other forms", () => {
  it("of one image each are to be stacked, in one folder or in folders of classes", async () => {
    const single = join(folder, "single");
    mkdirSync(join(single, "cat"), { recursive: true });
    for (const i of [0, 1, 2]) writeNpy(join(single, `cat/000${i}.npy`), images(1).view([8, 8, 3]));
    await expect(pack(join(single, "cat"))).rejects.toThrow(
      /its 3 arrays are uint8 \[8, 8, 3\], so each seems to be one image; stack them to one array of all \(numpy.stack\)/,
    );
    await expect(pack(single)).rejects.toThrow(/found: 3 .npy.*those of one image each are stacked to one array/);
  });

  it("of 2, 4 and more channels are named so, wherever the channels stand", async () => {
    const of = (...shape: number[]): Tensor => Tensor.full(shape, 200, { dtype: "uint8" });
    await expect(pack(npz("rgba", { x_train: of(5, 8, 8, 4) }))).rejects.toThrow(
      /array `x_train`: it is uint8 \[5, 8, 8, 4\], images of 4 channels, .* keep red, green and blue \(`\[..., :3\]`\)/,
    );
    await expect(pack(npz("planes", { photos: of(5, 4, 8, 8) }))).rejects.toThrow(
      /images of 4 channels, .* \(`\[:, :3\]`\), save them as PNG to keep their transparency, or give all to dataFromArrays/,
    );
    await expect(pack(npz("bands", { photos: of(5, 16, 16, 13) }))).rejects.toThrow(
      /images of 13 channels, .* keep three/,
    );
  });
});
