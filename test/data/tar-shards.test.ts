/** Tar archives: shards that webdataset wrote, and folders of images that Python's tarfile packed. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { create } from "tar";
import { describe, expect, it } from "vitest";
import { usageOf } from "../../src/data/usage.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, expectHeld, held, packer } from "./container-files.ts";
import { imageFile, labelsOf, sumsOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const shards = join(containers, "shards");
const { planes } = held("shards");

function copy(name: string): string {
  const root = join(folder, name);
  cpSync(shards, root, { recursive: true });
  return root;
}

describe("shards of webdataset", () => {
  it("are read in place in the order of their numbers, with the classes of .cls", async () => {
    const made = await pack(shards);
    expectHeld(made, "shards");
    expect(made.header).toMatchObject({ name: "shards (train)", broken: [] });
    expect(made.header.note).toBe("5 images (.png) from 2 tar shards of shards (train), labels from .cls");
    expect(sumsOf(await pack(shards, {}, 2))).toEqual(planes);
    expect(sumsOf(await pack(join(shards, "train-000001.tar")))).toEqual(planes.slice(3));
  });

  it("of numbers that JSON rounds are refused, which would make one class of two", async () => {
    const path = join(folder, "rounded");
    mkdirSync(path);
    for (const i of [0, 1]) {
      writeFileSync(join(path, `${i}.png`), await imageFile("png", 8, 8, { r: i, g: 0, b: 0 }));
      writeFileSync(join(path, `${i}.json`), `{"label": 900719925474099${2 + i}}`);
    }
    const file = join(folder, "rounded.tar");
    create({ file, cwd: path, sync: true }, ["0.png", "0.json", "1.png", "1.json"]);
    await expect(pack(file)).rejects.toThrow(
      /in the .json of `rounded.tar 0` `label` is a number of about 9007199254740992, which is not kept exactly/,
    );
  });

  it("have labels in .json and .txt where they are asked for", async () => {
    const json = await pack(shards, { labelEntry: "json.label" });
    expect(json.header.classes).toEqual(["name0", "name1"]);
    expect(labelsOf(json)).toEqual([0, 1, 0, 1, 0]);
    expect((await pack(shards, { labelEntry: "json.width" })).header.classes).toEqual(["8"]);
    expect((await pack(shards, { labelEntry: "txt" })).header.classes).toEqual([0, 1, 2, 3, 4].map((i) => `text ${i}`));
    await expect(pack(shards, { labelEntry: "json.colour" })).rejects.toThrow(
      /the .json of `train-000000.tar s0000` has no number or text as `colour`/,
    );
    await expect(pack(shards, { entry: "jpg" })).rejects.toThrow(
      /`entry` \(=jpg\) is not an ending of its images: png/,
    );
  });

  it("a missing shard is said, and archives that are no run are refused", async () => {
    const root = copy("missing");
    renameSync(join(root, "train-000001.tar"), join(root, "train-000002.tar"));
    expect((await pack(root)).header.broken).toEqual([{ file: "train-000001.tar", reason: "this shard is not there" }]);
    const classes = join(folder, "classes");
    cpSync(join(containers, "folder-pax.tar"), join(classes, "n01440764.tar"));
    cpSync(join(containers, "folder-gnu.tar"), join(classes, "n02085620.tar"));
    await expect(pack(classes)).rejects.toThrow(
      /2 tar archives \(n01440764.tar, n02085620.tar\) that are no numbered shards and have no labels/,
    );
  });

  it("are refused where they were cut, in one sentence", async () => {
    const root = copy("cut");
    const file = join(root, "train-000001.tar");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, 700));
    await expect(pack(root)).rejects.toThrow(
      /train-000001.tar: the tar archive is cut short inside `.*PaxHeader`, which should end at byte 1024; the file has 700$/,
    );
    writeFileSync(file, Buffer.from(bytes).fill(0x41, 1024, 1100));
    await expect(pack(root)).rejects.toThrow(
      /train-000001.tar: the tar archive is damaged: there is no header at byte 1024/,
    );
    // Between two members: nothing but the end mark is missing.
    writeFileSync(file, bytes.subarray(0, 512 * 4));
    const made = await pack(root).catch((error: Error) => error.message);
    expect(typeof made === "string" ? made : made.header.broken[0]!.reason).toMatch(/cut short/);
    writeFileSync(file, gzipSync(bytes));
    rmSync(join(root, "train-000000.tar"));
    await expect(pack(file)).rejects.toThrow(/compressed shards of webdataset are not read; unpack it by gunzip/);
    for (const [name, start, reason] of [
      [
        "x.tar.xz",
        "fd377a585a0000",
        /x.tar.xz: a file compressed by xz, which is not read; unpack it, or pack its files as .zip/,
      ],
      ["x.7z", "377abcaf271c0004", /x.7z: a 7z archive, which is not read/],
      ["x.tar", "", /x.tar: the file is empty/],
      // MATLAB's "MATLAB 5.0 MAT-file" and "MATLAB 7.3 MAT-file"; pickles of protocols 2 and 5.
      [
        "x.mat",
        "4d41544c414220352e30204d41542d66696c65",
        /x.mat: a MATLAB file, which is not read; save its arrays by numpy.savez/,
      ],
      ["y.mat", "4d41544c414220372e33204d41542d66696c65", /y.mat: a MATLAB file/],
      ["x.pkl", "80027d7100", /x.pkl: a Python pickle, which is not read, as loading one runs code; save its arrays/],
      ["y.pkl", "80059500000000000000", /y.pkl: a Python pickle/],
    ] as const) {
      writeFileSync(join(folder, name), Buffer.from(start, "hex"));
      await expect(pack(join(folder, name))).rejects.toThrow(reason);
    }
    const other = join(folder, "other.gz");
    writeFileSync(other, gzipSync("no archive"));
    await expect(pack(other)).rejects.toThrow(/a gzip file that holds no tar archive; unpack it by gunzip/);
  });

  /** Writes a shard by npm's tar: a file for each name. */
  async function shard(path: string, members: Readonly<Record<string, string | Buffer>>): Promise<void> {
    const cwd = mkdtempSync(join(folder, "members-"));
    for (const [name, contents] of Object.entries(members)) {
      mkdirSync(join(cwd, name, ".."), { recursive: true });
      writeFileSync(join(cwd, name), contents);
    }
    mkdirSync(join(path, ".."), { recursive: true });
    await create({ file: path, cwd, portable: true }, Object.keys(members));
  }
  const image = async (level: number) => imageFile("png", 8, 8, { r: level, g: level, b: level });

  it.each([
    ["numbers", { train: ["3", "1", "10"], val: ["10", "3"], test: ["-1", "-1"] }, ["1", "3", "10"]],
    ["names", { train: ["c", "a", "b"], val: ["b", "c"], test: ["", ""] }, ["a", "b", "c"]],
  ])("number classes by the labels of all splits: %s", async (kind, splits, known) => {
    const root = join(folder, `splits of ${kind}`);
    for (const [split, labels] of Object.entries(splits)) {
      const samples = await Promise.all(labels.map(async (label, i) => [`${i}`, await image(i), label] as const));
      const members = samples.flatMap(([key, bytes, label]) => [
        [`${key}.png`, bytes],
        ...(label === "" ? [] : [[`${key}.cls`, label]]),
      ]);
      await shard(join(root, `${split}-000000.tar`), Object.fromEntries(members));
    }
    for (const split of ["train", "val"] as const) {
      const made = await pack(root, { split });
      expect(labelsOf(made).map((label) => made.header.classes[label])).toEqual(splits[split]);
      const numbers = known.map((name) => made.header.classes.indexOf(name));
      expect(numbers).toEqual(kind === "numbers" ? [0, 2, 9] : [0, 1, 2]);
    }
    if (kind === "numbers")
      await expect(pack(root, { split: "test" })).rejects.toThrow(/label 0 is -1; labels are whole/);
  });

  it("have names up to the first dot, and labels by any ending in .cls, wherever these stand", async () => {
    const path = join(folder, "dots.tar");
    const names = Array.from({ length: 70 }, (_, i) => `a.b/${i}.v1`);
    const png = await image(50);
    // All images first: the labels are far behind.
    const images = names.map((name) => [`${name}.png`, png]);
    await shard(path, Object.fromEntries([...images, ...names.map((name, i) => [`${name}.cls`, `${i % 3}`])]));
    const made = await pack(path);
    expect([made.header.classes, labelsOf(made)]).toEqual([["0", "1", "2"], names.map((_, i) => i % 3)]);
    expect(made.header.note).toMatch(/labels from .cls$/);
    const several = join(folder, "several.tar");
    await shard(several, { "0.png": png, "0.a.cls": "0", "0.b.cls": "1" });
    await expect(pack(several)).rejects.toThrow(
      /`several.tar 0` has several labels; `labelEntry` must name the ending of one: `a.cls`, `b.cls`/,
    );
    expect((await pack(several, { labelEntry: "b.cls" })).header.classes).toEqual(["1"]);
  });

  it("are not passed over where they are no shards", async () => {
    const root = join(folder, "unpacked");
    mkdirSync(root);
    writeFileSync(join(root, "0.png"), await image(50));
    writeFileSync(join(root, "0.cls"), "1");
    await expect(pack(root)).rejects.toThrow(/1 file .cls with labels of webdataset, which are read only from .tar/);
    expect((await pack(root, { labels: false })).header.count).toBe(1);
  });

  it("have endings of any case, and two that differ only by it in one sample are refused", async () => {
    const upper = join(folder, "upper/train-000000.tar");
    await shard(upper, { "1.PNG": await image(50), "1.CLS": "0" });
    const made = await pack(upper);
    expect([made.header.count, made.header.classes]).toEqual([1, ["0"]]);
    const both = join(folder, "both/train-000000.tar");
    await shard(both, { "1.PNG": await image(50), "1.cls": "0", "1.png": await image(60) });
    await expect(pack(both)).rejects.toThrow(
      /the members `1.PNG` and `1.png` are of one sample and one ending, whose case does not count; keep one of them/,
    );
  });
});

