/** Colour profiles, palettes, orientation: the pixels that Pillow gives, or a reason. Files: test/fixtures/make_colour.py */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packOf } from "../../src/data/define.ts";
import { resizeFile } from "../../src/data/resize.ts";
import { imageFolder } from "../../src/data/sets/image-folder.ts";
import { temporaryFolder } from "../formats/folder.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../fixtures/colour", name);
const values = JSON.parse(readFileSync(fixture("values.json"), "utf8")) as Record<string, number[]>;

describe("image files", () => {
  it.each(Object.keys(values))("%s becomes the colours that Pillow gives", async (name) => {
    const { pixels } = await resizeFile(readFileSync(fixture(name)), {
      size: 8,
      channels: 3,
      fit: "crop",
      background: 255,
    });
    const off = Array.from(pixels, (value, i) => Math.abs(value - values[name]![i]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
  });

  it("of forms that are not read are left out, each with its reason and what to save", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "photos");
    const unread = ["animated.avif", "canvas.gif", "deep.jpg", "lab.tif", "lzma.tif", "zstd.tif"];
    for (const name of ["bits.png", ...unread]) cpSync(fixture(name), join(path, name), { recursive: true });
    const { header } = await packOf(imageFolder({ path, size: 8 }), { cache: join(folder, "cache"), workers: 0 });
    expect(header.broken.map(({ file, reason }) => `${file}: ${reason}`)).toEqual([
      "animated.avif: an animated AVIF, which is not read; save its first picture as PNG",
      "canvas.gif: its first picture does not cover the GIF's canvas, and programs differ in what is around it; save it as PNG",
      "deep.jpg: its values have more than 8 bits, which are not read of JPEG; save it as a PNG of 16 bits",
      "lab.tif: its colours are Lab, which are not read; save it as RGB",
      "lzma.tif: its compression (LZMA) is not read; save it with LZW or Deflate, or as PNG",
      "zstd.tif: its compression (Zstandard) is not read; save it with LZW or Deflate, or as PNG",
    ]);
  });
});
