/** `gantry train photos/`: a recipe for a folder of images, and what is said of the choice. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { surveyImages } from "../../src/data/index.ts";
import { recipeForImages, toPlainRecipe } from "../../src/recipe/index.ts";
import { zipOf } from "../data/files.ts";
import { inProcess } from "./in-process.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-photos-"));
const home = process.cwd();
afterAll(() => {
  process.chdir(home);
  rmSync(work, { recursive: true });
});

const picture = (width: number, height: number, channels: 1 | 3) =>
  sharp(Buffer.alloc(width * height * channels, 90), { raw: { width, height, channels } });

beforeAll(async () => {
  process.chdir(work);
  for (const [name, count] of [
    ["cat", 3],
    ["dog", 2],
  ] as const) {
    mkdirSync(join("Fotos und mehr", name), { recursive: true });
    for (let i = 0; i < count; i++)
      await picture(70 + i, 50, 3)
        .jpeg()
        .toFile(join("Fotos und mehr", name, `${i}.jpg`));
  }
  mkdirSync("gray");
  for (let i = 0; i < 3; i++) await picture(28, 28, 1).toColourspace("b-w").png().toFile(`gray/${i}.png`);
  const data = readFileSync("gray/0.png");
  writeFileSync("gray.zip", zipOf([0, 1].map((i) => ({ name: `${i}.png`, data }))));
  mkdirSync("texts");
  writeFileSync("texts/a.txt", "x");
  mkdirSync("run");
  writeFileSync("run/recipe.json", "{}");
});

describe("a look at images", () => {
  it("finds counts, classes, sizes and whether they are gray", async () => {
    expect(await surveyImages("Fotos und mehr")).toEqual({
      count: 5,
      classes: ["cat", "dog"],
      smallestClass: 2,
      width: [70, 72],
      height: [50, 50],
      side: 50,
      gray: false,
    });
    expect(await surveyImages("gray")).toMatchObject({ count: 3, classes: [], smallestClass: 3, side: 28, gray: true });
    expect(await surveyImages("gray.zip")).toMatchObject({ count: 2, gray: true });
  });
});

interface Part {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

type Plain = Readonly<Record<"data" | "generator" | "discriminator", Part>> & {
  readonly techniques: readonly Part[];
  readonly batchSize: number;
};

describe("the recipe for images", () => {
  const survey = { classes: [], smallestClass: 50_000, width: [64, 64], height: [64, 64], gray: false } as const;
  const settings = (facts: object) => {
    const { recipe, choices } = recipeForImages("/photos", { ...survey, count: 50_000, side: 64, ...facts }, "photos");
    const plain = toPlainRecipe(recipe) as unknown as Plain;
    return {
      size: plain.data.options.size,
      channels: plain.data.options.channels,
      flip: plain.data.options.flip,
      conditional: [plain.generator.options.conditional, plain.discriminator.options.conditional],
      steps: recipe.steps,
      schedule: recipe.schedule?.kind,
      rates: [recipe.optimizers.generator, recipe.optimizers.discriminator].map(({ options }) => options.lr),
      augmented: plain.techniques.some(({ kind }) => kind === "diffAugment"),
      batchSize: plain.batchSize,
      said: choices.map(({ setting }) => setting),
    };
  };

  it("follows size, channels, classes and number", () => {
    const many = { size: 64, channels: 3, flip: true, conditional: [false, false], augmented: false, batchSize: 64 };
    const trained = { steps: 20_000, schedule: "linearDecay", rates: [2e-4, 2e-4] };
    expect(settings({})).toMatchObject({ ...many, ...trained });
    expect(settings({ side: 47 })).toMatchObject({ ...many, size: 32 });
    expect(settings({ gray: true })).toMatchObject({ ...many, channels: 1, flip: false });
    expect(settings({ classes: ["a", "b"], smallestClass: 20 })).toMatchObject({ ...many, conditional: [true, true] });
    expect(settings({ classes: ["a", "b"], smallestClass: 19 })).toMatchObject(many);
    expect(settings({ count: 9_999 })).toMatchObject({ ...many, augmented: true });
    expect(settings({ count: 10 })).toMatchObject({ ...many, augmented: true, batchSize: 10 });
  });

  it("is said setting by setting, as it is", () => {
    expect(settings({ count: 10, side: 47 }).said).toEqual([
      "data.size=32",
      "data.channels=3",
      "data.flip=true",
      "generator.conditional=false",
      "techniques+=diffAugment",
      "batchSize=10",
      "steps=20000",
      "schedule=linearDecay",
      "optimizers.generator.lr=0.0002",
      "no evaluate",
    ]);
  });
});

describe("gantry train", () => {
  it("trains on few images of a folder, and says what was chosen and why", async () => {
    const few = ["--steps", "1", "--set", "generator.width=2", "--set", "discriminator.width=2", "--out", "trained"];
    const { code, stdout, stderr } = await inProcess(...["train", "Fotos und mehr", ...few]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^Fotos und mehr: 5 images in 2 classes, 70 to 72 pixels wide and 50 high, colour\n/);
    expect(stdout).toMatch(/\n {2}techniques\+=diffAugment +5 images are few: D sees them augmented\n/);
    expect(stdout).toMatch(
      /\n {2}generator.conditional=false +of 2 classes the smallest has 2 images, too few to learn it/,
    );
    expect(stdout).toMatch(/\n {2}batchSize=5 +as many as there are images\n/);
    expect(stdout).toMatch(/\n {2}steps=1 +as given\n {2}schedule=linearDecay +learning rates fall to 0/);
    const { recipe, source } = JSON.parse(readFileSync("trained/recipe.json", "utf8"));
    expect(source).toBe(`images of ${join(work, "Fotos und mehr")}`);
    expect(recipe.name).toBe("Fotos-und-mehr");
    // The run knows its recipe without the folder's help.
    const resumed = await inProcess(...["resume", "trained", "--steps", "2"]);
    expect(resumed.code, resumed.stderr).toBe(0);
  });

  it("takes a zip archive, and --set changes what was chosen", async () => {
    const few = [
      "--steps",
      "1",
      "--set",
      "generator.width=2",
      "--set",
      "discriminator.width=2",
      "--set",
      "data.size=16",
    ];
    const { code, stdout, stderr } = await inProcess(...["train", "gray.zip", ...few, "--out", "zipped", "--json"]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout.split("\n")[0]!)).toMatchObject({
      event: "chosen",
      images: "gray.zip",
      survey: { gray: true },
      // The recipe would have 32; the run has what was given.
      choices: expect.arrayContaining([{ setting: "data.size=16", reason: "as given" }]),
    });
    expect(stdout).not.toContain("data.size=32");
    expect(JSON.parse(readFileSync("zipped/recipe.json", "utf8")).data.sample).toEqual({ channels: 1, size: 16 });
  });

  it("says how to train on data for which no recipe is chosen", async () => {
    writeFileSync("digits.npy", "\x93NUMPY", "latin1");
    const { code, stderr } = await inProcess("train", "digits.npy");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /digits.npy: an .npy file. A recipe is chosen only for a folder or zip .* train mnist --set data=imageFolder --set data.path=digits.npy --set data.size=32/,
    );
  });

  it.each([
    ["texts", "no image files (found: 1 .txt)"],
    ["run", "run is a run and no folder of images; continue it with"],
    ["nothing-there", "there is no recipe `nothing-there`"],
  ])("refuses %s", async (name, says) => {
    const { code, stderr } = await inProcess(...["train", name]);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
  });
});
