/** Enlargement is Pillow's bicubic (make_enlarge.py), and keeps images in their place. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { enlarge } from "../../src/data/enlarge.ts";
import type { Fit, Target } from "../../src/data/options.ts";
import { resizeFile, resizePlanar } from "../../src/data/resize.ts";

interface Stored {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: readonly number[];
  readonly to: { readonly width: number; readonly height: number };
  readonly large: readonly number[];
}
const stored: Stored[] = JSON.parse(readFileSync(new URL("../fixtures/enlarge.json", import.meta.url), "utf8"));

const target = (size: Target["size"], channels: 1 | 3 | 4, fit: Fit): Target => ({
  size,
  channels,
  fit,
  background: 0,
});

/** A bright square in the middle of a dark image, as planar bytes. */
const square = (side: number): Uint8Array =>
  new Uint8Array(side * side).map((_, i) =>
    [i % side, Math.floor(i / side)].every((at) => at >= side / 4 && at < (3 * side) / 4) ? 255 : 0,
  );

describe("enlargement", () => {
  it.each(stored)("of $width x $height pixels of $channels channels is Pillow's", ({ data, to, large, ...form }) => {
    const made = enlarge({ ...form, data: Uint8Array.from(data) }, to);
    expect(made).toMatchObject({ ...to, channels: form.channels });
    const hasAlpha = form.channels === 4;
    const differences = large.flatMap((value, i) => {
      const isSeen = !hasAlpha || large[i - (i % 4) + 3]! > 0;
      return isSeen ? [Math.abs(made.data[i]! - value)] : [];
    });
    // Exact halves are rounded by Pillow's weights of 22 bits; where it divides by alpha it cuts.
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    if (!hasAlpha) expect(differences.filter((one) => one > 0).length).toBeLessThan(0.01 * large.length);
  });

  it.each([
    [16, 32],
    [16, 64],
    [28, 32],
  ])("from %i to %i pixels keeps what is in the middle there", async (from, to) => {
    const form = { channels: 1, height: from, width: from } as const;
    for (const fit of ["crop", "fit", "stretch"] as const) {
      const { pixels } = await resizePlanar(square(from), form, target(to, 1, fit));
      const sum = pixels.reduce((total, value) => total + value, 0);
      const centre = pixels.reduce((total, value, i) => total + value * (i % to), 0) / sum;
      expect(centre).toBeCloseTo((to - 1) / 2, 6);
      expect(Array.from(pixels)).toEqual(Array.from(pixels).reverse());
    }
  });

  it("of files is that of their pixels, cut to the middle and next to a side that becomes smaller", async () => {
    const [, , , , colour] = stored as [Stored, Stored, Stored, Stored, Stored];
    const { width, height, data, to, large } = colour;
    const file = await sharp(Uint8Array.from(data), { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    const stretched = await resizeFile(file, target(to, 3, "stretch"));
    const planar = (values: readonly number[]) => [0, 1, 2].flatMap((c) => values.filter((_, i) => i % 3 === c));
    expect(Array.from(stretched.pixels)).toEqual(planar(large));
    expect(stretched).toMatchObject({ width, height });

    // 6 x 9 to 12 x 12: 12 x 18, without the 3 rows at either end.
    const crop = await resizeFile(file, target(12, 3, "crop"));
    const whole = enlarge({ data: Uint8Array.from(data), width, height, channels: 3 }, { width: 12, height: 18 });
    expect(Array.from(crop.pixels)).toEqual(planar(Array.from(whole.data.subarray(3 * 12 * 3, 15 * 12 * 3))));

    // Columns that are all equal stay so: the rows become fewer, the columns more.
    const rows = Uint8Array.from({ length: 8 * 32 }, (_, i) => (Math.floor(i / 8) < 16 ? 40 : 200));
    const mixed = await resizePlanar(rows, { channels: 1, height: 32, width: 8 }, target(16, 1, "stretch"));
    for (let y = 0; y < 16; y++) expect(new Set(mixed.pixels.subarray(16 * y, 16 * y + 16)).size).toBe(1);
    expect([mixed.pixels[0], mixed.pixels[255]]).toEqual([40, 200]);
  });
});
