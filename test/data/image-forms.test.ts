/** Images that are not square, with alpha, of 16 bits and of floats: the options, the bytes in the pack, and what is said. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/dataset.ts";
import { packOf } from "../../src/data/define.ts";
import { inspect } from "../../src/data/inspect.ts";
import type { Target } from "../../src/data/options.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { resizeFile } from "../../src/data/resize.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { imageFile, zipOf } from "./files.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const deep = (name: string): string => join(import.meta.dirname, "../fixtures/deep", name);
const values = JSON.parse(readFileSync(deep("values.json"), "utf8")) as Record<string, number[]>;
const pack = (options: Parameters<typeof imageFolder>[0]): Promise<Pack> =>
  packOf(imageFolder(options), { cache, workers: 0 });
const bytesOf = ({ imagesPath }: Pack): number[] => Array.from(readFileSync(imagesPath));

/** A folder with copies of files. */
function folderOf(name: string, ...files: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const file of files) copyFileSync(deep(file), join(path, file));
  return path;
}

const target = (parts: Partial<Target>): Target => ({ size: 4, channels: 3, fit: "crop", background: 255, ...parts });

describe("the option `size`", () => {
  const sizeOf = (size: unknown): unknown => imageFolder({ path: "x", size } as never).options.size;

  it("is a side, or height and width, also as a text", () => {
    expect(sizeOf(64)).toBe(64);
    expect(sizeOf({ height: 64, width: 48 })).toEqual({ height: 64, width: 48 });
    expect(sizeOf("64x48")).toEqual({ height: 64, width: 48 });
    expect(sizeOf("64 x 48")).toEqual({ height: 64, width: 48 });
    // One form of a square, so that it has one pack.
    expect([sizeOf("64x64"), sizeOf({ height: 64, width: 64 })]).toEqual([64, 64]);
    expect(imageFolder({ path: "x" }).options.size).toBe(64);
  });

  it.each([
    [3, "size` (=3) must be at least 4"],
    ["64x2000", "must be at most 1024"],
    ["wide", "must be a whole number of pixels, or a height and a width such as 64x48"],
    [[64, 48], "or a height and a width such as 64x48"],
    [{ height: 64 }, "size"],
  ])("refuses %j", (size, message) => {
    expect(() => sizeOf(size)).toThrow(message);
  });
});

