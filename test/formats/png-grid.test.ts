import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { quantise, writePngGrid } from "../../src/formats/png-grid.ts";
import { gridSize, tile } from "../../src/formats/tiles.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();

describe("gridSize", () => {
  it("says how large a grid is, and refuses one that no image file can hold", () => {
    const images = { count: 65, width: 32, height: 16 };
    expect(gridSize(images)).toMatchObject({ width: 2 + 9 * 34, height: 2 + 8 * 18, columns: 9 });
    expect(gridSize(images, { columns: 65, padding: 0 })).toMatchObject({ width: 65 * 32, height: 16 });
    expect(() => gridSize({ ...images, count: 10_000_000 })).toThrow(
      "a grid of 3163 x 3162 images of 32 x 16 pixels would be 107544 x 56918; an image file has at most 65535 on a side",
    );
    expect(() => gridSize({ count: 10_000, width: 256, height: 256 })).toThrow("268 million in all: take fewer images");
  });
});

describe("quantise", () => {
  it("is the exact inverse of x / 127.5 - 1 for every byte", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const images = Tensor.fromArray(bytes, [1, 1, 16, 16]).float().div(127.5).sub(1);
    expect(quantise(images).pixels).toEqual(bytes);
  });

  it("clamps, and shows NaN as black", () => {
    const images = Tensor.fromArray([-1.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY], [1, 1, 2, 2]);
    expect(Array.from(quantise(images).pixels)).toEqual([0, 255, 0, 255]);
  });

  it("reads channels-last images and images that carry gradients", () => {
    const plain = Tensor.arange(0, 48).view([1, 3, 4, 4]).div(24).sub(1);
    const expected = quantise(plain).pixels;
    expect(quantise(plain.contiguous("channelsLast")).pixels).toEqual(expected);
    expect(quantise(plain.requiresGrad_().mul(1)).pixels).toEqual(expected);
    expect(new Set(expected).size).toBe(48);
  });

  it("refuses anything but [N, C, H, W]", () => {
    expect(() => quantise(Tensor.ones([3, 4, 4]))).toThrow(/shape \[N, C, H, W\]; these have \[3, 4, 4\]/);
  });
});

describe("tile", () => {
  const batch = { pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]), count: 3, channels: 1, height: 1, width: 2 };

  it("lays images out in rows with a margin", () => {
    const grid = tile(batch, { columns: 2, padding: 1, background: 9 });
    expect([grid.width, grid.height, grid.channels]).toEqual([7, 5, 1]);
    // biome-ignore format: drawn as rows
    expect(Array.from(grid.data)).toEqual([
      9, 9, 9, 9, 9, 9, 9,
      9, 1, 2, 9, 3, 4, 9,
      9, 9, 9, 9, 9, 9, 9,
      9, 5, 6, 9, 9, 9, 9,
      9, 9, 9, 9, 9, 9, 9,
    ]);
  });

  it("interleaves the planes of colour images", () => {
    const grid = tile(
      { pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]), count: 1, channels: 3, height: 1, width: 2 },
      { padding: 0 },
    );
    expect(Array.from(grid.data)).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it("shows alpha on an opaque margin, the first three of more channels, and the first of two", () => {
    const of = (channels: number) =>
      tile(
        { pixels: Uint8Array.from({ length: channels }, (_, i) => i + 1), count: 1, channels, height: 1, width: 1 },
        { padding: 1 },
      );
    const transparent = of(4);
    expect(transparent.channels).toBe(4);
    expect(Array.from(transparent.data)).toEqual(
      Array.from({ length: 9 }, (_, i) => (i === 4 ? [1, 2, 3, 4] : [0, 0, 0, 255])).flat(),
    );
    expect(Array.from(of(7).data).slice(12, 15)).toEqual([1, 2, 3]);
    expect(of(2)).toMatchObject({ channels: 1 });
    expect(of(2).data[4]).toBe(1);
  });

  it("chooses the smallest square that holds all images, and is no wider than they are", () => {
    const many = { ...batch, pixels: new Uint8Array(5 * 2), count: 5 };
    expect(tile(many, { padding: 0 })).toMatchObject({ width: 6, height: 2 });
    expect(tile(many, { padding: 0, columns: 8 })).toMatchObject({ width: 10, height: 1 });
  });

  it.each([
    [{ ...batch, count: 0 }, {}, /at least one image/],
    [batch, { columns: 0 }, /`columns` \(=0\) must be a whole number from 1/],
    [batch, { padding: -1 }, /`padding` \(=-1\)/],
    [batch, { background: 256 }, /`background` \(=256\)/],
  ])("refuses what it cannot show (%#)", (images, options, reason) => {
    expect(() => tile(images, options)).toThrow(UserError);
    expect(() => tile(images, options)).toThrow(reason);
  });
});

describe("writePngGrid", () => {
  it("writes a PNG whose pixels are the images'", async () => {
    const path = join(folder, "samples/000500.png");
    const images = Tensor.fromArray(
      Uint8Array.from({ length: 4 * 3 * 8 * 8 }, (_, i) => (i * 7) % 256),
      [4, 3, 8, 8],
    );
    const written = writePngGrid(path, images.float().div(127.5).sub(1), { columns: 2, padding: 1, background: 200 });
    expect(await written).toEqual({ width: 19, height: 19 });
    const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 19, height: 19, channels: 3 });
    const values = images.toArray();
    for (const [n, left, top] of [
      [0, 1, 1],
      [1, 10, 1],
      [2, 1, 10],
      [3, 10, 10],
    ] as const) {
      for (let c = 0; c < 3; c++) {
        for (let i = 0; i < 64; i++) {
          const at = ((top + Math.floor(i / 8)) * 19 + left + (i % 8)) * 3 + c;
          expect(data[at]).toBe(values[(n * 3 + c) * 64 + i]);
        }
      }
    }
    expect(data[0]).toBe(200);
  });

  it("reads the tensor at once: it may be freed while the image is encoded", async () => {
    const images = Tensor.zeros([2, 1, 4, 4]);
    const written = writePngGrid(join(folder, "freed.png"), images);
    images.dispose();
    await expect(written).resolves.toEqual({ width: 14, height: 8 });
  });
});
