/** A run whose data were moved continues with the same bits; other data are refused. And what is said of little data. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { dataFromArrays, imageFolder } from "../../src/data/index.ts";
import { dcgan } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/index.ts";
import { openRun, type Run, startRun } from "../../src/training/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "./tiny.ts";

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);

async function writeImages(path: string, count: number, classes: readonly string[] = ["a", "b"]): Promise<void> {
  for (const [label, name] of classes.entries()) {
    mkdirSync(join(path, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = Uint8Array.from({ length: 16 * 16 }, (_, at) => (at * (i + 3) + 40 * label + i) % 256);
      await sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } })
        .png()
        .toFile(join(path, name, `${i}.png`));
    }
  }
}

const recipeOf = (path: string, steps: number, parts: Partial<RecipeInput> = {}) =>
  tinyRecipe({
    data: imageFolder({ path, size: 16, channels: 1 }) as RecipeInput["data"],
    steps,
    batchSize: 4,
    checkpoint: { every: 3 },
    ...parts,
  });

/** The tensors of a run's last checkpoint. */
function lastBits(run: Run): string {
  const path = run.directory.checkpoints;
  const last = readdirSync(path).sort().at(-1)!;
  return readdirSync(join(path, last))
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .map((name) => readFileSync(join(path, last, name)).toString("base64"))
    .join();
}

async function notesOf(run: Run): Promise<string[]> {
  const notes: string[] = [];
  await run.train({ events: { note: (message) => notes.push(message) } });
  return notes;
}

describe("data that were moved", () => {
  beforeAll(() => writeImages(at("photos"), 5));

  it("are taken where their contents are the same, under another name too, and the run ends with the same bits", async () => {
    const whole = startRun(recipeOf(at("photos"), 6), { directory: at("whole") });
    await whole.train();
    await startRun(recipeOf(at("photos"), 3), { directory: at("moved") }).train();
    renameSync(at("photos"), at("pictures"));

    const lost = await openRun(at("moved"), ["steps=6"]);
    await expect(lost.train()).rejects.toThrow(UserError);
    const run = await openRun(at("moved"), ["steps=6"], { data: at("pictures") });
    expect(await notesOf(run)).not.toContainEqual(expect.stringContaining("not with the bits"));
    expect(lastBits(run)).toBe(lastBits(whole));
    // The new place is kept.
    const again = await openRun(at("moved"), ["steps=7"]);
    expect((again.recipe.data.options as { path: string }).path).toBe(at("pictures"));
    expect(await notesOf(again)).not.toContainEqual(expect.stringContaining("not with the bits"));
  });

  it("are refused where one pixel, a label or the number of images differs, and the run stays as it was", async () => {
    const before = readFileSync(at("moved", "recipe.json"), "utf8");
    const refused = async (name: string, message: RegExp): Promise<void> => {
      const run = await openRun(at("moved"), ["steps=9"], { data: at(name) });
      await expect(run.train()).rejects.toThrow(message);
      expect(readFileSync(at("moved", "recipe.json"), "utf8")).toBe(before);
    };
    const key =
      /the key of its contents is [0-9a-f]{12}, and the run's is [0-9a-f]{12}\. The key is over every pixel as it is prepared, the labels and the classes/;
    cpSync(at("pictures"), at("pixel"), { recursive: true });
    const image = sharp(at("pictures", "a", "0.png"));
    const pixels = await image.clone().raw().toBuffer();
    pixels[100]! ^= 1;
    await sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } })
      .png()
      .toFile(at("pixel", "a", "0.png"));
    await refused("pixel", key);
    cpSync(at("pictures"), at("label"), { recursive: true });
    renameSync(at("label", "a", "0.png"), at("label", "b", "9.png"));
    await refused("label", key);
    cpSync(at("pictures"), at("fewer"), { recursive: true });
    renameSync(at("fewer", "a", "4.png"), at("fewer-4.png"));
    await refused(
      "fewer",
      /--data .*fewer is not what the run was trained on: the run was trained on pictures .*10 samples.*, this is fewer .*9 samples/,
    );
    await refused("nowhere", /nowhere/);
  });

  it("cannot be named for arrays in memory, nor compared where the run has no key", async () => {
    const images = new Uint8Array(8 * 16 * 16).map((_, i) => i % 251);
    const data = dataFromArrays({ images, shape: [8, 1, 16, 16] }) as RecipeInput["data"];
    await startRun(recipeOf("unused", 2, { data }), { directory: at("arrays") }).train();
    await expect(openRun(at("arrays"), [], { data: folder })).rejects.toThrow(
      "the data of this run (`dataFromArrays`) are not read from a folder or file",
    );
    const old = JSON.parse(readFileSync(at("moved", "recipe.json"), "utf8"));
    delete old.data.contents;
    delete old.crc32;
    cpSync(at("moved"), at("old"), { recursive: true });
    writeFileSync(at("old", "recipe.json"), JSON.stringify(old));
    await expect(openRun(at("old"), [], { data: at("pictures") })).rejects.toThrow(
      "did not store the key of its data's contents",
    );
  });
});

describe("little data", () => {
  const conditional = {
    generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
    discriminator: dcgan.discriminator({ width: 2, conditional: true }),
  };

  it("of fewer images than a batch fill it from several passes, and that is said", async () => {
    await writeImages(at("three"), 3, ["only"]);
    const notes = await notesOf(startRun(recipeOf(at("three"), 2, conditional), { directory: at("few") }));
    expect(notes).toContain(
      "three has 3 images, fewer than a batch of 4: a batch runs through all of them and begins again, so it holds each about 1 to 2 times",
    );
    expect(notes).toContain("three has one class, only: the networks get its label, which tells them nothing");
  });

  it("of one image trains, and that is said", async () => {
    await writeImages(at("one"), 1, ["only"]);
    const run = startRun(recipeOf(at("one"), 2), { directory: at("single") });
    const notes = await notesOf(run);
    expect(notes).toContain("one has one image: every batch is 4 copies of it, and nothing else can be learned");
    expect(notes.join()).not.toContain("one class");
    expect(run.step).toBe(2);
  });
});
