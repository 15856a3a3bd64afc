/** `gantry project`: image files in, a folder with latents, images, stages and distances out. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { expect, it } from "vitest";
import { definitionOf, type ProjectionResult } from "../../src/cli/project/write.ts";
import { outputNames } from "../../src/cli/project.ts";
import { dataFromArrays, fashionMnist, mixtureOfGaussians, mnist, packOf, readImageAs } from "../../src/data/index.ts";
import { encodePng, quantise, readNpy, tile } from "../../src/formats/index.ts";
import { mlp } from "../../src/models/index.ts";
import { Generator, scope, Tensor } from "../../src/tensor/index.ts";
import { openForSampling, sampleRun, startRun } from "../../src/training/index.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { temporaryFolder, tinyRecipe } from "../training/tiny.ts";
import { inProcess } from "./in-process.ts";

const conditional = {
  generator: mlp.generator({ latent: 4, hidden: [32], conditional: true }),
  discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
};

/** A trained run, and files of what it draws from some seeds. */
async function runWithImages(
  parts: object,
  seeds: readonly number[],
  classIndex?: number,
): Promise<[string, string[]]> {
  const folder = temporaryFolder();
  const run = join(folder, "run");
  await startRun(tinyRecipe({ data: mnist({ size: 16, first: 64 }) as never, steps: 2, ...parts }), {
    directory: run,
  }).train();
  const files: string[] = [];
  for (const seed of seeds) {
    const drawn = await sampleRun(run, { count: 1, seed, classIndex });
    const file = join(folder, `seed${seed}.png`);
    writeFileSync(file, await encodePng(tile(quantise(drawn), { padding: 0 })));
    drawn.dispose();
    files.push(file);
  }
  return [run, files];
}

it("finds what the generator made, and writes it with the stages, the latents and the distance", async () => {
  const [run, files] = await runWithImages(conditional, [11, 12], 3);
  const out = join(temporaryFolder(), "found");
  const flags = ["--class", "3", "--steps", "400", "--out", out, "--json"];
  const { code, stdout, stderr } = await inProcess("project", run, ...files, ...flags);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^searching: step \d+ of 400, \d:\d\d left\n$/);
  expect(readdirSync(out).sort()).toEqual(["latents.npy", "projection.json", "seed11.png", "seed12.png", "stages.png"]);
  const result = JSON.parse(readFileSync(join(out, "projection.json"), "utf8")) as ProjectionResult;
  expect(JSON.parse(stdout)).toEqual({ out, ...result });
  expect(result).toMatchObject({ run, step: 2, averaged: true, class: "3", seed: 0, steps: 400, featureWeight: 0.1 });
  expect(result.definition).toContain("0.9 sum |x - G(z)|, of values in [-1, 1], + 0.1 sum |f(x) - f(G(z))|");
  const latents = scope(() => readNpy(join(out, "latents.npy")).tolist()) as number[][];
  for (const [i, found] of result.images.entries()) {
    // Rounding to bytes leaves a fourth of a level on average: 256 values of 1/255 each make about 0.5.
    expect(found.meanDifference).toBeLessThan(0.6);
    expect(found.distance).toBeCloseTo(0.9 * found.pixels + 0.1 * found.features, 3);
    for (const [at, value] of found.latent.entries()) expect(latents[i]![at]).toBeCloseTo(value, 5);
    const [image, given] = await Promise.all(
      [join(out, found.image), files[i]!].map((file) => sharp(file).raw().toBuffer()),
    );
    expect(Math.max(...image!.map((value, at) => Math.abs(value - given![at]!)))).toBeLessThanOrEqual(3);
  }
  // The latents are those of the images.
  const { gan } = await openForSampling(run);
  const made = scope(() => {
    const labels = Tensor.full([2], 3, { dtype: "int64" });
    const inputs = { latents: Tensor.fromArray(latents), labels };
    return [...quantise(drawSamples(gan, { count: 2, random: new Generator(0), averaged: true, inputs })).pixels];
  });
  gan.dispose();
  const written = await Promise.all(
    result.images.map(({ image }) => sharp(join(out, image)).toColourspace("b-w").raw().toBuffer()),
  );
  expect(Math.max(...Buffer.concat(written).map((value, at) => Math.abs(value - made[at]!)))).toBeLessThanOrEqual(1);
  const { width, height } = await sharp(join(out, "stages.png")).metadata();
  // Nine columns of 96 pixels and more, two rows.
  expect(width).toBeGreaterThan(9 * 96);
  expect(height).toBeGreaterThan(2 * 96);
});

