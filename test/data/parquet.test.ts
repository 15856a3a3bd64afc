/** Parquet files that Hugging Face's `datasets` and pyarrow wrote. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { usageOf } from "../../src/data/usage.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, expectHeld, held, packer } from "./container-files.ts";
import { labelsOf, sumsOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const hub = join(containers, "hub");

/** A copy of the hub's folder, to be changed. */
function copy(name: string): string {
  const root = join(folder, name);
  cpSync(hub, root, { recursive: true });
  return root;
}

describe("parquet files of the Hugging Face hub", () => {
  it("are read shard by shard, with the names of the classes", async () => {
    const made = await pack(hub);
    expectHeld(made, "hub train");
    expect(made.header).toMatchObject({ name: "hub (train)", broken: [] });
    expect(made.header.note).toBe(
      "7 images from 2 parquet files of hub (train), column `image`, labels from `label` with the file's names; all of them PNG".split(
        ";",
      )[0],
    );
    expect(sumsOf(await pack(hub, {}, 2))).toEqual(held("hub train").planes);
  });

  it("give only the wanted rows, whichever shards and row groups they are in", async () => {
    const { planes, labels } = held("hub train");
    const emu = await pack(hub, { classes: ["emu"] });
    expect(sumsOf(emu)).toEqual(planes.filter((_, i) => labels[i] === 2));
    expect(sumsOf(await pack(hub, { first: 5 }))).toEqual(planes.slice(0, 5));
  });

  it("with a column of splits say that it is not read", async () => {
    const { header } = await pack(join(containers, "split-column.parquet"));
    expect(header.count).toBe(4);
    expect(header.note).toContain("; column `split` is not read: the rows of all splits are taken");
  });

  it("name the columns that may be labels, where none is called so", async () => {
    const path = join(containers, "unnamed-labels.parquet");
    const { header } = await pack(path);
    expect([header.count, header.classes]).toEqual([4, []]);
    expect(header.note).toContain("no labels (`breed`, `age` left out: not called labels; `labelEntry` takes one)");
    expect((await pack(path, { labels: false })).header.note).toMatch(/, no labels(;|$)/);
    const breeds = await pack(path, { labelEntry: "breed" });
    expect(labelsOf(breeds).map((label) => breeds.header.classes[label])).toEqual(["pug", "husky", "pug", "husky"]);
  });

  it("have a split without labels, which has no classes", async () => {
    const made = await pack(hub, { split: "test" });
    expectHeld(made, "hub test");
    expect(made.header.note).toContain("no labels (all of `label` are absent)");
    await expect(pack(hub, { split: "dev" })).rejects.toThrow(/hub: there is no split `dev`; its splits: test, train$/);
  });

  it("one file is taken alone, and a link counts as a file", async () => {
    const shard = join(hub, "data/train-00001-of-00002.parquet");
    expect(sumsOf(await pack(shard))).toEqual(held("hub train").planes.slice(4));
    const linked = join(folder, "snapshot/data");
    mkdirSync(linked, { recursive: true });
    for (const i of [0, 1]) {
      const name = `train-0000${i}-of-00002.parquet`;
      symlinkSync(join(hub, "data", name), join(linked, name));
    }
    expect(sumsOf(await pack(join(folder, "snapshot")))).toEqual(held("hub train").planes);
  });

  it("a missing shard is said", async () => {
    const root = copy("missing");
    rmSync(join(root, "data/train-00000-of-00002.parquet"));
    const made = await pack(root);
    expect(sumsOf(made)).toEqual(held("hub train").planes.slice(4));
    expect(made.header.broken).toEqual([{ file: "train-00000-of-00002.parquet", reason: "this shard is not there" }]);
    expect(usageOf(made.header)).toContain("1 cannot be used");
  });

  it("the same split in two folders is refused", async () => {
    const root = copy("configurations");
    cpSync(join(root, "data"), join(root, "other"), { recursive: true });
    await expect(pack(root)).rejects.toThrow(
      /the files of the split `train` lie in 2 folders \(data, other\); give one/,
    );
  });

  it("two classes of one name are refused", async () => {
    const file = join(folder, "twice.parquet");
    // What `datasets` wrote, with another name of the same length in its metadata.
    const bytes = readFileSync(join(hub, "data/train-00001-of-00002.parquet")).toString("latin1");
    const names = '["cat", "dog", "emu"]';
    expect(bytes.split(names)).toHaveLength(2);
    writeFileSync(file, Buffer.from(bytes.replace(names, '["cat", "emu", "emu"]'), "latin1"));
    await expect(pack(file)).rejects.toThrow(/twice.parquet: column `label` names two classes `emu`; each class needs/);
    expect(sumsOf(await pack(file, { labels: false }))).toEqual(held("hub train").planes.slice(4));
  });

  it("name a class in another Unicode form in each split, and it is one", async () => {
    const root = copy("forms");
    const names = '["cat", "dog", "emu"]';
    // In UTF-8 as many bytes, and spaces after the comma.
    const other = { train: '["e\u0301","dog","emu"]', test: '["\u00e9", "dog", "emu"]' };
    for (const file of readdirSync(join(root, "data"))) {
      const split = file.startsWith("train") ? "train" : "test";
      const path = join(root, "data", file);
      const bytes = readFileSync(path).toString("latin1");
      const written = Buffer.from(other[split]).toString("latin1").padEnd(names.length, " ");
      expect(written).toHaveLength(names.length);
      writeFileSync(path, Buffer.from(bytes.replace(names, written), "latin1"));
    }
    expect((await pack(root)).header.classes).toEqual(["\u00e9", "dog", "emu"]);
  });

  it("whose splits name the classes in another order are refused, whichever is wanted", async () => {
    const root = copy("orders");
    const file = join(root, "data/test-00000-of-00001.parquet");
    const bytes = readFileSync(file).toString("latin1");
    const names = '["cat", "dog", "emu"]';
    expect(bytes.split(names)).toHaveLength(2);
    writeFileSync(file, Buffer.from(bytes.replace(names, '["dog", "cat", "emu"]'), "latin1"));
    for (const split of ["train", "test"]) {
      await expect(pack(root, { split })).rejects.toThrow(
        /its column `label` names other classes, or in another order, than that of .*; give one of these as the path/,
      );
    }
    const alone = await pack(join(root, "data/train-00001-of-00002.parquet"));
    expect(alone.header.classes).toEqual(["cat", "dog", "emu"]);
  });

  it("number classes without names by all splits, so that each has one number", async () => {
    const root = join(containers, "numbers");
    const [train, validation] = [await pack(root), await pack(root, { split: "validation" })];
    expect([train.header.classes, labelsOf(train)]).toEqual([
      ["1", "2", "3"],
      [2, 0, 1],
    ]);
    expect([validation.header.classes, labelsOf(validation)]).toEqual([
      ["1", "2", "3"],
      [1, 2],
    ]);
    expect(usageOf(validation.header)).toContain("1 of 3 classes without an image: 1");
    const words = await pack(root, { split: "validation", labelEntry: "word" });
    expect([words.header.classes, labelsOf(words)]).toEqual([
      ["word 1", "word 2", "word 3"],
      [1, 2],
    ]);
    // A file by itself has no other splits.
    const alone = await pack(join(root, "validation-00000-of-00001.parquet"));
    expect([alone.header.classes, labelsOf(alone)]).toEqual([
      ["2", "3"],
      [0, 1],
    ]);
  });

  it("labels that are floats are refused", async () => {
    const file = join(containers, "float-labels.parquet");
    await expect(pack(file)).rejects.toThrow(
      /float-labels.parquet: column `label` is double; labels are whole numbers or texts, and `labels: false` takes the images/,
    );
    await expect(pack(file, { labelEntry: "label" })).rejects.toThrow(
      /column `label` is double; labels are whole numbers or texts$/,
    );
    expect(sumsOf(await pack(file, { labels: false }))).toEqual(held("hub train").planes.slice(0, 2));
  });

  it("columns are chosen where several would do", async () => {
    const two = join(containers, "two-labels.parquet");
    await expect(pack(two)).rejects.toThrow(
      /`fine_label` and `coarse_label` may be the labels; `labelEntry` must name one/,
    );
    const coarse = await pack(two, { labelEntry: "coarse_label" });
    expect(labelsOf(coarse)).toEqual([1, 0, 1]);
    expect(coarse.header.classes).toEqual(["x", "y"]);
    const fine = await pack(two, { labelEntry: "fine_label" });
    expect(fine.folder).not.toBe(coarse.folder);
    expect(sumsOf(fine)).toEqual(held("hub train").planes.slice(0, 3));
    expect((await pack(two, { labels: false })).header.classes).toEqual([]);
    await expect(pack(two, { entry: "fine_label" })).rejects.toThrow(/column `fine_label` is int64, not image files/);
    await expect(pack(two, { entry: "jpg" })).rejects.toThrow(
      /`entry` \(=jpg\) is not one of its columns: `img` \(struct of bytes, path\)/,
    );
  });

  it("bytes of another writer are images, texts are classes, and absent values are broken", async () => {
    const made = await pack(join(containers, "plain.parquet"));
    expect(sumsOf(made)).toEqual(held("hub train").planes.slice(0, 3));
    expect(labelsOf(made)).toEqual([1, 0, 1]);
    expect(made.header.classes).toEqual(["a", "z"]);
    expect(made.header.broken).toEqual([{ file: "plain.parquet row 3", reason: "it is empty" }]);
  });

  it("without images it is refused, with the columns that there are", async () => {
    await expect(pack(join(containers, "no-images.parquet"))).rejects.toThrow(
      /no-images.parquet: it has no column of images; its columns: `text` \(text\), `n` \(int64\)$/,
    );
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ["cut short", (bytes) => bytes.subarray(0, bytes.length - 20), /is cut short: its end mark is missing/],
    [
      "with a description of another size",
      (bytes) => Buffer.concat([bytes.subarray(0, -8), Buffer.from([255, 255, 255, 127]), bytes.subarray(-4)]),
      /its description claims 2147483647 bytes/,
    ],
    [
      "with a damaged page",
      (bytes) => Buffer.from(bytes).fill(0xff, 4, 60),
      /column `(image|label)`, rows 0 to 1 are damaged/,
    ],
  ])("is refused when it is %s", async (_, change, reason) => {
    const file = join(folder, "damaged.parquet");
    writeFileSync(file, change(readFileSync(join(hub, "data/train-00000-of-00002.parquet"))));
    const failure = await pack(file).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toMatch(reason);
    expect((failure as Error).message).not.toContain("\n");
  });

  it("is another pack when only the contents change", async () => {
    const root = copy("changed");
    const before = await pack(root);
    const [a, b] = ["train-00000-of-00002.parquet", "test-00000-of-00001.parquet"].map((name) =>
      join(root, "data", name),
    );
    cpSync(b!, a!);
    writeFileSync(join(root, "data/train-00001-of-00002.parquet"), readFileSync(b!));
    expect((await pack(root)).folder).not.toBe(before.folder);
  });
});
