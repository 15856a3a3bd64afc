import { cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import type { DataDescriptor } from "../../src/data/dataset.ts";
import { packOf } from "../../src/data/define.ts";
import type { Listed } from "../../src/data/listing.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { arrange } from "../../src/data/sets/folder-classes.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { usageOf } from "../../src/data/usage.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { zip } from "../formats/pickles.ts";
import { crc32, imageFile, labelsOf, type ZipEntry, zipOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const pack = (descriptor: DataDescriptor, workers = 0): Promise<Pack> => packOf(descriptor, { cache, workers });

describe("arrange", () => {
  const listed = (...paths: string[]): Listed[] => paths.map((path) => ({ path, item: { kind: "file", path } }));
  const shown = (paths: string[], split?: string) => {
    const { files, classes, split: found, lost } = arrange({ files: listed(...paths) }, { split }, "x");
    return { files: files.map(({ file, label }) => `${label} ${file.path}`), classes, split: found, lost };
  };

  it("takes sub-folders as classes, in turns", () => {
    expect(shown(["b/1.png", "a/1.png", "a/2.png", "a/deep/3.png"])).toEqual({
      files: ["0 a/1.png", "1 b/1.png", "0 a/2.png", "0 a/deep/3.png"],
      classes: ["a", "b"],
      split: undefined,
      lost: [],
    });
  });

  it("numbers classes by code units, as torchvision's ImageFolder does", () => {
    expect(arrange({ files: listed("10/x.png", "2/x.png", "b/x.png", "B/x.png") }, {}, "x").classes).toEqual([
      "10",
      "2",
      "B",
      "b",
    ]);
  });

  it("knows no classes without sub-folders", () => {
    expect(shown(["1.png", "2.png"])).toMatchObject({ files: ["0 1.png", "0 2.png"], classes: [] });
  });

  it("looks through an outer folder", () => {
    expect(shown(["set/a/1.png", "set/b/1.png"])).toMatchObject({ classes: ["a", "b"] });
    expect(shown(["one/1.png", "one/2.png"])).toMatchObject({ classes: ["one"] });
  });

  it("chooses train among splits, or the one that is named", () => {
    const paths = ["test/a/1.png", "train/a/2.png", "train/b/3.png"];
    expect(shown(paths)).toMatchObject({
      classes: ["a", "b"],
      split: "train",
      files: ["0 train/a/2.png", "1 train/b/3.png"],
    });
    expect(shown(paths, "test")).toMatchObject({ classes: ["a", "b"], split: "test" });
    expect(shown(paths.map((path) => `outer/${path}`))).toMatchObject({ split: "train", classes: ["a", "b"] });
    expect(shown(["left/1.png", "right/2.png"], "left")).toMatchObject({ split: "left", classes: [] });
  });

  it("gives a class one number in all splits, whichever it has images in", () => {
    const paths = ["train/a/1.png", "train/b/2.png", "train/c/3.png", "val/b/4.png", "val/c/5.png", "test/d/6.png"];
    const val = { classes: ["a", "b", "c"], files: ["1 val/b/4.png", "2 val/c/5.png"], lost: [] };
    expect(shown(paths, "val")).toMatchObject(val);
    expect(shown(paths)).toMatchObject({
      classes: ["a", "b", "c"],
      files: ["0 train/a/1.png", "1 train/b/2.png", "2 train/c/3.png"],
    });
    // A split that shares no class with the others numbers its own, and images in no folder have none.
    expect(shown(paths, "test")).toMatchObject({ classes: ["d"], files: ["0 test/d/6.png"] });
    expect(shown([...paths.slice(0, 5), "test/x.png"], "val")).toMatchObject(val);
    // Through one split a class of a third joins.
    expect(shown(["train/b/1.png", "val/b/2.png", "val/c/3.png", "test/a/4.png", "test/c/5.png"])).toMatchObject({
      classes: ["a", "b", "c"],
      files: ["1 train/b/1.png"],
    });
    expect(shown(["left/b/1.png", "right/a/2.png", "right/b/3.png"], "left")).toMatchObject({ classes: ["a", "b"] });
    expect(shown(["train/b/1.png", "val/b/2.png", "val/a/3.png", "x/0/4.png", "x/b/5.png"], "train")).toMatchObject({
      classes: ["a", "b"],
    });
    // A class that has lost its images in one split keeps its number in all.
    const broken = [{ file: "val/a/1.bmp", reason: "BMP" }];
    expect(arrange({ files: listed("train/b/1.png", "val/b/2.png"), broken }, {}, "x")).toMatchObject({
      classes: ["a", "b"],
      lost: [],
    });
  });

  it("does not take a class for a split because of its name", () => {
    expect(shown(["train/1.png", "car/2.png"])).toMatchObject({ classes: ["car", "train"], split: undefined });
  });

  it("refuses folders next to splits, which would make classes of the splits", () => {
    const paths = ["train/a/1.png", "test/a/1.png", "masks/1.png", "extra/a/1.png"];
    expect(() => shown(paths)).toThrow(
      "x: test, train are splits, and extra, masks lie next to them; `split` chooses one of the folders, or move what is no split away",
    );
    expect(shown(paths, "extra")).toMatchObject({ split: "extra", classes: ["a"] });
    expect(shown(["train/a/1.png", "dev/a/2.png", "eval/a/3.png", "unlabeled/4.png"])).toMatchObject({
      files: ["0 train/a/1.png"],
      split: "train",
    });
  });

  it("takes names with numbers or a common text for splits, as those of COCO and DIV2K", () => {
    expect(shown(["train2017/1.png", "val2017/2.png"])).toMatchObject({
      files: ["0 train2017/1.png"],
      classes: [],
      split: "train2017",
    });
    expect(shown(["train2017/1.png", "val2017/2.png"], "val2017")).toMatchObject({ files: ["0 val2017/2.png"] });
    expect(shown(["D_train_HR/1.png", "D_valid_HR/2.png"])).toMatchObject({ files: ["0 D_train_HR/1.png"] });
    expect(() => shown(["train2014/1.png", "train2017/1.png", "val2017/2.png", "test2015/3.png"])).toThrow(
      "train2014 and train2017 are 2 sets of images, and one is wanted; `split` chooses one",
    );
    expect(shown(["train/1.png", "train_256/1.png"])).toMatchObject({ files: ["0 train/1.png"], split: "train" });
    expect(() => shown(["train2017/1.png", "val2017/2.png", "cats/3.png"])).toThrow("and cats lies next to them");
    // Words that only begin so are classes.
    expect(shown(["train_station/1.png", "test_tube/2.png"])).toMatchObject({
      classes: ["test_tube", "train_station"],
    });
  });

  it("finds splits in any case, the exact name before others, and refuses two of one name", () => {
    const paths = ["Train/1.png", "valid/2.png", "TEST/3.png"];
    expect(shown(paths)).toMatchObject({ split: "Train" });
    expect(shown(paths, "test")).toMatchObject({ files: ["0 TEST/3.png"], split: "TEST" });
    const two = ["train/1.png", "Train/2.png"];
    for (const all of [two, [...two, "test/3.png"], two.map((path) => `cat/${path}`)]) {
      expect(() => shown(all)).toThrow("Train and train are 2 sets of images, and one is wanted; `split` chooses one");
      expect(shown(all, "train").split).toBe("train");
      expect(() => shown(all, "TRAIN")).toThrow("Train and train are 2 sets");
    }
  });

  it("asks for one of the folders of CycleGAN, which are no classes", () => {
    const paths = ["testA/1.png", "testB/1.png", "trainA/1.png", "trainB/1.png"];
    expect(() => shown(paths)).toThrow("are splits of two sets of images; `split` chooses one, such as trainA");
    expect(shown(paths, "trainA")).toMatchObject({ files: ["0 trainA/1.png"], classes: [], split: "trainA" });
  });

  it("finds splits inside the folders of classes, where all have them", () => {
    const paths = ["cat/test/1.png", "cat/train/2.png", "dog/train/3.png", "dog/test/deep/4.png", "emu/test/5.png"];
    const classes = ["cat", "dog", "emu"];
    expect(shown(paths)).toMatchObject({ files: ["0 cat/train/2.png", "1 dog/train/3.png"], classes, split: "train" });
    expect(shown(paths, "test")).toMatchObject({
      files: ["0 cat/test/1.png", "1 dog/test/deep/4.png", "2 emu/test/5.png"],
      classes,
      split: "test",
    });
    // A class that has images without a split, and folders that are called like one split only.
    expect(shown(["cat/train/1.png", "cat/test/2.png", "dog/3.png"])).toMatchObject({ split: undefined });
    expect(shown(["bus/test/1.png", "car/test/2.png"])).toMatchObject({ split: undefined, classes: ["bus", "car"] });
    expect(() => shown(paths, "val")).toThrow("there is no split `val`");
  });

  it("refuses images next to the folders of classes or splits, unless classes are not wanted", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => `${i}.png`);
    expect(() => shown([...hundred, "set/1.png"])).toThrow(
      "x: 100 images lie next to the folder set, 0.png first: folders are classes, and what lies next to them belongs to none; " +
        "move it into a folder of its own or away, or take all images without classes, by `labels: false`",
    );
    expect(() => shown(["cover.png", "set/cat/1.png", "set/dog/1.png"])).toThrow(
      /an image lies next to the folder set/,
    );
    expect(() => shown(["a/1.png", "b/1.png", "loose.png"])).toThrow(/an image lies next to 2 folders \(a, ...\)/);
    expect(() => shown(["cover.png", "train/a/1.png", "test/a/1.png"])).toThrow(/folders are splits/);
    const all = arrange({ files: listed("0.png", "set/1.png", "set/deep/2.png") }, { labels: false }, "x");
    expect(all).toMatchObject({ classes: [], split: undefined });
    expect(all.files.map(({ file }) => file.path)).toEqual(["0.png", "set/1.png", "set/deep/2.png"]);
  });

  it("keeps the name and number of a class whose files are all broken, and names it", () => {
    const broken = [{ file: "dog/1.bmp", reason: "encrypted" }];
    expect(arrange({ files: listed("cat/1.png", "emu/1.png"), broken }, {}, "x")).toMatchObject({
      classes: ["cat", "dog", "emu"],
      lost: [{ name: "dog", file: "dog/1.bmp", reason: "encrypted" }],
    });
    expect(arrange({ files: listed("cat/1.png"), broken }, {}, "x").classes).toEqual(["cat", "dog"]);
  });

  it("says which splits there are", () => {
    const paths = ["test/a/1.png", "val/a/1.png"];
    expect(() => shown(paths)).toThrow(/`split` \(=train\) is not one of its folders; accepted: test, val/);
    expect(() => shown(["train/a/1.png", "test/a/1.png"], "tset")).toThrow(/accepted: test, train/);
    expect(() => shown(["cats/1.png", "dogs/1.png"], "cat")).toThrow(/no split `cat`; did you mean `cats`/);
  });
});

