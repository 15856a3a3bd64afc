/** CelebA from the files that are published: tables, folder and archive (written by Python's zipfile); and CelebA-HQ. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { areaOf } from "../../src/base/image-size.ts";
import type { DataDescriptor } from "../../src/data/dataset.ts";
import { packOf } from "../../src/data/define.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { celeba } from "../../src/data/sets/celeba.ts";
import { celebaHq } from "../../src/data/sets/celeba-hq.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { labelsOf, published } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const path = join(published, "celeba");
const pack = (descriptor: DataDescriptor): Promise<Pack> => packOf(descriptor, { cache, workers: 0 });

afterEach(() => {
  delete process.env.GANTRY_DATA;
});

/** Image n of the fixture has one gray level, 40 n + 20: so a pack shows which images it holds. */
function whichOf(made: Pack): number[] {
  const pixels = readFileSync(made.imagesPath);
  const size = made.header.channels * areaOf(made.header.size);
  return Array.from({ length: made.header.count }, (_, i) => (pixels[i * size + size / 2]! - 20) / 40);
}

/** A copy of the fixture with one of its tables changed. */
function altered(table: "list_attr_celeba.txt" | "list_eval_partition.txt", change: (lines: string[]) => void): string {
  const root = join(folder, `altered-${Math.random()}`);
  cpSync(path, root, { recursive: true });
  const lines = readFileSync(join(root, table), "utf8").trimEnd().split("\n");
  change(lines);
  writeFileSync(join(root, table), `${lines.join("\n")}\n`);
  return root;
}

