/** What became of images on their way (JPEG, transparency, size) is said of training data and of both sides of a score. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { openReal, openSubject, type Subject } from "../../src/cli/evaluate/subject.ts";
import { imageFolder } from "../../src/data/index.ts";
import type { RecipeInput } from "../../src/recipe/index.ts";
import { startRun } from "../../src/training/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "../training/tiny.ts";

const folder = temporaryFolder();
const path = join(folder, "photos");
const subjects = join(folder, "samples");
const wanted =
  "photos: 2 of them JPEG; 1 image with transparency laid over gray level 255; 16-24 x 16-32 pixels (height x width) made 16x16 " +
  "by `crop`, which cuts off both ends where their aspect is another";

beforeAll(async () => {
  const write = (name: string, width: number, height: number, channels: 3 | 4) =>
    sharp(new Uint8Array(width * height * channels).fill(90), { raw: { width, height, channels } }).toFile(name);
  for (const one of [path, subjects]) mkdirSync(one);
  await write(join(path, "a.jpg"), 32, 24, 3);
  await write(join(path, "b.jpg"), 16, 16, 3);
  await write(join(path, "c.png"), 16, 16, 4);
  for (const name of ["a.png", "b.png", "c.jpg"]) await write(join(subjects, name), 16, 16, name === "b.png" ? 4 : 3);
});

it("in training", async () => {
  const notes: string[] = [];
  const data = imageFolder({ path, size: 16, channels: 1 }) as RecipeInput["data"];
  const run = startRun(tinyRecipe({ data, steps: 1, batchSize: 2 }), { directory: join(folder, "run") });
  await run.train({ events: { note: (message) => void notes.push(message) } });
  expect(notes).toContain(wanted);
});

it("of both sides of `gantry evaluate`", async () => {
  const notes: string[] = [];
  const preparing = { note: (message: string) => void notes.push(message) };
  const { value } = await openSubject({ what: subjects, preparing } as never);
  expect(notes.join("\n")).toContain("1 of 3 with transparency laid over white");
  expect((value as Subject).warning).toContain("holds JPEG files");
  await (await openReal(value as Subject, { real: path, preparing }))!.close();
  expect(notes).toContain(wanted);
});

it("not where they are as they were, and of one size without a word of their aspect", async () => {
  const conversion = async (size: number, options = {}) =>
    (await imageFolder({ path: join(folder, "samples"), size, ...options }).build({})).conversion;
  expect(await conversion(16)).not.toContain("made");
  expect(await conversion(8)).toContain("16 x 16 pixels (height x width) made 8x8");
  expect(await conversion(8)).not.toContain("crop");
});
