/**
 * Splits by whatever name, and one number for a class in all of them: in folders, zip and tar archives, label files, shards and
 * arrays. The class `a` is absent from the test split, so that a numbering by its own classes would give other numbers.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { create } from "tar";
import { describe, expect, it } from "vitest";
import { readArrayName } from "../../src/data/containers/array-names.ts";
import { writeNpz } from "../../src/formats/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, packer } from "./container-files.ts";
import { imageFile, labelsOf, zipOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const image = await imageFile("png", 8, 8, { r: 200, g: 100, b: 0 });

const filesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

/** A folder with one image in each of the given folders; a zip, a tar and a tar.gz archive of it. */
function arrangements(name: string, folders: readonly string[]): string[] {
  const root = join(folder, name);
  for (const one of folders) {
    mkdirSync(join(root, one), { recursive: true });
    writeFileSync(join(root, one, "0.png"), image);
  }
  writeFileSync(
    `${root}.zip`,
    zipOf(filesOf(root).map((file) => ({ name: file, data: readFileSync(join(root, file)) }))),
  );
  create({ file: `${root}.tar`, cwd: root, sync: true }, readdirSync(root));
  create({ file: `${root}.tar.gz`, cwd: root, sync: true, gzip: true }, readdirSync(root));
  return [root, `${root}.zip`, `${root}.tar`, `${root}.tar.gz`];
}

/** Expects train to have the classes a, b and c, and the wanted split b and c under the same numbers. */
async function expectAgreement(path: string, split: string, options: object = {}): Promise<void> {
  const train = await pack(path, options);
  const other = await pack(path, { split, ...options });
  expect([path, train.header.classes, [...labelsOf(train)].sort()]).toEqual([path, ["a", "b", "c"], [0, 1, 2]]);
  expect([path, other.header.classes, [...labelsOf(other)].sort()]).toEqual([path, ["a", "b", "c"], [1, 2]]);
}

describe("a class has one number in all splits", () => {
  const classes = (split: string, names: string): string[] => [...names].map((name) => `${split}/${name}`);

  it("of folders and archives with splits above the classes, under all names of a split", async () => {
    const spelled = [
      ["train", "test", ["test", "testing", "TEST"]],
      ["Training", "Testing", ["test", "Testing", "testing"]],
      ["train", "val", ["val", "valid", "validation", "dev"]],
      ["training", "Validation", ["val", "valid"]],
    ] as const;
    for (const [i, [train, other, wanted]] of spelled.entries()) {
      for (const path of arrangements(`above-${i}`, [...classes(train, "abc"), ...classes(other, "bc")])) {
        for (const split of wanted) await expectAgreement(path, split);
      }
    }
  });

  it("of folders and archives with splits inside of the classes", async () => {
    const inside = ["a/Training", "b/Training", "c/Training", "b/Testing", "c/Testing"];
    for (const path of arrangements("inside", inside)) await expectAgreement(path, "test");
  });

  it("of folders whose split is a part of the name", async () => {
    const years = arrangements("years", [...classes("train2017", "abc"), ...classes("val2017", "bc")]);
    for (const path of years) await expectAgreement(path, "validation");
  });

  it("of label files with a column of splits", async () => {
    const root = join(folder, "table");
    mkdirSync(root);
    const rows = ["file,class,split", "0.png,a,Training", "1.png,b,Training", "2.png,c,Training"];
    rows.push("3.png,b,Testing", "4.png,c,Testing");
    for (const i of rows.keys()) writeFileSync(join(root, `${i}.png`), image);
    writeFileSync(join(root, "labels.csv"), rows.join("\n"));
    await expectAgreement(root, "test", { labelFile: join(root, "labels.csv") });
  });

  it("of shards of webdataset", async () => {
    const root = join(folder, "shards");
    mkdirSync(root);
    const work = join(folder, "samples");
    mkdirSync(work);
    for (const [shard, names] of [
      ["training-0000", "abc"],
      ["testing-0000", "bc"],
    ] as const) {
      const members = [...names].flatMap((name) => {
        writeFileSync(join(work, `${shard}${name}.png`), image);
        writeFileSync(join(work, `${shard}${name}.cls`), name);
        return [`${shard}${name}.png`, `${shard}${name}.cls`];
      });
      create({ file: join(root, `${shard}.tar`), cwd: work, sync: true }, members);
    }
    await expectAgreement(root, "test");
  });

  it("of arrays, under all names of a split", async () => {
    const path = join(folder, "arrays.npz");
    const images = (count: number): Tensor => Tensor.full([count, 8, 8], 200, { dtype: "uint8" });
    writeNpz(path, {
      training_images: images(3),
      training_labels: Tensor.fromArray([0, 1, 2]).long(),
      valid_images: images(2),
      valid_labels: Tensor.fromArray([1, 2]).long(),
    });
    expect(readArrayName("training_images")).toEqual({ split: "training", rest: "images" });
    for (const split of ["val", "validation", "valid", "Dev"]) {
      const made = await pack(path, { split });
      expect([made.header.classes, labelsOf(made)]).toEqual([
        ["0", "1", "2"],
        [1, 2],
      ]);
    }
    expect(labelsOf(await pack(path, { split: "train" }))).toEqual([0, 1, 2]);
  });
});

