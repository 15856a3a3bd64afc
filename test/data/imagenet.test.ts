/** ImageNet's folders, with the oddities of the real set: a PNG under a JPEG's name, a CMYK JPEG. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { imagenet } from "../../src/data/sets/imagenet.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { labelsOf, published } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const path = join(published, "imagenet");
const pack = (options: Parameters<typeof imagenet>[0]): Promise<Pack> =>
  packOf(imagenet({ size: 16, ...options }), { cache, workers: 0 });

describe("imagenet", () => {
  it("takes synsets as classes, in turns", async () => {
    const made = await pack({ path });
    expect(made.header).toMatchObject({
      name: "imagenet (train, 3 synsets)",
      count: 7,
      classes: ["n01440764", "n02085620", "n02105855"],
      broken: [],
    });
    expect(labelsOf(made)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(made.header.originals).toEqual({ width: [50, 50], height: [40, 42] });
    // Image n of a synset has the gray level 60 + 30 n, whatever its file is; CMYK is converted.
    const pixels = readFileSync(made.imagesPath);
    for (const [i, level] of [60, 60, 60, 90, 90, 90].entries()) expect(pixels[i * 768 + 100]).toBe(level);
    expect(Math.abs(pixels[6 * 768 + 100]! - 120)).toBeLessThan(40);
    // The classes are those of both splits, so that each has one number.
    const root = join(folder, "both");
    cpSync(join(path, "train"), join(root, "train"), { recursive: true });
    cpSync(join(path, "train/n02085620"), join(root, "val/n02085620"), { recursive: true });
    const val = await pack({ path: root, split: "val" });
    expect(val.header.classes).toEqual(made.header.classes);
    expect(labelsOf(val)).toEqual([1, 1]);
  });

  it("finds the synsets in other layouts", async () => {
    expect((await pack({ path: join(path, "train") })).header.count).toBe(7);
    // The folder of the training images is not taken for that of another split.
    await expect(pack({ path: join(path, "train"), split: "val" })).rejects.toThrow(/no synsets of the split `val` in/);
    expect((await pack({ path: join(path, "val"), split: "val" })).header.count).toBe(1);
    await expect(pack({ path: join(path, "val") })).rejects.toThrow(/no synsets of the split `train` in/);
    const root = join(folder, "kaggle");
    cpSync(join(path, "train"), join(root, "ILSVRC/Data/CLS-LOC/train"), { recursive: true });
    expect((await pack({ path: root })).header.count).toBe(7);
  });

  it("takes only the synsets of a list, or of a file of them", async () => {
    const listed = await pack({ path, synsets: ["n02105855", "n01440764"] });
    expect(listed.header).toMatchObject({ count: 5, classes: ["n01440764", "n02105855"] });
    expect(labelsOf(listed)).toEqual([0, 1, 0, 1, 0]);
    const file = join(folder, "some.txt");
    writeFileSync(file, "# dogs\nn02085620 Chihuahua\n\nn02105855  # Shetland sheepdog\r\n");
    const dogs = await pack({ path, synsets: file });
    expect(dogs.header).toMatchObject({
      name: "imagenet (train, 2 synsets)",
      count: 4,
      classes: ["n02085620", "n02105855"],
    });
  });

  it("names broken files, and synsets that are not there", async () => {
    const root = join(folder, "broken");
    cpSync(path, root, { recursive: true });
    writeFileSync(join(root, "train/n02085620/n02085620_18.JPEG"), "");
    writeFileSync(join(root, "train/n02085620/notes.txt"), "x");
    mkdirSync(join(root, "train/n02084071"));
    mkdirSync(join(root, "train/strange"));
    const made = await pack({ path: root, synsets: ["n02085620"] });
    expect(made.header).toMatchObject({ count: 1, ignored: { ".txt": 1 } });
    expect(made.header.broken).toEqual([{ file: "n02085620/n02085620_18.JPEG", reason: "the file is empty" }]);
    await expect(pack({ path: root })).rejects.toThrow(/train\/n02084071 holds no image/);
    await expect(pack({ path, synsets: ["n01440764", "n00000001", "n00000002"] })).rejects.toThrow(
      /n00000001 \(and 1 more of those that are wanted\) is not in .*train, which has 3 synsets/,
    );
  });

  it("refuses files that are not lists, and says what to put where", async () => {
    await expect(pack({ path, synsets: ["cat"] })).rejects.toThrow(/`cat` is no synset such as n01440764/);
    await expect(pack({ path, synsets: ["n01440764", "n01440764"] })).rejects.toThrow(/n01440764 is named twice/);
    const empty = join(folder, "empty.txt");
    writeFileSync(empty, "# nothing\n");
    await expect(pack({ path, synsets: empty })).rejects.toThrow(/empty.txt: no synset is named/);
    await expect(pack({ path, synsets: join(folder, "absent.txt") })).rejects.toThrow(/absent.txt: there is no such/);
    await expect(pack({ path: join(folder, "nowhere") })).rejects.toThrow(
      /no synsets of the split `train` in .*; get ILSVRC2012_img_train.tar with an account of/,
    );
    const flat = join(folder, "flat");
    mkdirSync(join(flat, "val"), { recursive: true });
    writeFileSync(join(flat, "val/ILSVRC2012_val_00000001.JPEG"), "");
    await expect(pack({ path: flat, split: "val" })).rejects.toThrow(/flat\/val has no folder named like one/);
  });
});
