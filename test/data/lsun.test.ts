/** LSUN's databases, written by the C library of LMDB by way of Python; and ones that were damaged. */
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { imageFolder, lsun } from "../../src/data/sets/index.ts";
import { LmdbFile } from "../../src/formats/lmdb.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { expected, labelsOf, published, sumsOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const path = join(published, "lsun");
const pack = (options: Parameters<typeof lsun>[0], workers = 0): Promise<Pack> =>
  packOf(lsun(options), { cache, workers });

interface Row {
  readonly bytes: number;
  readonly planes?: string;
}
const rowsOf = (category: string): [key: string, row: Row][] => Object.entries(expected[`lsun ${category} train`]);

describe("lsun", () => {
  it("gives the images that Pillow put in, in the order of the keys", async () => {
    for (const workers of [0, 2]) {
      const channels = workers === 0 ? 3 : 1;
      const made = await pack({ path, categories: ["bridge"], size: 16, channels }, workers);
      expect(made.header).toMatchObject({ count: 46, classes: [], broken: [], name: "lsun (bridge, train)" });
      expect(made.header.originals).toEqual({ width: [16, 64], height: [16, 48] });
      expect(made.header.note).toMatch(/^lsun, bridge, train split, 46 entries; \d+ of them JPEG/);
      if (channels === 1) continue;
      const sums = sumsOf(made);
      const lossless = rowsOf("bridge").map(([, { planes }], i) => [planes, planes && sums[i]]);
      expect(lossless.filter(([planes]) => planes)).toHaveLength(40);
      for (const [planes, sum] of lossless) expect(sum).toBe(planes);
    }
  });

  it("makes classes of several categories, which take turns", async () => {
    const categories = ["church_outdoor", "bridge"];
    const made = await pack({ path, categories, size: 16 });
    expect(made.header).toMatchObject({ count: 50, classes: categories });
    expect(labelsOf(made)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, ...Array(42).fill(1)]);
    const church = rowsOf("church_outdoor");
    const sums = sumsOf(made);
    for (const [i, [, { planes }]] of church.entries()) if (planes) expect(sums[2 * i]).toBe(planes);
    const one = await pack({ path, categories, classes: ["bridge"], first: 3, size: 16 });
    expect(sumsOf(one)).toEqual(sumsOf(await pack({ path, categories: ["bridge"], first: 3, size: 16 })));
  });

  it("names the keys of values that are damaged, and continues", async () => {
    const root = join(folder, "damaged");
    cpSync(path, root, { recursive: true });
    const file = join(root, "bridge_train_lmdb/data.mdb");
    const database = new LmdbFile(file);
    const places = [...database.places()];
    database.close();
    const large = places.findIndex(({ page }) => page > 0);
    const last = places.reduce((a, b) => (b.offset > a.offset ? b : a));
    const bytes = readFileSync(file);
    bytes.fill(0xaa, places[3]!.offset, places[3]!.offset + 30); // no longer WebP
    bytes.writeUInt16LE(2, places[large]!.page * 4096 + 10); // a leaf where an overflow page should be
    writeFileSync(file, bytes);
    expect(last.page).toBeGreaterThan(0);
    truncateSync(file, last.offset + 10);
    const made = await pack({ path: root, categories: ["bridge"], size: 16 });
    const keys = rowsOf("bridge").map(([key]) => key);
    const reasons = new Map(made.header.broken.map(({ file: name, reason }) => [name, reason]));
    expect([...reasons.keys()]).toEqual(
      [3, large, places.indexOf(last)].sort((a, b) => a - b).map((i) => `bridge key ${keys[i]}`),
    );
    expect(reasons.get(`bridge key ${keys[3]}`)).toMatch(/no image of a format that is read/);
    expect(reasons.get(`bridge key ${keys[large]}`)).toBe(
      `page ${places[large]!.page} is not the overflow page that belongs there`,
    );
    expect(reasons.get(`bridge key ${keys[places.indexOf(last)]}`)).toBe("the file ends inside it");
    expect(made.header.count).toBe(43);
  });

  it("says what to put where, and refuses other files", async () => {
    await expect(pack({ path, categories: ["tower"] })).rejects.toThrow(
      /lsun: there is no .*tower_train_lmdb\/data.mdb; get http:\/\/dl.yf.io\/lsun\/scenes\/CATEGORY_SPLIT_lmdb.zip/,
    );
    await expect(pack({ path, categories: ["bridge"], split: "val" })).rejects.toThrow(/bridge_val_lmdb/);
    const root = join(folder, "foreign");
    mkdirSync(join(root, "cat_train_lmdb"), { recursive: true });
    writeFileSync(join(root, "cat_train_lmdb/data.mdb"), Buffer.alloc(8192));
    await expect(pack({ path: root, categories: ["cat"] })).rejects.toThrow(/not an LMDB database/);
    expect(() => lsun({ path, categories: [] })).toThrow(/must name at least one category/);
    expect(() => lsun({ path, categories: ["../x"] })).toThrow(/must be a category such as church_outdoor/);
    expect(() => lsun({ path, categories: ["cat", "cat"] })).toThrow(/must not name a category twice/);
  });
});

describe("a database of several sizes", () => {
  const lmdb = join(published, "lmdb");
  const open = (name: string, options: object = {}) =>
    packOf(imageFolder({ path: join(lmdb, name), size: 8, ...options }), { cache, workers: 0 });

  it("gives those of the size that `entry` chooses", async () => {
    for (const size of [4, 8, 16]) {
      const made = await open("sizes", { entry: String(size), size });
      expect(made.header).toMatchObject({ count: 3, broken: [], originals: { width: [size, size] } });
      expect(sumsOf(made)).toEqual(expected["lmdb sizes"][size]);
    }
    expect(sumsOf(await open("one-size"))).toEqual(expected["lmdb one-size"][8]);
  });

  it("is refused without one, and so is a size that is not there", async () => {
    await expect(open("sizes")).rejects.toThrow(
      "data.mdb: it holds each image in 3 sizes (4, 8, 16); `entry` of imageFolder chooses one, such as entry=16",
    );
    await expect(packOf(lsun({ path: join(lmdb, "sizes") }), { cache, workers: 0 })).rejects.toThrow("in 3 sizes");
    await expect(open("sizes", { entry: "32" })).rejects.toThrow(
      "`entry` (=32) of an LMDB database is a size of its images; its sizes: 4, 8, 16",
    );
    await expect(open("../lsun/bridge_train_lmdb", { entry: "32" })).rejects.toThrow("its keys name no sizes");
    await expect(open("sizes", { labelEntry: "y" })).rejects.toThrow("`labelEntry` (=y) names labels, and an LMDB");
  });
});
