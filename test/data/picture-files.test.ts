/** Folders as people have them: other formats, other endings, links and pointers, files that cannot be read for a moment. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import { foreignFormat, formatOf } from "../../src/data/image-format.ts";
import { preparePack } from "../../src/data/pack.ts";
import { folderSource, imageFolder } from "../../src/data/sets/image-folder.ts";
import { usageOf } from "../../src/data/usage.ts";
import { folderImages } from "../../src/metrics/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { imageFile, labelsOf, zipOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const gray = { r: 90, g: 90, b: 90 };

function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

const pack = (path: string, options: object = {}) =>
  packOf(imageFolder({ path: join(folder, path), size: 8, ...options }), { cache, workers: 0 });

/** A BMP of 2 x 2 white pixels (BITMAPINFOHEADER, 24 bits, rows padded to four bytes). */
const bmp = Buffer.concat([
  Buffer.from("424d460000000000000036000000280000000200000002000000010018000000000010000000", "hex"),
  Buffer.alloc(16),
  Buffer.alloc(16, 255),
]);
const heic = Buffer.from("0000001866747970686569630000000068656963", "hex");

describe("pictures whose format is not read", () => {
  it("are known by their first bytes", async () => {
    for (const [kind, name] of [
      ["jpeg", "JPEG"],
      ["png", "PNG"],
      ["gif", "GIF"],
      ["webp", "WebP"],
      ["tiff", "TIFF"],
      ["avif", "AVIF"],
    ] as const) {
      const bytes = await imageFile(kind, 8, 8, gray);
      expect(formatOf(bytes)).toBe(name);
      expect(foreignFormat(bytes)).toBeUndefined();
    }
    expect(formatOf(bmp)).toBe("BMP");
    expect(formatOf(Buffer.from("P5 2 2 255\n1234"))).toBe("PPM or PGM");
    expect(formatOf(heic)).toBe("HEIC");
    expect(formatOf(Buffer.from("BMW is not a format"))).toBeUndefined();
    expect(formatOf(Buffer.from("P"))).toBeUndefined();
  });

  it("are not drawn where they are SVG under another name", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
    put("drawn/a/1.png", svg);
    put("drawn/a/2.png", `<?xml version="1.0"?>\n${svg}`);
    put("drawn/a/3.png", await imageFile("png", 8, 8, gray));
    const { header } = await pack("drawn");
    expect(header.count).toBe(1);
    expect(header.broken.map(({ reason }) => reason)).toEqual(
      Array(2).fill("no image of a format that is read (JPEG, PNG, GIF, WebP, TIFF, AVIF)"),
    );
  });

  it("do not make their class disappear", async () => {
    put("animals/cat/1.jpg", await imageFile("jpeg", 8, 8, gray));
    put("animals/dog/1.bmp", bmp);
    put("animals/dog/2.bmp", bmp);
    put("animals/emu/1.png", await imageFile("png", 8, 8, gray));
    await expect(pack("animals")).rejects.toThrow(
      "animals: class dog has no image that can be read; dog/1.bmp: BMP is not read; convert it to PNG",
    );
    // Who does not want the class has no problem, and a class with one image left has none.
    expect((await pack("animals", { classes: ["emu", "cat"] })).header.classes).toEqual(["emu", "cat"]);
    put("animals/dog/3.png", await imageFile("png", 8, 8, gray));
    const made = await pack("animals");
    expect(made.header.classes).toEqual(["cat", "dog", "emu"]);
    expect([...labelsOf(made)].sort()).toEqual([0, 1, 2]);
    expect(usageOf(made.header)).toBe("animals: 3 images of 5 files; 2 cannot be used (gantry data lists them)");
  });

  it("nor do folders without any image, and all images without classes do not need them", async () => {
    put("yolo/images/1.png", await imageFile("png", 8, 8, gray));
    put("yolo/images/2.png", await imageFile("png", 8, 8, { r: 9, g: 9, b: 9 }));
    put("yolo/labels/1.txt", "0 0.5 0.5 0.1 0.1");
    await expect(pack("yolo")).rejects.toThrow(
      "yolo: class labels has no image that can be read; labels/: it holds no image; move it away, or take all images without " +
        "classes, by `labels: false`",
    );
    const made = await pack("yolo", { labels: false });
    expect(usageOf(made.header)).toBe("yolo: 2 images of 3 files; no images: 1 .txt");
    put("birds/train/crow/1.png", await imageFile("png", 8, 8, gray));
    put("birds/train/dove/deep/1.npy", "x");
    mkdirSync(join(folder, "birds/train/emu"));
    put("birds/train/finch/1.png", await imageFile("png", 8, 8, gray));
    // Neither next to the classes.
    put("birds/annotations/1.xml", "x");
    put("birds/README", "x");
    await expect(pack("birds")).rejects.toThrow(
      /class (dove|emu) has no image that can be read; train\/(dove|emu)\/: it holds/,
    );
    expect((await pack("birds", { classes: ["finch", "crow"] })).header.count).toBe(2);
    rmSync(join(folder, "birds/train/dove"), { recursive: true });
    rmSync(join(folder, "birds/train/emu"), { recursive: true });
    expect((await pack("birds")).header.classes).toEqual(["crow", "finch"]);
  });

  it("are named with the reason, and an evaluation refuses to leave them out", async () => {
    for (let i = 0; i < 3; i++) put(`mixed/${i}.png`, await imageFile("png", 8, 8, { r: i, g: 0, b: 0 }));
    put("mixed/3.bmp", bmp);
    put("mixed/4.heic", heic);
    put("mixed/5.ppm", "P6 1 1 255\n123");
    put("mixed/notes.txt", "x");
    const { header } = await pack("mixed");
    expect(header.broken).toEqual([
      { file: "3.bmp", reason: "BMP is not read; convert it to PNG" },
      { file: "4.heic", reason: "HEIC is not read; convert it to PNG" },
      { file: "5.ppm", reason: "PPM or PGM is not read; convert it to PNG" },
    ]);
    await expect(folderImages({ path: join(folder, "mixed"), channels: 3, cache })).rejects.toThrow(
      /mixed: 3 of 6 images cannot be read, the first 3.bmp: BMP is not read/,
    );
  });
});