describe("a folder of real files", () => {
  const root = join(folder, "photos");
  const red = { r: 255, g: 0, b: 0 };

  beforeAll(async () => {
    const files: [string, Buffer][] = [
      ["cats/a.jpg", await imageFile("jpeg", 20, 20, { r: 10, g: 200, b: 30 })],
      ["cats/b.PNG", await imageFile("png", 20, 10, red)],
      ["dogs/c.webp", await imageFile("webp", 9, 30, { r: 0, g: 0, b: 255 })],
      ["dogs/d.png", await imageFile("png", 8, 8, { ...red, alpha: 0 })],
      ["dogs/cut short.jpg", (await imageFile("jpeg", 300, 300, red)).subarray(0, 700)],
      ["dogs/empty.png", Buffer.alloc(0)],
      ["dogs/text.png", Buffer.from("not an image at all")],
      ["dogs/notes.txt", Buffer.from("not even named like one")],
      ["dogs/.hidden.png", Buffer.from("x")],
      ["__MACOSX/dogs/d.png", Buffer.from("x")],
      // What storage devices and operating systems leave: thumbnails that are no images of the set.
      ["cats/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", await imageFile("jpeg", 8, 8, red)],
      ["@eaDir/b.png", await imageFile("png", 8, 8, red)],
      ["lost+found/c.png", await imageFile("png", 8, 8, red)],
      ["$RECYCLE.BIN/d.png", await imageFile("png", 8, 8, red)],
      [".Trash-1000/files/e.png", await imageFile("png", 8, 8, red)],
    ];
    for (const [path, bytes] of files) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), bytes);
    }
    symlinkSync(join(root, "nowhere"), join(root, "cats/dangling.png"));
    // A link to a folder above: followed once, it would be followed for ever.
    symlinkSync(root, join(root, "cats/loop"));
  });

  it("says which classes of other splits have no image in this one", async () => {
    const splits = join(folder, "splits");
    for (const path of ["train/a/1.png", "train/b/1.png", "val/b/1.png"]) {
      mkdirSync(join(splits, path, ".."), { recursive: true });
      writeFileSync(join(splits, path), await imageFile("png", 8, 8, red));
    }
    const made = await pack(imageFolder({ path: splits, size: 8, split: "val" }));
    expect([made.header.classes, labelsOf(made)]).toEqual([["a", "b"], [1]]);
    expect(usageOf(made.header)).toBe(
      "splits (val): 1 image of 3 files; 1 of 2 classes without an image: a; 2 of other splits or not chosen",
    );
  });

  it("is packed; broken files are skipped and listed with their reasons", async () => {
    const made = await pack(imageFolder({ path: root, size: 8 }));
    expect(made.header).toMatchObject({ count: 4, channels: 3, size: 8, classes: ["cats", "dogs"], fit: "crop" });
    expect(made.header.originals).toEqual({ width: [8, 20], height: [8, 30] });
    expect(made.header.ignored).toEqual({ ".txt": 1 });
    expect(labelsOf(made)).toEqual([0, 1, 0, 1]);
    const reasons = Object.fromEntries(made.header.broken.map(({ file, reason }) => [file, reason]));
    expect(Object.keys(reasons).sort()).toEqual([
      "cats/dangling.png",
      "dogs/cut short.jpg",
      "dogs/empty.png",
      "dogs/text.png",
    ]);
    expect(reasons["dogs/empty.png"]).toBe("the file is empty");
    expect(reasons["dogs/text.png"]).toMatch(/no image of a format that is read/);
    expect(reasons["dogs/cut short.jpg"]).toMatch(/premature end of JPEG/);
    expect(reasons["cats/dangling.png"]).toBe("a link to nothing");
    expect(made.header.total).toBe(9);
    expect(usageOf(made.header)).toBe(
      "photos: 4 images of 9 files; 4 cannot be used (gantry data lists them); no images: 1 .txt",
    );
    const pixels = readFileSync(made.imagesPath);
    expect(pixels.length).toBe(4 * 3 * 64);
    // Order: cats/a.jpg (green), dogs/c.webp (blue), cats/b.PNG (red), dogs/d.png (transparent on white).
    expect([0, 1, 2].map((c) => pixels[c * 64]! > 128)).toEqual([false, true, false]);
    expect([0, 1, 2].map((c) => pixels[192 + c * 64])).toEqual([0, 0, 255]);
    expect([0, 1, 2].map((c) => pixels[384 + c * 64])).toEqual([255, 0, 0]);
    expect([0, 1, 2].map((c) => pixels[576 + c * 64])).toEqual([255, 255, 255]);
  });

  it("gives the same pack from a zip archive, in worker threads or without", async () => {
    const names = ["cats/a.jpg", "cats/b.PNG", "dogs/c.webp", "dogs/d.png", "dogs/text.png"];
    const entries = names.map(
      (name, i): ZipEntry => ({ name: `set/${name}`, data: readFileSync(join(root, name)), deflate: i % 2 === 0 }),
    );
    const zip = join(folder, "set.zip");
    writeFileSync(
      zip,
      zipOf([{ name: "set/", data: new Uint8Array() }, ...entries, { name: "readme.md", data: Buffer.from("x") }]),
    );
    const fromFolder = await pack(imageFolder({ path: root, size: 8 }));
    const fromZip = await packOf(imageFolder({ path: zip, size: 8 }), { cache, workers: 2 });
    expect(fromZip.folder).not.toBe(fromFolder.folder);
    expect(readFileSync(fromZip.imagesPath)).toEqual(readFileSync(fromFolder.imagesPath));
    expect(labelsOf(fromZip)).toEqual(labelsOf(fromFolder));
    expect(fromZip.header.broken.map(({ file }) => file)).toEqual(["set/dogs/text.png"]);
    expect(fromZip.header.ignored).toEqual({ ".md": 1 });
  });

  it("is packed again when a file changes, and only then", async () => {
    const before = await pack(imageFolder({ path: root, size: 8 }));
    expect((await pack(imageFolder({ path: root, size: 8 }))).folder).toBe(before.folder);
    utimesSync(join(root, "cats/a.jpg"), 1, 1);
    expect((await pack(imageFolder({ path: root, size: 8 }))).folder).toBe(before.folder);
    writeFileSync(join(root, "cats/a.jpg"), await imageFile("jpeg", 20, 20, { r: 10, g: 210, b: 30 }));
    expect((await pack(imageFolder({ path: root, size: 8 }))).folder).not.toBe(before.folder);
  });

  it("honours classes, first, channels, fit and background", async () => {
    const some = await pack(
      imageFolder({ path: root, size: 8, classes: ["dogs"], channels: 1, fit: "fit", background: 9 }),
    );
    expect(some.header).toMatchObject({ count: 2, classes: ["dogs"], channels: 1 });
    expect(labelsOf(some)).toEqual([0, 0]);
    expect(readFileSync(some.imagesPath)[0]).toBe(9);
    const turned = await pack(imageFolder({ path: root, size: 8, classes: ["dogs", "cats"], first: 2 }));
    expect(turned.header.classes).toEqual(["dogs", "cats"]);
    expect(labelsOf(turned)).toEqual([1, 0]);
    expect(turned.header.note).toMatch(/classes dogs, cats; the first 2(; .* JPEG: .*)?$/);
  });

  it("is refused with the reason when nothing can be used", async () => {
    const bad = (descriptor: () => DataDescriptor, reason: RegExp): Promise<void> =>
      expect((async () => pack(descriptor()))()).rejects.toThrow(reason);
    mkdirSync(join(folder, "texts/a"), { recursive: true });
    writeFileSync(join(folder, "texts/a/x.csv"), "x");
    await bad(
      () => imageFolder({ path: join(folder, "texts") }),
      /no image files \(found: 1 .csv\); accepted endings: .jpg/,
    );
    writeFileSync(join(folder, "texts/a/x.png"), "x");
    await bad(() => imageFolder({ path: join(folder, "texts") }), /its only image cannot be read; a\/x.png: /);
    await bad(() => imageFolder({ path: join(folder, "absent") }), /absent: there is no such file or folder/);
    await bad(
      () => imageFolder({ path: join(root, "dogs/notes.txt") }),
      /neither a folder, a zip or tar archive, nor a parquet/,
    );
    await bad(
      () => imageFolder({ path: root, classes: ["cat"] }),
      /`classes` names `cat`, which photos does not have; its classes: cats, dogs/,
    );
    await bad(() => imageFolder({ path: root, classes: ["cats", "cats"] }), /names `cats` twice/);
    // As the command line takes them.
    const commas = join(folder, "commas");
    for (const name of ["Katze, Hund", "Vogel"]) cpSync(join(root, "cats"), join(commas, name), { recursive: true });
    await bad(() => imageFolder({ path: commas, classes: ["Katze"] }), /its classes: "Katze, Hund", Vogel$/);
  });
});