it("takes images of other sizes as the run's data does, and says so", async () => {
  const [run] = await runWithImages({}, []);
  const folder = temporaryFolder();
  const photo = join(folder, "photo.png");
  await sharp({ create: { width: 40, height: 20, channels: 3, background: "#808080" } })
    .png()
    .toFile(photo);
  const { code, stdout, stderr } = await inProcess("project", run, photo, "--steps", "2", "--out", join(folder, "out"));
  expect(code).toBe(0);
  expect(stderr).toContain(`note: ${photo}: 40 x 20 pixels, made 16 x 16 as the data's images are (fit: crop)\n`);
  expect(stdout).toMatch(
    /photo\.png: distance [\d.]+; a value differs by [\d.]+ of 255 in the mean\ndistance: 0\.9 sum/,
  );
  const other = await inProcess("project", run, photo, "--steps", "2");
  expect(other.stdout).toContain(`latents, images and stages: ${join(run, "projection")}\n`);
});

it("takes colour, gray and alpha as the run's data are, and says so", async () => {
  const folder = temporaryFolder();
  const written = async (name: string, background: object): Promise<string> => {
    const file = join(folder, name);
    await sharp({ create: { width: 16, height: 8, channels: "alpha" in background ? 4 : 3, background } })
      .png()
      .toFile(file);
    return file;
  };
  const red = await written("red.png", { r: 255, g: 0, b: 0 });
  const half = await written("half.png", { r: 0, g: 0, b: 0, alpha: 0.5 });
  const gray = join(folder, "gray.png");
  await sharp(new Uint8Array(128).fill(90), { raw: { width: 16, height: 8, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toFile(gray);
  const size = { height: 8, width: 16 };
  const projected = async (channels: number, ...files: string[]) => {
    const run = join(folder, `run ${channels}`);
    const arrays = dataFromArrays({
      images: new Uint8Array(4 * channels * 128),
      shape: [4, channels, size.height, size.width],
    });
    await startRun(tinyRecipe({ data: arrays as never, steps: 1 }), { directory: run }).train();
    const out = join(folder, `out ${channels}`);
    const { code, stderr } = await inProcess("project", run, ...files, "--steps", "1", "--out", out);
    return { code, stderr, out };
  };
  const one = await projected(1, red, half);
  expect(one.code, one.stderr).toBe(0);
  expect(one.stderr).toContain(`note: ${red}: in colour, made gray as the data's images are\n`);
  expect(one.stderr).toContain(`note: ${half}: its transparency is laid over the background of the data\n`);
  const three = await projected(3, gray);
  expect([three.code, three.stderr.includes("note: ")]).toEqual([0, false]);
  const four = await projected(4, half, red);
  expect([four.code, four.stderr.includes("transparency")]).toEqual([0, false]);
  expect((await sharp(join(four.out, "red.png")).metadata()).channels).toBe(4);
  const two = await projected(2, red);
  expect([two.code, two.stderr]).toEqual([
    1,
    expect.stringContaining(
      "makes images of 2 channels, and project takes image files, which have 1 (gray), 3 (colour) or 4",
    ),
  ]);
});

it("refuses before it searches", async () => {
  const [run, [file]] = await runWithImages(conditional, [1]);
  const folder = temporaryFolder();
  const refused = async (...args: string[]): Promise<string> => {
    const { stderr, stdout } = await inProcess("project", ...args);
    expect(stdout).toBe("");
    return stderr;
  };
  expect(await refused(run, file!)).toContain("draws images of a class: give --class, such as 0, 1, 2");
  expect(await refused(run, file!, "--class", "ten")).toContain("--class (=ten) is no class of this run");
  expect(await refused(run, file!, join(folder, "none.png"))).toContain("none.png does not exist");
  expect(await refused(run, file!, "--feature-weight", "2")).toContain(
    "--feature-weight (=2) must be a number from 0 to 1",
  );
  expect(await refused(run)).toContain("<image> is missing");
  const text = join(folder, "text.png");
  writeFileSync(text, "no image");
  expect(await refused(run, text, "--class", "1")).toContain("text.png: it cannot be read as an image");
  mkdirSync(join(folder, "full"));
  writeFileSync(join(folder, "full/mine"), "");
  expect(await refused(run, file!, "--class", "1", "--out", join(folder, "full"))).toContain("is not an empty folder");
  expect(readdirSync(folder).sort()).toEqual(["full", "text.png"]);
  const points = join(folder, "points");
  const vectors = {
    data: mixtureOfGaussians() as never,
    generator: mlp.generator({ latent: 2, hidden: [4] }),
    steps: 1,
  };
  await startRun(tinyRecipe(vectors), { directory: points }).train();
  expect(await refused(points, file!)).toContain("makes vectors, and project takes images");
});

it("looks at the pixels alone where a run was imported", async () => {
  const folder = temporaryFolder();
  const run = join(folder, "run");
  const weights = fileURLToPath(new URL("../fixtures/imported/sngan-32.pth", import.meta.url));
  await inProcess("import", weights, "--out", run);
  const drawn = await sampleRun(run, { count: 1, seed: 4 });
  const file = join(folder, "a.png");
  writeFileSync(file, await encodePng(tile(quantise(drawn), { padding: 0 })));
  const { code, stdout } = await inProcess("project", run, file, "--steps", "20", "--json");
  expect(code).toBe(0);
  const result = JSON.parse(stdout) as ProjectionResult;
  expect(result.featureWeight).toBe(0);
  expect(result.definition).toMatch(/^sum \|x - G\(z\)\|, of values in \[-1, 1\]; what 20 steps/);
});

it("leaves nothing at Ctrl-C", async () => {
  const [run, [file]] = await runWithImages({}, [1]);
  const folder = temporaryFolder();
  const watch = setInterval(() => {
    if (readdirSync(folder).length > 0) process.emit("SIGINT");
  }, 5);
  const { code, stderr } = await inProcess("project", run, file!, "--steps", "1000000", "--out", join(folder, "a"));
  clearInterval(watch);
  expect(code).toBe(130);
  expect(stderr).toContain("Stopping; nothing is written.");
  expect(readdirSync(folder)).toEqual([]);
});

it("reads an image as the data of its kind does", async () => {
  const file = join(temporaryFolder(), "a.png");
  await sharp({ create: { width: 28, height: 28, channels: 3, background: "#ffffff" } })
    .png()
    .toFile(file);
  for (const [size, fit] of [
    [28, "pad"],
    [32, "pad"],
    [64, "crop"],
  ] as const) {
    const data = mnist({ size, first: 1 });
    expect((await readImageAs(file, data, { channels: 1, size })).fit).toBe(fit);
    expect((await packOf(data)).header.fit).toBe(fit);
  }
  const stretched = fashionMnist({ fit: "stretch" });
  expect((await readImageAs(file, stretched, { channels: 1, size: 32 })).fit).toBe("stretch");
});

it("names its files", () => {
  expect(outputNames(["a/x.png", "y.jpg", "b/X.png", "stages.png"])).toEqual(["x-1", "y", "X-3", "stages-4"]);
  expect(definitionOf(0.25)).toContain("0.75 sum");
  expect(existsSync("stages.png")).toBe(false);
});