it("endings of JPEG's that are rare are read, and files without an ending by their first bytes", async () => {
  put("endings/a.jfif", await imageFile("jpeg", 8, 8, gray));
  put("endings/b.jpe", await imageFile("jpeg", 8, 8, gray));
  put("endings/c", await imageFile("png", 8, 8, gray));
  put("endings/README", "no image");
  put("endings/d.json", "{}");
  // JPEG by its contents, not by its ending.
  put("named/a.png", await imageFile("jpeg", 8, 8, gray));
  put("named/b.jpg", await imageFile("png", 8, 8, gray));
  expect((await pack("named")).header.note).toMatch(/^2 image files from named; 1 of them JPEG: pixels differ/);
  const { header } = await pack("endings");
  expect(usageOf(header)).toBe(
    "endings: 3 images of 5 files; no images: 1 (no ending), 1 .json; d.json is not read (`labelFile` does)",
  );
  expect(header.note).toMatch(/3 image files from endings; 2 of them JPEG/);
  const zip = join(folder, "endings.zip");
  const names = ["a.jfif", "c", "README"];
  writeFileSync(
    zip,
    zipOf(names.map((name) => ({ name, data: readFileSync(join(folder, "endings", name)), deflate: true }))),
  );
  const zipped = await packOf(imageFolder({ path: zip, size: 8 }), { cache, workers: 0 });
  expect(zipped.header).toMatchObject({ count: 2, ignored: { "(no ending)": 1 }, total: 3 });
});

describe("images that are not there", () => {
  it("links of git-annex and pointers of Git LFS say what to run", async () => {
    mkdirSync(join(folder, "annexed"));
    symlinkSync("../.git/annex/objects/Xk/1z/SHA256E-s1--ab.png", join(folder, "annexed/a.png"));
    await expect(pack("annexed")).rejects.toThrow(
      /annexed: its only image cannot be read; a.png: a link of git-annex whose contents are not here; run `git annex get`/,
    );
    put("lfs/a.png", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
    await expect(pack("lfs")).rejects.toThrow(/a.png: a pointer of Git LFS, not the image; run `git lfs pull`/);
  });

  it("an archive whose images are all encrypted says so", async () => {
    const data = await imageFile("png", 8, 8, gray);
    writeFileSync(join(folder, "locked.zip"), zipOf([{ name: "a.png", data, deflate: true, claims: { flags: 1 } }]));
    await expect(pack("locked.zip")).rejects.toThrow(
      /locked.zip: its only image cannot be read; a.png: the entry is encrypted/,
    );
  });

  it("an archive whose paths begin with ./ is read", async () => {
    const data = await imageFile("png", 8, 8, gray);
    const names = ["./", "./cat/", "./cat/1.png", "./dog/1.png", "./dog/.hidden.png"];
    const entries = names.map((name) => ({ name, data: name.endsWith("/") ? new Uint8Array() : data }));
    writeFileSync(join(folder, "dotted.zip"), zipOf(entries));
    expect((await pack("dotted.zip")).header).toMatchObject({
      count: 2,
      classes: ["cat", "dog"],
      broken: [],
      total: 2,
    });
  });

  it("a file that cannot be read for a moment is not left out for good", async () => {
    for (let i = 0; i < 4; i++) put(`moment/${i}.png`, await imageFile("png", 8, 8, { r: i, g: 0, b: 0 }));
    const source = await folderSource(join(folder, "moment"), { cache });
    const target = { size: 8, channels: 3, fit: "crop", background: 255 } as const;
    const prepare = () => preparePack(source, target, {}, { cache, workers: 0 });
    renameSync(join(folder, "moment/2.png"), join(folder, "away.png"));
    await expect(prepare()).rejects.toThrow(
      /^moment: 2.png cannot be read \(ENOENT.*\); run the command again when it can \(what is prepared is kept\), or take/,
    );
    renameSync(join(folder, "away.png"), join(folder, "moment/2.png"));
    expect((await prepare()).header).toMatchObject({ count: 4, broken: [] });
  });
});
