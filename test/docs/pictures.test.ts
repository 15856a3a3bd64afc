/**
 * The pictures of docs/images that docs/images/make draws are what it draws. `npm test -- test/docs/pictures.test.ts -u` writes the
 * SVG files; augmentations.png is written where it is missing.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { augmentedDigits, COLUMNS } from "../../docs/images/make/augmentations.ts";
import { pictures } from "../../docs/images/make/pictures.ts";
import { quantise, writePngGrid } from "../../src/formats/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

const images = join(import.meta.dirname, "../../docs/images");

it.each(Object.entries(pictures))("docs/images/%s is drawn by its maker", async (name, draw) => {
  await expect(draw()).toMatchFileSnapshot(join(images, name));
});

it("docs/images/augmentations.png shows what the techniques do", async () => {
  const digits = await augmentedDigits();
  expect(quantise(digits).count).toBe(4 * COLUMNS);
  const stored = join(images, "augmentations.png");
  const made = existsSync(stored) ? join(temporaryFolder(), "augmentations.png") : stored;
  await writePngGrid(made, digits, { columns: COLUMNS });
  const [a, b] = await Promise.all([made, stored].map((file) => sharp(file).raw().toBuffer()));
  expect(a!.length).toBe(b!.length);
  // Engines round differently, so that single pixels may differ by a level.
  expect(a!.every((level, i) => Math.abs(level - b![i]!) <= 2)).toBe(true);
});