describe("celeba", () => {
  it("follows the official partition, from a folder and from the archive alike", async () => {
    const root = join(folder, "zip only");
    cpSync(path, root, { recursive: true });
    rmSync(join(root, "img_align_celeba"), { recursive: true });
    const packs: Pack[] = [];
    for (const place of [path, join(path, "img_align_celeba"), root, join(root, "img_align_celeba.zip")]) {
      packs.push(await pack(celeba({ path: place, size: 16 })));
    }
    for (const made of packs) {
      expect(made.header).toMatchObject({ name: "celeba (train)", count: 3, classes: [], broken: [], ignored: {} });
      expect(made.header.originals).toEqual({ width: [178, 178], height: [218, 218] });
      expect(made.header.note).toMatch(
        /^3 image files from celeba \(train\) \(the published set has 162770\); all JPEG/,
      );
      expect(whichOf(made)).toEqual([0, 1, 2]);
    }
    expect(whichOf(await pack(celeba({ path, size: 16, split: "validation" })))).toEqual([3]);
    expect(whichOf(await pack(celeba({ path, size: 16, split: "test" })))).toEqual([4, 5]);
    expect(whichOf(await pack(celeba({ path: root, size: 16, split: "all" })))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("takes an attribute as two classes", async () => {
    // Column k of image n is 1 when bit k mod 3 of n is.
    const columns = { "5_o_Clock_Shadow": 0, Arched_Eyebrows: 1, Attractive: 2, Young: 39 % 3 };
    for (const [attribute, bit] of Object.entries(columns)) {
      const made = await pack(celeba({ path, size: 16, split: "all", attribute }));
      expect(made.header.classes).toEqual([`not ${attribute}`, attribute]);
      expect(labelsOf(made)).toEqual([0, 1, 2, 3, 4, 5].map((n) => (n >> bit) & 1));
    }
    const only = await pack(celeba({ path, size: 16, split: "all", attribute: "Attractive", classes: ["Attractive"] }));
    expect(whichOf(only)).toEqual([4, 5]);
  });

  it("takes attributes as conditions, all 40 too", async () => {
    const made = await pack(celeba({ path, size: 16, split: "all", conditions: ["Young", "Attractive"] }));
    expect(made.header.classes).toEqual([]);
    expect(made.header.conditions).toMatchObject([
      { name: "Young", kind: "flag", mean: 3 / 6 },
      { name: "Attractive", kind: "flag", mean: 2 / 6 },
    ]);
    const values = new Float32Array(new Uint8Array(readFileSync(made.conditionsPath)).buffer);
    expect([...values]).toEqual([0, 1, 2, 3, 4, 5].flatMap((n) => [n & 1, (n >> 2) & 1]));
    const all = await pack(celeba({ path, size: 16, split: "all", conditions: "all" }));
    expect(all.header.conditions!.length).toBe(40);
    await expect(pack(celeba({ path, size: 16, conditions: ["Yuong"] }))).rejects.toThrow("did you mean `Young`?");
    expect(() => celeba({ path, attribute: "Young", conditions: "all" })).toThrow(
      /images have a class or conditions, not both/,
    );
  });

  it("finds the tables where the publishers keep them", async () => {
    const root = join(folder, "published");
    for (const place of ["Img", "Anno", "Eval"]) mkdirSync(join(root, place), { recursive: true });
    cpSync(join(path, "img_align_celeba.zip"), join(root, "Img/img_align_celeba.zip"));
    cpSync(join(path, "list_attr_celeba.txt"), join(root, "Anno/list_attr_celeba.txt"));
    cpSync(join(path, "list_eval_partition.txt"), join(root, "Eval/list_eval_partition.txt"));
    for (const place of [root, join(root, "Img"), join(root, "Img/img_align_celeba.zip")]) {
      expect(labelsOf(await pack(celeba({ path: place, size: 16, attribute: "Young" })))).toEqual([0, 1, 0]);
    }
  });

  it("names images that are broken, unlisted or absent", async () => {
    const root = altered("list_eval_partition.txt", (lines) => {
      lines.splice(1, 1);
      lines.push("000007.jpg 0", "000008.jpg 0");
    });
    writeFileSync(join(root, "img_align_celeba/000003.jpg"), "not an image");
    const made = await pack(celeba({ path: root, size: 16 }));
    expect(whichOf(made)).toEqual([0]);
    expect(made.header.broken).toEqual([
      { file: "000002.jpg", reason: "is not in list_eval_partition.txt" },
      {
        file: "list_eval_partition.txt",
        reason: "2 of its images are not in img_align_celeba, 000007.jpg first",
      },
      { file: "000003.jpg", reason: expect.stringMatching(/no image of a format that is read/) },
    ]);
  });

  it.each<[string, "list_attr_celeba.txt" | "list_eval_partition.txt", (lines: string[]) => void, RegExp]>([
    ["without counts", "list_attr_celeba.txt", (l) => l.shift(), /line 1 must be the number of images and line 2/],
    ["cut short", "list_attr_celeba.txt", (l) => l.pop(), /line 1 states 6 images, 5 follow; the file is cut short/],
    [
      "with a line cut short",
      "list_attr_celeba.txt",
      (l) => l.splice(3, 1, "000002.jpg -1 1"),
      /list_attr_celeba.txt: line 4 has 2 values after the file's name, not 40/,
    ],
    [
      "with a value that means nothing",
      "list_attr_celeba.txt",
      (l) => l.splice(2, 1, `000001.jpg ${"0 ".repeat(40)}`),
      /line 3 has the value `0`; accepted: 1, -1/,
    ],
    ["with a part that means nothing", "list_eval_partition.txt", (l) => l.splice(2, 1, "a.jpg 7"), /line 3 .* `7`/],
    ["with a name twice", "list_eval_partition.txt", (l) => l.push(l[0]!), /line 7 names 000001.jpg a second time/],
  ])("refuses a table %s", async (_, table, change, reason) => {
    const root = altered(table, change);
    await expect(pack(celeba({ path: root, size: 16, attribute: "Young" }))).rejects.toThrow(reason);
  });

  it("says what to put where", async () => {
    process.env.GANTRY_DATA = join(folder, "no datasets");
    await expect(pack(celeba())).rejects.toThrow(
      /neither img_align_celeba nor img_align_celeba.zip is in .*; get img_align_celeba.zip, .* put them in .*celeba/,
    );
    const root = join(folder, "no tables");
    cpSync(join(path, "img_align_celeba"), join(root, "img_align_celeba"), { recursive: true });
    await expect(pack(celeba({ path: root, size: 16 }))).rejects.toThrow(
      /list_eval_partition.txt \(or .csv\) is not in .* and says which images are train; without it, `split` must be `all`/,
    );
    await expect(pack(celeba({ path: root, size: 16, split: "all", attribute: "Young" }))).rejects.toThrow(
      /list_attr_celeba.txt \(or .csv\) is not in .* and says which images are Young/,
    );
    await expect(pack(celeba({ path, attribute: "Smilling" }))).rejects.toThrow(
      /has no attribute `Smilling`; did you mean `Smiling`/,
    );
    expect(() => celeba({ split: "valid" as "test" })).toThrow(/must be `train`, `validation`, `test` or `all`/);
  });
});

describe("celebaHq", () => {
  it("reads the images, not the masks next to them", async () => {
    const root = join(published, "celeba-hq");
    for (const place of [root, join(root, "CelebA-HQ-img")]) {
      const made = await pack(celebaHq({ path: place, size: 16 }));
      expect(made.header).toMatchObject({ name: "celeba-hq", count: 3, classes: [], broken: [] });
      expect(made.header.note).toMatch(/^3 image files from celeba-hq \(the published set has 30000\)/);
      expect(new Set(labelsOf(made))).toEqual(new Set([0]));
    }
  });

  it("takes sub-folders for one set, and says what to put where", async () => {
    const root = join(folder, "hq");
    for (const part of ["train/female", "val/male"]) {
      cpSync(join(published, "celeba-hq/CelebA-HQ-img"), join(root, part), { recursive: true });
    }
    expect((await pack(celebaHq({ path: root, size: 16 }))).header).toMatchObject({ count: 6, classes: [] });
    await expect(pack(celebaHq({ path: join(folder, "nowhere") }))).rejects.toThrow(
      /celeba-hq: there is no .*nowhere; get CelebAMask-HQ .* CelebA-HQ-img \(30,000 files/,
    );
    mkdirSync(join(folder, "hollow"));
    await expect(pack(celebaHq({ path: join(folder, "hollow") }))).rejects.toThrow(/no image files; accepted endings/);
  });
});