describe("images that are not square", () => {
  const path = join(folder, "wide");

  it("are packed as high and wide as wanted, by sharp's own resize, and opened as [N, C, H, W]", async () => {
    mkdirSync(path, { recursive: true });
    const noise = Uint8Array.from({ length: 40 * 100 * 3 }, (_, i) => (i * i * 31 + 7 * i) % 256);
    const file = await sharp(noise, { raw: { width: 100, height: 40, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(join(path, "a.png"), file);
    const made = await pack({ path, size: { height: 16, width: 24 } });
    expect(made.header).toMatchObject({ size: { height: 16, width: 24 }, count: 1 });
    const own = await sharp(file)
      .resize(24, 16, { fit: "cover", kernel: "lanczos3", fastShrinkOnLoad: false })
      .raw()
      .toBuffer();
    const planes = [0, 1, 2].flatMap((channel) => Array.from(own).filter((_, i) => i % 3 === channel));
    expect(bytesOf(made)).toEqual(planes);
    const dataset = openDataset(made, { flip: false, labels: false });
    expect(dataset.images.shape).toEqual([1, 3, 16, 24]);
    expect(dataset.size).toEqual({ height: 16, width: 24 });
    expect(dataset.protocolNote).toContain("made 16x24 by `crop`");
    // Enlarged pixel by pixel by 96 / 24, with a margin of 2, as every contact sheet.
    const { contactSheet } = await inspect(made);
    expect(await sharp(contactSheet).metadata()).toMatchObject({ width: 28 * 4, height: 20 * 4 });
  });

  it("keep all, fill with the background, or lose their proportions", async () => {
    const red = { r: 255, g: 0, b: 0 };
    const wide = await imageFile("png", 32, 8, red);
    const rows = async (parts: Partial<Target>): Promise<string[]> => {
      const { pixels } = await resizeFile(wide, target({ size: { height: 6, width: 8 }, background: 7, ...parts }));
      return [0, 1, 2, 3, 4, 5].map((y) => Array.from(pixels.subarray(y * 8, y * 8 + 8)).join(" "));
    };
    const [filled, full] = [Array(8).fill(7).join(" "), Array(8).fill(255).join(" ")];
    expect(await rows({ fit: "fit" })).toEqual([filled, filled, full, full, filled, filled]);
    expect(await rows({ fit: "stretch" })).toEqual(Array(6).fill(full));
    expect(await rows({ fit: "crop" })).toEqual(Array(6).fill(full));
  });
});

describe("images of 16 bits and of floats", () => {
  it.each(["gray16.png", "rgb16.png", "gray16.tif", "rgb16.tif", "float.tif", "rgb-float.tif", "rgb-half.tif"])(
    "%s becomes the bytes that Python computes of its values",
    async (name) => {
      const channels = name.startsWith("rgb") ? 3 : 1;
      const { pixels, transparent } = await resizeFile(readFileSync(deep(name)), target({ channels }));
      expect(Array.from(pixels)).toEqual(values[name]);
      expect(transparent).toBe(false);
    },
  );

  it("without a white that is known are left out with the range that was found, and never black", async () => {
    const path = folderOf("floats", "float.tif", "float-to-4095.tif", "float-signed.tif");
    const { broken } = (await pack({ path, size: 4, channels: 1 })).header;
    expect(broken.map(({ file, reason }) => `${file}: ${reason.split(";")[0]}`)).toEqual([
      "float-signed.tif: its values are floats from -1 to 1",
      "float-to-4095.tif: its values are floats from 0 to 4095",
    ]);
  });

  it("of a size that libvips cannot read, or reads as 0 and 1, are left out with what to save instead", async () => {
    const path = folderOf("sizes", "float.tif", "half.tif", "double.tif");
    const { broken } = (await pack({ path, size: 4, channels: 1 })).header;
    expect(broken.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
      "double.tif: its values have more than 32 bits, which are not read; save it with floats of 32 bits, or with 8 or 16 bits",
      "half.tif: its gray values are floats of 16 bits, which are not read; save it with floats of 32 bits, or with 8 bits",
    ]);
  });
});

describe("alpha", () => {
  const rgba = values["rgba.png"]!;
  const alpha = rgba.slice(48);

  it("stays as the fourth channel; what cannot be seen has the background's colour", async () => {
    const path = folderOf("alpha", "rgba.png");
    const made = await pack({ path, size: 4, channels: 4, background: [1, 2, 3] });
    const wanted = rgba.map((value, i) => (i < 48 && alpha[i % 16] === 0 ? 1 + Math.floor(i / 16) : value));
    expect(bytesOf(made)).toEqual(wanted);
    expect(made.header.note).toContain("1 image with transparency, kept as the fourth channel");
    expect(openDataset(made, { flip: false, labels: false })).toMatchObject({ channels: 4, size: 4 });
    expect(await sharp((await inspect(made)).contactSheet).metadata()).toMatchObject({ channels: 4 });
  });

  it.each([
    [255, [255, 255, 255]],
    ["#ff8000", [255, 128, 0]],
    [
      [10, 20, 30],
      [10, 20, 30],
    ],
  ] as const)("is laid over the background %j by its share", async (background, colour) => {
    const path = folderOf("alpha", "rgba.png");
    const made = await pack({ path, size: 4, background: background as never });
    for (const [i, value] of bytesOf(made).entries()) {
      const share = alpha[i % 16]! / 255;
      const exact = rgba[i]! * share + colour[Math.floor(i / 16)]! * (1 - share);
      expect(Math.abs(value - exact), `value ${i}`).toBeLessThanOrEqual(1);
    }
    const behind = typeof background === "number" ? "gray level 255" : `the colour ${colour.join(", ")}`;
    expect(made.header.note).toContain(`laid over ${behind}`);
  });

  it.each([8, 16])("of gray images of %i bits lets a colour through, fitted or cropped", async (bits) => {
    const [gray, alpha] = [
      [0, 100, 200, 255],
      [255, 128, 0, 51],
    ];
    const levels = gray.flatMap((level, i) => [level, alpha[i]!]);
    const samples = bits === 8 ? Uint8Array.from(levels) : Uint16Array.from(levels, (level) => 257 * level);
    const image = sharp(samples, { raw: { width: 2, height: 2, channels: 2 } });
    const bytes = await image
      .toColourspace(bits === 8 ? "b-w" : "grey16")
      .png()
      .toBuffer();
    expect(await sharp(bytes).metadata()).toMatchObject({ channels: 2, depth: bits === 8 ? "uchar" : "ushort" });
    const colour = [255, 128, 0] as const;
    const { pixels } = await resizeFile(bytes, target({ size: 2, background: colour }));
    const padded = await resizeFile(bytes, target({ size: 4, fit: "pad", background: colour }));
    for (const [channel, level] of colour.entries()) {
      for (let i = 0; i < 4; i++) {
        const exact = (gray[i]! * alpha[i]! + level * (255 - alpha[i]!)) / 255;
        expect(Math.abs(pixels[4 * channel + i]! - exact)).toBeLessThanOrEqual(1);
        const at = 16 * channel + 4 * (1 + Math.floor(i / 2)) + 1 + (i % 2);
        expect(padded.pixels[at]).toBe(pixels[4 * channel + i]);
      }
      expect(padded.pixels[16 * channel]).toBe(level);
    }
  });

  it("is opaque where files have none, also of gray images, and 0 around images that are fitted", async () => {
    const gray = await resizeFile(readFileSync(deep("float.tif")), target({ channels: 4 }));
    expect(Array.from(gray.pixels)).toEqual([1, 2, 3].flatMap(() => values["float.tif"]!).concat(Array(16).fill(255)));
    const small = await imageFile("png", 2, 2, { r: 9, g: 8, b: 7 });
    const { pixels } = await resizeFile(small, target({ channels: 4, fit: "pad", background: [1, 2, 3] }));
    expect(Array.from(pixels.subarray(48))).toEqual([0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0]);
    expect([pixels[0], pixels[5], pixels[16], pixels[21]]).toEqual([1, 9, 2, 8]);
  });

  it("cannot have a colour behind it in gray images", async () => {
    await expect(pack({ path: folderOf("alpha", "rgba.png"), channels: 1, background: "#ff8000" })).rejects.toThrow(
      "`background` (=255, 128, 0) is a colour, and `channels` (=1) makes the images gray",
    );
    expect(() => imageFolder({ path: "x", background: "red" })).toThrow(
      "must be a gray level from 0 to 255, or a colour such as [255, 128, 0] or #ff8000",
    );
  });
});

describe("the key of a pack's contents", () => {
  it("is the same wherever the files are and whatever the folder is called, and another for other pixels", async () => {
    const keyOf = async (path: string, options = {}): Promise<string> =>
      (await pack({ path, size: 4, ...options })).header.contents;
    const here = await keyOf(folderOf("one", "rgb16.png", "rgba.png"));
    expect(here).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyOf(folderOf("two", "rgb16.png", "rgba.png"))).toBe(here);
    const names = ["rgb16.png", "rgba.png"];
    const archive = zipOf(names.map((name) => ({ name, data: readFileSync(deep(name)) })));
    writeFileSync(join(folder, "photos.zip"), archive);
    expect(await keyOf(join(folder, "photos.zip"))).toBe(here);
    expect(await keyOf(folderOf("three", "rgb16.tif", "rgba.png"))).toBe(here);
    expect(await keyOf(folderOf("four", "rgb-float.tif", "rgba.png"))).not.toBe(here);
    expect(await keyOf(folderOf("five", "rgb16.png"))).not.toBe(here);
    expect(await keyOf(join(folder, "one"), { size: 5 })).not.toBe(here);
  });
});