describe("hostile zip archives", () => {
  const write = (entries: readonly ZipEntry[]): string => {
    const path = join(folder, `hostile-${Math.random()}.zip`);
    writeFileSync(path, zipOf(entries));
    return path;
  };
  const reasons = async (entry: ZipEntry): Promise<string> => {
    const good = await imageFile("png", 8, 8, { r: 1, g: 2, b: 3 });
    const made = await pack(imageFolder({ path: write([{ name: "good.png", data: good }, entry]), size: 8 }));
    expect(made.header.count).toBe(1);
    return made.header.broken.map(({ file, reason }) => `${file}: ${reason}`).join();
  };

  it("cannot reach outside: paths with .. are refused", async () => {
    const path = write([{ name: "../../evil.png", data: Buffer.from("x") }]);
    await expect(pack(imageFolder({ path }))).rejects.toThrow(UserError);
    await expect(pack(imageFolder({ path }))).rejects.toThrow(/cannot be used: invalid relative path/);
  });

  it("an entry that inflates to more than it promised is cut off and listed", async () => {
    const entry = { name: "bomb.png", data: Buffer.alloc(50_000_000), deflate: true, claims: { size: 1000 } };
    expect(await reasons(entry)).toMatch(/bomb.png: Cannot create a Buffer larger than 1000 bytes/);
  });

  it("an entry that promises more than an image can have is listed unread", async () => {
    const entry = { name: "huge.png", data: Buffer.alloc(10), deflate: true, claims: { size: 2 ** 31 } };
    expect(await reasons(entry)).toBe("huge.png: the entry claims 2147483648 bytes, too large for an image");
  });

  it("damage, encryption and unknown methods are listed", async () => {
    const data = await imageFile("png", 8, 8, { r: 9, g: 9, b: 9 });
    expect(await reasons({ name: "a.png", data, claims: { crc: 1 } })).toBe("a.png: CRC-32 mismatch");
    expect(await reasons({ name: "b.png", data, deflate: true, claims: { flags: 1 } })).toBe(
      "b.png: the entry is encrypted",
    );
    expect(await reasons({ name: "c.png", data, claims: { method: 12 } })).toMatch(
      /compression method 12 is not supported/,
    );
    expect(await reasons({ name: "d.png", data, deflate: true, claims: { size: data.length + 1 } })).toMatch(
      /holds \d+ bytes, the directory promises/,
    );
  });

  it("symbolic links are listed, and not followed", async () => {
    const data = Buffer.from("../../../etc/passwd");
    expect(await reasons({ name: "a.png", data, claims: { mode: 0o120777 } })).toBe(
      "a.png: a link or device in the archive, not a file",
    );
  });

  it("that are of zip64 are read like others", async () => {
    const image = await imageFile("png", 8, 8, { r: 9, g: 9, b: 9 });
    const path = join(folder, "wide.zip");
    writeFileSync(
      path,
      zip(
        [
          ["cat/a.png", image],
          ["dog/b.png", image],
        ],
        true,
      ),
    );
    const { header } = await pack(imageFolder({ path, size: 8 }));
    expect(header).toMatchObject({ count: 2, classes: ["cat", "dog"], broken: [] });
  });

  it("have their names in UTF-8 with the flag, with an extra field, and without either", async () => {
    const data = await imageFile("png", 8, 8, { r: 9, g: 9, b: 9 });
    const names = ["Äpfel/0.png", "Öl/0.png", "Übung/0.png"];
    const others = ["?pfel/0.png", "?l/0.png", "?bung/0.png"];
    const extras = names.map((name, i) => {
      const field = Buffer.alloc(9);
      field.writeUInt16LE(0x7075, 0);
      field.writeUInt16LE(5 + Buffer.byteLength(name), 2);
      field[4] = 1;
      field.writeUInt32LE(crc32(Buffer.from(others[i]!)), 5);
      // After a field of another kind, as Info-ZIP writes its times.
      return Buffer.concat([Buffer.from("555405000300000000", "hex"), field, Buffer.from(name)]);
    });
    const flags = { flags: 0 };
    const paths = [
      write(names.map((name) => ({ name, data }))),
      write(names.map((name) => ({ name, data, claims: flags }))),
      write(others.map((name, i) => ({ name, data, extra: extras[i]!, claims: flags }))),
    ];
    for (const path of paths) {
      const { header } = await pack(imageFolder({ path, size: 8 }));
      expect(header).toMatchObject({ count: 3, classes: ["Äpfel", "Öl", "Übung"], broken: [] });
      expect(header.remarks).toBeUndefined();
    }
  });

  it("whose names are of an unknown code page say so, and keep their folders", async () => {
    const data = await imageFile("png", 8, 8, { r: 9, g: 9, b: 9 });
    const named = (...names: string[]) =>
      write(names.map((hex) => ({ name: Buffer.from(hex, "hex"), data, claims: { flags: 0 } })));
    // "Ä/0.png" and "Ö\\0.png" in code page 437, and 表示/0.png and a/0.png in Shift-JIS: 表 is the bytes 95 5C.
    const german = await pack(imageFolder({ path: named("8e2f302e706e67", "995c302e706e67"), size: 8 }));
    expect(german.header).toMatchObject({ classes: ["Ä", "Ö"], broken: [] });
    const path = named("955c8ea62f302e706e67", "612f302e706e67");
    const { header } = await pack(imageFolder({ path, size: 8 }));
    expect(header.classes).toEqual(["a", "ò\\Äª"]);
    expect(header.remarks).toEqual([
      "1 name is neither ASCII nor UTF-8 and read as code page 437, `ò\\Äª/0.png` first; names of another one, such as Shift-JIS, " +
        "are right when the archive is made again with names in UTF-8",
    ]);
    expect(usageOf(header)).toContain("2 images of 2 files; 1 name is neither ASCII nor UTF-8");
  });

  it("two entries of one name are refused, with the name", async () => {
    const [a, b] = await Promise.all([9, 200].map((r) => imageFile("png", 8, 8, { r, g: 9, b: 9 })));
    for (const second of ["cat/a.png", "./cat/a.png"]) {
      const path = write([
        { name: "cat/a.png", data: a! },
        { name: "dog/a.png", data: b! },
        { name: second, data: b! },
      ]);
      await expect(pack(imageFolder({ path }))).rejects.toThrow(
        /hostile-.*zip: the zip archive cannot be used: two of its entries are called `cat\/a.png`; make it again/,
      );
    }
  });

  it("an archive cut short is refused", async () => {
    const whole = zipOf([{ name: "a.png", data: await imageFile("png", 8, 8, { r: 9, g: 9, b: 9 }) }]);
    const path = join(folder, "cut.zip");
    writeFileSync(path, whole.subarray(0, whole.length - 30));
    await expect(pack(imageFolder({ path }))).rejects.toThrow(/cut.zip: the zip archive cannot be used/);
  });
});
