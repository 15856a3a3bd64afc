import { readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, it, vi } from "vitest";
import type { Fit, Target } from "../../src/data/options.ts";
import { resizeFile, resizePlanar } from "../../src/data/resize.ts";
import { fixture } from "../formats/folder.ts";
import { crc32, imageFile, tiffOf } from "./files.ts";

const target = (size: number, channels: 1 | 3, fit: Fit, background = 255): Target => ({
  size,
  channels,
  fit,
  background,
});

/** One plane as rows. */
const plane = (pixels: Uint8Array, size: number, channel = 0): number[][] =>
  Array.from({ length: size }, (_, y) =>
    Array.from(pixels.subarray((channel * size + y) * size, (channel * size + y + 1) * size)),
  );

describe("an image that is large for its bytes", () => {
  /** A PNG whose header says another size: 9,900 x 9,900 pixels of four channels are 392 MB. */
  async function claiming(side: number): Promise<Buffer> {
    const bytes = await imageFile("png", 8, 8, { r: 1, g: 2, b: 3, alpha: 0.5 });
    bytes.writeUInt32BE(side, 16);
    bytes.writeUInt32BE(side, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    return bytes;
  }

  it("is refused before it is decoded, unless the limit is raised", async () => {
    const bytes = await claiming(9_900);
    await expect(resizeFile(bytes, target(8, 3, "crop"))).rejects.toThrow(
      /^it would unpack to 392 MB from 0.000\d+ MB, more than 100 times as much; if it is what you think, set GANTRY_UNPACK_RATIO=\d+$/,
    );
    vi.stubEnv("GANTRY_UNPACK_RATIO", "10000000");
    await expect(resizeFile(bytes, target(8, 3, "crop"))).rejects.not.toThrow("would unpack");
    vi.stubEnv("GANTRY_UNPACK_RATIO", "0.5");
    await expect(resizeFile(bytes, target(8, 3, "crop"))).rejects.toThrow(
      "GANTRY_UNPACK_RATIO (=0.5) must be a number of at least 1",
    );
    vi.unstubAllEnvs();
  });

  it("of a hundred megapixels and more is refused always", async () => {
    vi.stubEnv("GANTRY_UNPACK_RATIO", "10000000");
    await expect(resizeFile(await claiming(10_001), target(8, 3, "crop"))).rejects.toThrow(/pixel limit/);
    vi.unstubAllEnvs();
  });
});

describe("scaling", () => {
  const stored = JSON.parse(readFileSync(fixture("picture.json"), "utf8")) as Record<string, number[]>;

  /** Mean and largest difference between a planar result and stored interleaved pixels. */
  function difference(pixels: Uint8Array, reference: readonly number[]): { mean: number; most: number } {
    let sum = 0;
    let most = 0;
    for (const [i, value] of reference.entries()) {
      const d = Math.abs(pixels[(i % 3) * 576 + Math.floor(i / 3)]! - value);
      sum += d;
      most = Math.max(most, d);
    }
    return { mean: sum / reference.length, most };
  }

  it("agrees with Pillow's Lanczos up to rounding, and not with other kernels", async () => {
    const { pixels, width, height } = await resizeFile(readFileSync(fixture("picture.png")), target(24, 3, "crop"));
    expect([width, height]).toEqual([96, 96]);
    const lanczos = difference(pixels, stored.lanczos!);
    expect(lanczos.mean).toBeLessThan(0.5);
    expect(lanczos.most).toBeLessThanOrEqual(2);
    expect(difference(pixels, stored.bilinear!).mean).toBeGreaterThan(1);
    expect(difference(pixels, stored.nearest!).mean).toBeGreaterThan(5);
  });

  it("low-passes: a fine checkerboard becomes gray, not a pattern", async () => {
    const board = new Uint8Array(64 * 64).map((_, i) => (((i % 64) + Math.floor(i / 64)) % 2) * 255);
    const { pixels } = await resizePlanar(board, { channels: 1, height: 64, width: 64 }, target(16, 1, "crop"));
    expect(Math.min(...pixels)).toBeGreaterThan(120);
    expect(Math.max(...pixels)).toBeLessThan(136);
  });

  it("gives the same bytes each time, for files and for raw pixels", async () => {
    const bytes = readFileSync(fixture("picture.png"));
    const again = await Promise.all([1, 2, 3].map(() => resizeFile(bytes, target(24, 3, "crop"))));
    expect(again[1]!.pixels).toEqual(again[0]!.pixels);
    const raw = await sharp(bytes).raw().toBuffer();
    const planar = new Uint8Array(raw.length).map((_, i) => raw[(i % 9216) * 3 + Math.floor(i / 9216)]!);
    const fromRaw = await resizePlanar(planar, { channels: 3, height: 96, width: 96 }, target(24, 3, "crop"));
    expect(fromRaw.pixels).toEqual(again[0]!.pixels);
  });

  it("copies pixels that have the size already", async () => {
    const planar = new Uint8Array(3 * 8 * 8).map((_, i) => i);
    const { pixels } = await resizePlanar(planar, { channels: 3, height: 8, width: 8 }, target(8, 3, "stretch"));
    expect(pixels).toEqual(planar);
  });
});

describe("images that are not square", () => {
  // Twice as wide as high: left half red, right half blue.
  const wide = sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 255, g: 0, b: 0 } } })
    .extend({ right: 16, background: { r: 0, g: 0, b: 255 } })
    .png()
    .toBuffer();

  it("crop: covers the square and cuts both ends", async () => {
    const { pixels, width, height } = await resizeFile(await wide, target(8, 3, "crop"));
    expect([width, height]).toEqual([32, 16]);
    const red = plane(pixels, 8, 0);
    // The kernel rings by a level or two next to the edge, which is in the middle.
    expect(red[0]!.map((value) => Math.round(value / 255))).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it("fit: keeps all of it and fills with the background", async () => {
    const { pixels } = await resizeFile(await wide, target(8, 3, "fit", 77));
    const red = plane(pixels, 8, 0);
    for (const y of [0, 1, 6, 7]) expect(red[y]).toEqual(Array(8).fill(77));
    for (const y of [2, 5]) expect(red[y]!.map((value) => Math.round(value / 255))).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it("stretch: keeps all of it and loses the proportions", async () => {
    const { pixels } = await resizeFile(await wide, target(8, 3, "stretch", 77));
    const red = plane(pixels, 8, 0);
    for (const y of [0, 7]) expect([red[y]![0], red[y]![7]]).toEqual([255, 0]);
  });

  it("pad: never enlarges, and scales down only what is too large", async () => {
    const small = await resizeFile(await imageFile("png", 3, 2, { r: 10, g: 20, b: 30 }), target(6, 1, "pad", 200));
    const rows = plane(small.pixels, 6);
    expect(rows.map((row) => row.map((value) => (value === 200 ? "." : "x")).join(""))).toEqual([
      "......",
      "......",
      ".xxx..",
      ".xxx..",
      "......",
      "......",
    ]);
    const large = await resizeFile(await wide, target(8, 3, "pad", 77));
    expect(plane(large.pixels, 8, 0)[0]).toEqual(Array(8).fill(77));
    expect(plane(large.pixels, 8, 0)[3]![0]).toBe(255);
  });

  it("pad of raw pixels is exact", async () => {
    const planar = Uint8Array.from([1, 2, 3, 4]);
    const { pixels } = await resizePlanar(planar, { channels: 1, height: 2, width: 2 }, target(4, 1, "pad", 9));
    expect(plane(pixels, 4)).toEqual([
      [9, 9, 9, 9],
      [9, 1, 2, 9],
      [9, 3, 4, 9],
      [9, 9, 9, 9],
    ]);
  });
});

describe("colour", () => {
  it("repeats gray in three channels", async () => {
    const gray = await sharp(Buffer.from([0, 100, 200, 255]), { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toBuffer();
    const { pixels } = await resizeFile(gray, target(2, 3, "crop"));
    for (const channel of [0, 1, 2])
      expect(plane(pixels, 2, channel)).toEqual([
        [0, 100],
        [200, 255],
      ]);
  });

  it("makes luminance of colour: green counts most, blue least", async () => {
    const one = async (r: number, g: number, b: number): Promise<number> =>
      (await resizeFile(await imageFile("png", 4, 4, { r, g, b }), target(4, 1, "crop"))).pixels[0]!;
    const [red, green, blue] = [await one(255, 0, 0), await one(0, 255, 0), await one(0, 0, 255)];
    expect(green).toBeGreaterThan(red);
    expect(red).toBeGreaterThan(blue);
    expect(await one(90, 90, 90)).toBe(90);
  });

  it("lays transparency over the background", async () => {
    const clear = await imageFile("png", 4, 4, { r: 255, g: 0, b: 0, alpha: 0 });
    expect((await resizeFile(clear, target(4, 3, "crop", 40))).pixels[0]).toBe(40);
    const half = await imageFile("png", 4, 4, { r: 255, g: 0, b: 0, alpha: 0.5 });
    const { pixels } = await resizeFile(half, target(4, 3, "crop", 255));
    expect(pixels[0]).toBe(255);
    expect(Math.abs(pixels[16]! - 127)).toBeLessThanOrEqual(1);
  });

  it("takes 16 bits to 8, and CMYK to colour", async () => {
    const deep = await sharp(new Uint16Array(16).fill(0x8080), { raw: { width: 4, height: 4, channels: 1 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    expect((await resizeFile(deep, target(4, 1, "crop"))).pixels[0]).toBe(0x80);
    const printed = await sharp(await imageFile("png", 8, 8, { r: 255, g: 0, b: 0 }))
      .toColourspace("cmyk")
      .jpeg()
      .toBuffer();
    expect((await sharp(printed).metadata()).space).toBe("cmyk");
    const { pixels } = await resizeFile(printed, target(8, 3, "crop"));
    expect(pixels[0]!).toBeGreaterThan(180);
    expect(pixels[64]!).toBeLessThan(90);
  });

  it("refuses values without a known white, which would become black or white without a word", async () => {
    const resized = (bytes: Buffer) => resizeFile(bytes, target(4, 1, "crop"));
    const bytesOf = (values: Float32Array | Float64Array | Uint16Array | Int16Array | Uint32Array) =>
      new Uint8Array(values.buffer);
    const ramp = (largest: number) => Array.from({ length: 16 }, (_, i) => (i * largest) / 15);
    const floats = (values: readonly number[]) => tiffOf(4, 4, 32, 3, bytesOf(Float32Array.from(values)));
    expect((await sharp(floats(ramp(1))).metadata()).depth).toBe("float");
    await expect(resized(floats(ramp(4095)))).rejects.toThrow(
      "its values are floats from 0 to 4095; floats are read where they lie in [0, 1], black to white",
    );
    await expect(resized(floats(ramp(1).map((value) => value - 0.25)))).rejects.toThrow(/floats from -0.25 to 0.75;/);
    await expect(resized(floats(ramp(1).with(3, Number.NaN)))).rejects.toThrow(/floats, and at least one is NaN/);
    const luma = tiffOf(4, 4, 8, 1, new Uint8Array(16));
    // Photometric interpretation, the fifth entry of its directory: 6 is YCbCr.
    luma.writeUInt32LE(6, 8 + 16 + 2 + 4 * 12 + 8);
    await expect(resized(luma)).rejects.toThrow("its colours are YCbCr without JPEG's compression, which is not read");
    // 0 is that 0 is white: libvips turns bytes round, and takes floats as they are.
    const inverted = (bits: number, format: 1 | 3, bytes: Uint8Array) => {
      const file = tiffOf(4, 4, bits, format, bytes);
      file.writeUInt32LE(0, 8 + bytes.length + 2 + 4 * 12 + 8);
      return file;
    };
    expect((await resized(inverted(8, 1, new Uint8Array(16).fill(60)))).pixels[0]).toBe(195);
    await expect(resized(inverted(32, 3, bytesOf(Float32Array.from(ramp(1)))))).rejects.toThrow(
      "its values are floats of which 0 is white (TIFF's WhiteIsZero), which is not read; save it with 0 as black",
    );
    const doubles = tiffOf(4, 4, 64, 3, bytesOf(Float64Array.from(ramp(1))));
    await expect(resized(doubles)).rejects.toThrow("its values have more than 32 bits, which are not read");
    const signed = tiffOf(4, 4, 16, 2, bytesOf(Int16Array.from(ramp(3000))));
    await expect(resized(signed)).rejects.toThrow(/values are of type short/);
    const long = tiffOf(4, 4, 32, 1, bytesOf(Uint32Array.from(ramp(1e6))));
    await expect(resized(long)).rejects.toThrow(/values are of type uint/);

    const twelveBits = tiffOf(4, 4, 16, 1, bytesOf(Uint16Array.from(ramp(4095))));
    await expect(resized(twelveBits)).rejects.toThrow(
      "the largest of its 16-bit values is 4095 of 65535, so it would be almost black; scale its values (12 bits by 16)",
    );
    const sixteenBits = tiffOf(4, 4, 16, 1, bytesOf(Uint16Array.from(ramp(65535))));
    const { pixels } = await resized(sixteenBits);
    expect(Array.from(pixels)).toEqual(ramp(65535).map((value) => Math.round((255 * Math.floor(value)) / 65535)));
    const black = tiffOf(4, 4, 16, 1, new Uint8Array(32));
    expect((await resized(black)).pixels[0]).toBe(0);
    const bytes = tiffOf(4, 4, 8, 1, Uint8Array.from(ramp(60)));
    expect((await resized(bytes)).pixels[15]).toBe(60);
    const veiled = await sharp(new Uint16Array(16).fill(4000), { raw: { width: 4, height: 4, channels: 1 } })
      .ensureAlpha()
      .toColourspace("grey16")
      .png()
      .toBuffer();
    await expect(resized(veiled)).rejects.toThrow(/largest of its 16-bit values is 4000/);
  });

  it("refuses a TIFF of several pages, of which libvips takes the first", async () => {
    const page = tiffOf(4, 4, 8, 1, new Uint8Array(16).fill(7));
    // The directory of the first page is followed by the place of the next one: a second copy of the file, all places moved.
    const second = tiffOf(4, 4, 8, 1, new Uint8Array(16).fill(9));
    const directory = page.readUInt32LE(4);
    const next = directory + 2 + 12 * page.readUInt16LE(directory);
    const both = Buffer.concat([page, second.subarray(8)]);
    const moved = page.length - 8;
    both.writeUInt32LE(second.readUInt32LE(4) + moved, next);
    for (let i = 0; i < second.readUInt16LE(second.readUInt32LE(4)); i++) {
      const entry = second.readUInt32LE(4) + 2 + 12 * i;
      if (second.readUInt16LE(entry) === 273)
        both.writeUInt32LE(second.readUInt32LE(entry + 8) + moved, entry + moved + 8);
    }
    expect((await sharp(both).metadata()).pages).toBe(2);
    await expect(resizeFile(both, target(4, 1, "crop"))).rejects.toThrow(
      "it is a TIFF of 2 pages, and any of them may be the one that is meant; save that one as a file of its own",
    );
  });

  it("refuses channels of a TIFF that are not said to be alpha, which libvips takes for it", async () => {
    const values = Uint8Array.from([200, 100, 50, 128]);
    const whole = await sharp(values, { raw: { width: 1, height: 1, channels: 4 } })
      .tiff({ compression: "none" })
      .toBuffer();
    const at = (tag: number): number => {
      const directory = whole.readUInt32LE(4);
      return Array.from({ length: whole.readUInt16LE(directory) }, (_, i) => directory + 2 + 12 * i).find(
        (entry) => whole.readUInt16LE(entry) === tag,
      )!;
    };
    /** What the file says of its fourth channel; 2 is alpha, 1 alpha by which colours are multiplied already. */
    const saying = (meaning: number): Buffer => {
      const file = Buffer.from(whole);
      file.writeUInt16LE(meaning, at(338) + 8);
      return file;
    };
    const over = async (file: Buffer) => [...(await resizeFile(file, target(1, 3, "crop", 255))).pixels];
    const near = (a: number[], b: number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    expect(near(await over(saying(2)), [227, 177, 152])).toBeLessThanOrEqual(1);
    // Multiplied by alpha: 200 would be more than white.
    const multiplied = saying(1);
    multiplied.set([100, 50, 25], multiplied.indexOf(values));
    expect(near(await over(multiplied), [227, 177, 152])).toBeLessThanOrEqual(1);
    await expect(over(saying(0))).rejects.toThrow(
      "it has 1 channel besides its colours, of unspecified meaning (TIFF's ExtraSamples); save it without, or with one as alpha",
    );
  });

  it("takes the values of a PNG as they are, whatever gamma the file has, as Pillow does", async () => {
    const file = await imageFile("png", 4, 4, { r: 90, g: 90, b: 90 });
    const chunk = Buffer.concat([Buffer.from("gAMA"), Buffer.from([0, 1, 0x86, 0xa0])]);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32(chunk));
    // After the signature and IHDR: a gamma of 1, of which a viewer makes 162.
    const linear = Buffer.concat([file.subarray(0, 33), Buffer.from([0, 0, 0, 4]), chunk, crc, file.subarray(33)]);
    expect((await resizeFile(linear, target(4, 1, "crop"))).pixels[0]).toBe(90);
  });

  it("says whether transparency was laid over the background: opaque images with a fourth channel have none", async () => {
    const of = async (alpha: number) => {
      const file = await imageFile("png", 4, 4, { r: 0, g: 0, b: 0, alpha });
      expect((await sharp(file).metadata()).hasAlpha).toBe(true);
      return resizeFile(file, target(4, 1, "crop"));
    };
    expect(await of(1)).toMatchObject({ transparent: false });
    expect(await of(0)).toMatchObject({ transparent: true });
    expect((await of(0.5)).transparent).toBe(true);
  });

  it("sets a sideways photograph upright", async () => {
    const { pixels, width, height } = await resizeFile(readFileSync(fixture("sideways.jpg")), target(16, 3, "stretch"));
    expect([width, height]).toEqual([32, 16]);
    const red = plane(pixels, 16, 0);
    for (const y of [0, 8, 15]) {
      expect(red[y]![1]).toBeGreaterThan(230);
      expect(red[y]![14]).toBeLessThan(25);
    }
  });
});

describe("kinds of files", () => {
  it.each(["jpeg", "png", "webp", "gif", "tiff", "avif"] as const)("reads %s", async (kind) => {
    const { pixels } = await resizeFile(await imageFile(kind, 16, 16, { r: 200, g: 100, b: 50 }), target(8, 3, "crop"));
    for (const [channel, value] of [200, 100, 50].entries()) {
      expect(Math.abs(pixels[channel * 64 + 27]! - value)).toBeLessThanOrEqual(3);
    }
  });

  it("rejects what is damaged or cut short", async () => {
    const whole = readFileSync(fixture("picture.png"));
    await expect(resizeFile(whole.subarray(0, 9000), target(8, 3, "crop"))).rejects.toThrow();
    const jpeg = await sharp(whole).jpeg().toBuffer();
    await expect(resizeFile(jpeg.subarray(0, jpeg.length / 2), target(8, 3, "crop"))).rejects.toThrow();
    await expect(resizeFile(Buffer.from("not an image"), target(8, 3, "crop"))).rejects.toThrow(
      /no image of a format that is read/,
    );
  });

  it("refuses a file of a few kilobytes that claims a hundred million pixels", async () => {
    const bomb = await imageFile("png", 20000, 5001, { r: 0, g: 0, b: 0 });
    expect(bomb.length).toBeLessThan(2_000_000);
    await expect(resizeFile(bomb, target(8, 3, "crop"))).rejects.toThrow(/pixel limit/);
  });
});
