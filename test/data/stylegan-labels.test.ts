import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { usageOf } from "../../src/data/usage.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { imageFile, labelsOf, zipOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const root = join(folder, "archive");

/** The images as `dataset_tool.py` names them, a thousand to a folder; image i is of gray level 10 i. */
const names = ["00000/img00000000.png", "00000/img00000001.png", "00001/img00001000.png", "00001/img00001001.png"];
const labels = [2, 0, 2, 0];

const pack = (path = root, options: object = {}) =>
  packOf(imageFolder({ path, size: 8, channels: 1, ...options }), { cache, workers: 0 });
const describeLabels = (value: unknown) => writeFileSync(join(root, "dataset.json"), JSON.stringify(value));
const table = (values: readonly unknown[] = labels) => ({ labels: names.map((name, i) => [name, values[i]]) });

beforeAll(async () => {
  for (const [i, name] of names.entries()) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), await imageFile("png", 8, 8, { r: 10 * i, g: 10 * i, b: 10 * i }));
  }
});

describe("dataset.json of StyleGAN's archives", () => {
  it("labels the images, whose folders are no classes", async () => {
    describeLabels(table());
    const made = await pack();
    expect(made.header.classes).toEqual(["0", "1", "2"]);
    // One of each class in turn: images 1, 0, 3, 2.
    expect(labelsOf(made)).toEqual([0, 2, 0, 2]);
    expect([0, 1, 2, 3].map((i) => readFileSync(made.imagesPath)[i * 64])).toEqual([10, 0, 30, 20]);
    expect(usageOf(made.header)).toBe("archive: 4 images of 4 files; 1 of 3 classes without an image: 1");
  });

  it("does so in a zip archive, and in an outer folder", async () => {
    const files = [...names, "dataset.json"].map((name) => ({
      name,
      data: readFileSync(join(root, name)),
      deflate: true,
    }));
    const zip = join(folder, "archive.zip");
    writeFileSync(zip, zipOf(files));
    expect(labelsOf(await pack(zip))).toEqual([0, 2, 0, 2]);
    const outer = join(folder, "outer.zip");
    writeFileSync(outer, zipOf(files.map((file) => ({ ...file, name: `./ffhq/${file.name}` }))));
    expect((await pack(outer)).header).toMatchObject({ count: 4, classes: ["0", "1", "2"] });
  });

  it("is another pack when only the labels change", async () => {
    describeLabels(table());
    const before = await pack();
    describeLabels(table([0, 1, 1, 0]));
    const after = await pack();
    expect(after.folder).not.toBe(before.folder);
    expect(labelsOf(after)).toEqual([0, 1, 0, 1]);
    expect(after.header.classes).toEqual(["0", "1"]);
  });

  it("without labels there are no classes, and the folders are none either", async () => {
    describeLabels({ labels: null });
    expect((await pack()).header).toMatchObject({ count: 4, classes: [] });
    // A file of another tool says nothing: folders are classes.
    describeLabels({ description: "of another tool" });
    expect((await pack()).header.classes).toEqual(["00000", "00001"]);
  });

  it("is refused where it does not fit the images", async () => {
    describeLabels({ labels: table().labels.slice(1) });
    await expect(pack()).rejects.toThrow(
      /archive: dataset.json: it does not name 1 of the images, 00000\/img00000000.png first/,
    );
    describeLabels(table([[0.1, 0.2], 0, 0, 0]));
    await expect(pack()).rejects.toThrow(
      /the label of 00000\/img00000000.png is 2 numbers, and that of 00000\/img00000001.png a class/,
    );
    expect((await pack(root, { labels: false })).header).toMatchObject({ count: 4, classes: [] });
    describeLabels(table(["cat", 0, 0, 0]));
    await expect(pack()).rejects.toThrow(/dataset.json: `labels` must be null or a list such as/);
    describeLabels({ labels: [...table().labels, [names[0], 1]] });
    await expect(pack()).rejects.toThrow(/dataset.json: it names 00000\/img00000000.png twice, with other labels/);
    describeLabels({ labels: [...table().labels, [names[0], 2]] });
    expect((await pack()).header.count).toBe(4);
    writeFileSync(join(root, "dataset.json"), "{");
    await expect(pack()).rejects.toThrow(/dataset.json: it is no JSON/);
  });

  it("gives conditions by lists of numbers, in the order of the paths", async () => {
    describeLabels(
      table([
        [0, 5],
        [1, 5.5],
        [0, 6],
        [1, 6.5],
      ]),
    );
    const made = await pack();
    expect(made.header.classes).toEqual([]);
    expect(made.header.conditions).toMatchObject([
      { name: "c0", kind: "flag", mean: 0.5 },
      { name: "c1", kind: "number", mean: 5.75, least: 5, most: 6.5 },
    ]);
    const values = new Float32Array(new Uint8Array(readFileSync(made.conditionsPath)).buffer);
    const deviation = Math.sqrt((2 * 0.75 ** 2 + 2 * 0.25 ** 2) / 4);
    const wanted = [0, -0.75, 1, -0.25, 0, 0.25, 1, 0.75].map((x, i) => (i % 2 === 0 ? x : x / deviation));
    expect([...values].map((x) => x.toFixed(5))).toEqual(wanted.map((x) => x.toFixed(5)));
    // Given as the label file it is the same.
    expect((await pack(root, { labelFile: join(root, "dataset.json") })).header).toEqual(made.header);
  });

  it("images that it names and that are gone are listed, and a class that is gone is an error", async () => {
    describeLabels({ labels: [...table().labels, ["00001/img00001002.png", 0]] });
    expect((await pack()).header.broken).toEqual([
      { file: "dataset.json", reason: "1 of its images are not there, 00001/img00001002.png first" },
    ]);
    describeLabels({ labels: [...table().labels, ["00001/img00001002.png", 1]] });
    await expect(pack()).rejects.toThrow(
      /class 1 has no image that can be read; 00001\/img00001002.png: it is not there/,
    );
    rmSync(join(root, "dataset.json"));
  });
});