describe("a compressed tar archive of a folder", () => {
  /** The tree of the tests below, with the gray level of each image. */
  const levels = {
    "train/cat/1.png": 10,
    "train/cat/2.png": 20,
    "train/dog/1.JPG": 30,
    "val/dog/1.png": 40,
    "train/cat/none": 50,
  };

  async function archived(name: string, more: Readonly<Record<string, string | Buffer>> = {}): Promise<string> {
    const cwd = mkdtempSync(join(folder, "tree-"));
    const files = new Map<string, string | Buffer>(Object.entries(more));
    for (const [path, level] of Object.entries(levels)) {
      files.set(path, await imageFile(path.endsWith(".JPG") ? "jpeg" : "png", 8, 8, { r: level, g: level, b: level }));
    }
    for (const [path, bytes] of files) {
      mkdirSync(join(cwd, path, ".."), { recursive: true });
      writeFileSync(join(cwd, path), bytes);
    }
    const file = join(folder, name);
    // The order of the archive is not that of the names.
    await create({ file, cwd, gzip: true, portable: true }, ["val", "train", ...Object.keys(more)]);
    return file;
  }
  const grays = (made: Awaited<ReturnType<typeof pack>>) => {
    const pixels = readFileSync(made.imagesPath);
    return labelsOf(made).map((label, i) => [pixels[i * 192]!, made.header.classes[label]]);
  };
  const sorted = (pairs: unknown[][]) => pairs.sort(([a], [b]) => Number(a) - Number(b));

  it("is read as the folder would be, from its beginning", async () => {
    const file = await archived("photos.tar.gz", { "._x.png": "x", "__MACOSX/y.png": "y", "notes.txt": "z" });
    const made = await pack(file);
    expect(made.header).toMatchObject({ name: "photos.tar.gz (train)", count: 4, classes: ["cat", "dog"], broken: [] });
    expect(sorted(grays(made))).toEqual([
      [10, "cat"],
      [20, "cat"],
      [30, "dog"],
      [50, "cat"],
    ]);
    expect(usageOf(made.header)).toMatch(
      /^photos.tar.gz \(train\): 4 images of 6 files; no images: 1 .txt; 1 of other splits/,
    );
    expect(grays(await pack(file, { split: "val" }))).toEqual([[40, "dog"]]);
    expect(grays(await pack(file, { classes: ["dog"] }, 2))).toEqual([[30, "dog"]]);
    // One of each class in turn, though the archive has both cats first.
    expect(sorted(grays(await pack(file, { first: 2 })))).toEqual([
      [10, "cat"],
      [30, "dog"],
    ]);
    expect(grays(await pack(file, { first: 1, classes: ["dog"] }, 2))).toEqual([[30, "dog"]]);
  });

  it("may hold its label file", async () => {
    const table = "file,class\ntrain/cat/1.png,b\ntrain/dog/1.JPG,a\nval/dog/1.png,a\n";
    const file = await archived("labelled.tgz", { "labels.csv": table });
    const made = await pack(file, { labelFile: join(file, "labels.csv") });
    expect(sorted(grays(made))).toEqual([
      [10, "b"],
      [30, "a"],
    ]);
    const conditions = await archived("conditions.tgz", {
      "labels.csv": "file,x\ntrain/cat/2.png,4\nval/dog/1.png,2\n",
    });
    const numbers = await pack(conditions, {
      split: "train",
      labelFile: join(conditions, "labels.csv"),
      conditions: ["x"],
    });
    expect(numbers.header).toMatchObject({ count: 1, conditions: [{ name: "x", least: 4, most: 4 }] });
  });

  it("is refused in one sentence where it is cut, damaged, or leads out of itself", async () => {
    const file = await archived("whole.tar.gz");
    const bytes = readFileSync(file);
    const cut = join(folder, "cut.tar.gz");
    writeFileSync(cut, bytes.subarray(0, bytes.length - 60));
    await expect(pack(cut)).rejects.toThrow(
      /^.*cut.tar.gz: the archive is damaged or cut short: unexpected end of file$/,
    );
    writeFileSync(cut, Buffer.from(bytes).fill(0, 200, 220));
    await expect(pack(cut)).rejects.toThrow(/cut.tar.gz: the archive is damaged or cut short: /);
    const evil = gunzipSync(bytes);
    const header = evil.indexOf("val/dog/1");
    evil.write("../x/dog", header, "latin1");
    // The sum of the header's bytes, in which its own eight are spaces.
    evil.fill(" ", header + 148, header + 156);
    const sum = evil.subarray(header, header + 512).reduce((total, byte) => total + byte, 0);
    evil.write(`${sum.toString(8).padStart(6, "0")}\0 `, header + 148, "latin1");
    writeFileSync(cut, gzipSync(evil));
    await expect(pack(cut)).rejects.toThrow(/cut.tar.gz: .* cannot be used: invalid relative path: `\.\.\/x\/dog/);
  });
});

describe("a tar archive of a folder", () => {
  it.each(["pax", "gnu"])("has its sub-folders as classes (%s)", async (kind) => {
    const made = await pack(join(containers, `folder-${kind}.tar`));
    expect(made.header).toMatchObject({ count: 2, classes: ["cat", "dog"], broken: [] });
    expect(sumsOf(made)).toEqual(planes.slice(0, 2));
  });

  it("with two members of one path has the later, as when it is unpacked", async () => {
    expectHeld(await pack(join(containers, "twice.tar")), "twice");
  });

  it("with a path that leads out of it is refused, and never read in part", async () => {
    const bytes = Buffer.from(readFileSync(join(containers, "folder-gnu.tar")));
    // The long name of a member lies in a block of its own, which no sum covers.
    bytes.write("../evil/", bytes.indexOf("./photos/cat/"), "latin1");
    const path = join(folder, "outside.tar");
    writeFileSync(path, bytes);
    await expect(pack(path)).rejects.toThrow(/outside.tar: .* cannot be used: invalid relative path: `\.\.\/evil/);
  });
});