describe("a class whose name has another Unicode form in each split", () => {
  const [nfc, nfd] = ["caf\u00e9", "cafe\u0301"];
  // Between the two forms by code units.
  const other = "cafz";

  it("has one number in all, of folders and archives", async () => {
    const folders = [`train/${nfc}`, `train/${other}`, `test/${nfd}`, `test/${other}`, `val/${nfd}`];
    for (const path of arrangements("forms", folders)) {
      for (const [split, labels] of [
        ["train", [0, 1]],
        ["test", [0, 1]],
        ["val", [1]],
      ] as const) {
        const made = await pack(path, { split });
        expect([path, split, made.header.classes]).toEqual([path, split, [other, nfc]]);
        expect([...labelsOf(made)].sort()).toEqual(labels);
        expect(made.header.remarks).toBeUndefined();
      }
    }
    const inside = arrangements("forms-inside", [`${nfc}/train`, `${other}/train`, `${nfd}/test`, `${other}/test`]);
    expect((await pack(inside[0]!, { split: "test" })).header.classes).toEqual([other, nfc]);
  });

  it("is two classes where one split has both, which is said", async () => {
    const [path] = arrangements("both", [`train/${nfc}`, `train/${other}`, `train/${nfd}`, `test/${nfd}`]);
    for (const split of ["train", "test"]) {
      const { header } = await pack(path!, { split });
      expect(header.classes).toEqual([nfd, other, nfc]);
      expect(header.remarks).toEqual([`classes 0 \`${nfd}\` and 2 \`${nfc}\` differ only in Unicode form (NFC, NFD)`]);
    }
  });

  it("has one number in all, of shards", async () => {
    const root = join(folder, "form-shards");
    const work = join(folder, "form-samples");
    for (const one of [root, work]) mkdirSync(one);
    for (const [split, names] of [
      ["train", [nfc, other]],
      ["test", [nfd, other]],
      ["val", [nfc, nfd]],
    ] as const) {
      const members = names.flatMap((name, i) => {
        writeFileSync(join(work, `${split}${i}.png`), image);
        writeFileSync(join(work, `${split}${i}.cls`), name!);
        return [`${split}${i}.png`, `${split}${i}.cls`];
      });
      create({ file: join(root, `${split}-0000.tar`), cwd: work, sync: true }, members);
    }
    for (const [split, labels] of [
      ["train", [1, 0]],
      ["test", [1, 0]],
      ["val", [1, 1]],
    ] as const) {
      const made = await pack(root, { split });
      expect([split, made.header.classes, labelsOf(made)]).toEqual([split, [other, nfc], labels]);
      expect(made.header.note).toMatch(/labels from .cls; `caf\u00e9` is one class, written in several Unicode forms$/);
    }
  });
});

describe("a split's other name", () => {
  it("finds the hub's shards", async () => {
    const hub = join(containers, "hub");
    const names = [...new Set(readdirSync(join(hub, "data")).map((file) => file.split("-")[0]))];
    expect(names).toContain("train");
    expect((await pack(hub, { split: "training" })).header.name).toBe("hub (train)");
  });

  it("is refused where it may be two", async () => {
    const [root] = arrangements("two", ["train/a", "val/a", "validation/a"]);
    await expect(pack(root!, { split: "valid" })).rejects.toThrow(
      /val and validation are 2 sets of images, and one is wanted; `split` chooses one/,
    );
    expect((await pack(root!, { split: "val" })).header.name).toBe("two (val)");
  });
});
