/** Runs on data with conditions: what G and D are given, resuming, samples, sheets, scores, and what has no meaning. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { conditionValues, subjectOf } from "../../src/cli/sample/flags.ts";
import { writeSheet } from "../../src/cli/sample/sheet.ts";
import { type Dataset, dataFromArrays, imageFolder, type VectorData } from "../../src/data/index.ts";
import { openNpz } from "../../src/formats/index.ts";
import { fid } from "../../src/metrics/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  balancedConsistency,
  consistencyRegularisation,
  dragan,
  featureMatching,
  gradientPenalty,
  latentConsistency,
  r1,
  semiSupervised,
  standingStatistics,
  topK,
  virtualBatchNorm,
} from "../../src/techniques/index.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import {
  defineTrainer,
  openCheckpoint,
  openRun,
  sampleRun,
  startRun,
  writePathAnimation,
  writeSamples,
} from "../../src/training/index.ts";
import { verifyRun } from "../../src/training/run/verify.ts";
import { conditionsFor } from "../../src/training/sampling/conditions.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { conditionSheet, interpolationSheet, truncationSheet } from "../../src/training/sampling/sheets.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { openDataModule } from "../../src/training/trainer/data-module.ts";
import { start } from "../cli/spawn.ts";
import { imageFile } from "../data/files.ts";
import { temporaryFolder as temporaryFolderForAll } from "../formats/folder.ts";
import { temporaryFolder, tinyRecipe } from "./tiny.ts";

const COUNT = 24;
/** A flag, and a number of mean 30 and deviation sqrt(200 / 3): 20, 30 and 40 in turn. */
const smiling = Array.from({ length: COUNT }, (_, i) => i % 2);
const age = Array.from({ length: COUNT }, (_, i) => 20 + 10 * (i % 3));
const scaledAge = [-1, 0, 1].map((x) => x * Math.sqrt(1.5));

const images = () =>
  dataFromArrays({
    images: Uint8Array.from({ length: COUNT * 256 }, (_, i) => (i * 31 + 5 * Math.floor(i / 256)) % 256),
    shape: [COUNT, 1, 16, 16],
    conditions: { smiling, age },
    name: "faces",
  });
const conditional = {
  generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
  discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
};
const recipeOf = (parts: Partial<RecipeInput> = {}) => tinyRecipe({ data: images(), ...conditional, ...parts });

async function gan(parts: Partial<RecipeInput> = {}): Promise<BuiltGan> {
  const recipe = recipeOf(parts);
  const module = await openDataModule(recipe);
  return new BuiltGan(recipe, module.shape, module.loader());
}

/** The labels that a network is given while `body` runs, row by row. */
function labelsGiven(network: { forward: (first: Tensor, labels?: Tensor) => unknown }, body: () => void): number[][] {
  const seen: number[][] = [];
  const forward = network.forward.bind(network);
  network.forward = (first, labels) => {
    seen.push(...((labels?.tolist() as number[][]) ?? []));
    return forward(first, labels);
  };
  try {
    body();
  } finally {
    network.forward = forward;
  }
  return seen;
}

/** Conditions of the data, as text: smiling and scaled age. */
const realRows = new Set(smiling.map((flag, i) => `${flag} ${scaledAge[i % 3]!.toFixed(4)}`));
const inWords = ([flag, years]: readonly number[]): string => `${flag} ${years!.toFixed(4)}`;

describe("a GAN on data with conditions", () => {
  it("gives D each real image's own, and generated images those of real ones, drawn by the seed", async () => {
    const first = await gan();
    const { images: batch, labels } = first.loader.next();
    const data = (await images().build({})) as Dataset;
    const all = data.images.toArray() as Uint8Array;
    for (const [row, pixels] of (batch.tolist() as number[][][][]).entries()) {
      const level = Math.round((pixels[0]![0]![0]! + 1) * 127.5);
      const at = Array.from({ length: COUNT }, (_, i) => i).find((i) => all[i * 256] === level)!;
      expect(inWords((labels!.tolist() as number[][])[row]!)).toBe(inWords([smiling[at]!, scaledAge[at % 3]!]));
    }
    const drawn = labelsGiven(first.generator as never, () => trainingStep(first).dispose());
    expect(drawn.length).toBe(2 * 8);
    for (const row of drawn) expect(realRows).toContain(inWords(row));
    expect(new Set(drawn.map(inWords)).size).toBeGreaterThan(2);
    const second = await gan();
    second.loader.next();
    expect(labelsGiven(second.generator as never, () => trainingStep(second).dispose())).toEqual(drawn);
    first.dispose();
    second.dispose();
  });

  it("continues to the bits of an uninterrupted one, with virtual batch norm too", async () => {
    const folder = temporaryFolder();
    const recipe = (steps: number) =>
      recipeOf({
        generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
        discriminator: dcgan.discriminator({ width: 2, conditional: true }),
        techniques: [virtualBatchNorm({ size: 4 })],
        steps,
        checkpoint: { every: 2 },
      });
    await startRun(recipe(6), { directory: join(folder, "whole") }).train();
    await startRun(recipe(3), { directory: join(folder, "halved") }).train();
    await (await openRun(join(folder, "halved"), ["steps=6"])).train();
    for (const file of ["generator", "discriminator"]) {
      const weights = (run: string) => readFileSync(join(folder, run, `checkpoints/step-000006/${file}.safetensors`));
      expect(weights("halved").equals(weights("whole"))).toBe(true);
    }
  });

  it.each([
    balancedConsistency(),
    consistencyRegularisation(),
    dragan(),
    featureMatching(),
    gradientPenalty(),
    latentConsistency(),
    r1(),
    standingStatistics({ batches: 2, batchSize: 4 }),
    topK({ everySteps: 1 }),
  ])("trains and draws with $kind", async (technique) => {
    const networks = {
      generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true }),
    };
    const built = await gan({ ...networks, techniques: [technique as never], accumulate: 2 });
    const given = labelsGiven(built.generator as never, () => {
      for (let step = 0; step < 2; step++) trainingStep(built).dispose();
      drawSamples(built, { count: 3, random: new Generator(1), averaged: true }).dispose();
    });
    for (const row of given) expect(realRows).toContain(inWords(row));
    for (const parameter of built.generator.parameters()) expect(parameter.isfinite().all().item()).toBe(1);
    built.dispose();
  });

  it("is refused what needs classes, with the reason", async () => {
    const has = /this data has 2 conditions in place of them/;
    await expect(gan({ techniques: [topK({ perClass: true, everySteps: 1 })] })).rejects.toThrow(has);
    await expect(gan({ techniques: [semiSupervised()] })).rejects.toThrow(has);
  });
});

describe("samples of a run with conditions", () => {
  const folder = temporaryFolderForAll();
  const run = join(folder, "run");

  it("have those of real images without the data, or given ones", async () => {
    await startRun(recipeOf({ steps: 2 }), { directory: run }).train();
    expect(existsSync(join(run, "conditions.safetensors"))).toBe(true);
    const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    const outputs = lines.map((line) => JSON.parse(line)).find(({ event }) => event === "outputs");
    expect(outputs.batch.labels).toBeUndefined();
    expect(outputs.batch.conditions.length).toBe(8);
    for (const row of outputs.batch.conditions) expect(realRows).toContain(inWords(row));
    const options = { count: 6, seed: 3 };
    const [one, two] = [await sampleRun(run, options), await sampleRun(run, options)];
    expect(one.tolist()).toEqual(two.tolist());
    const set = await sampleRun(run, { ...options, condition: { smiling: 1, age: 40 } });
    expect(set.tolist()).not.toEqual(one.tolist());
    await expect(sampleRun(run, { ...options, condition: { smilin: 1 } })).rejects.toThrow(
      "`smilin` is no condition of this run; did you mean `smiling`?",
    );
    await expect(sampleRun(run, { ...options, condition: { smiling: 2 } })).rejects.toThrow(
      "the condition `smiling` (=2) is a flag: 0, 1 or between",
    );
    await expect(sampleRun(run, { ...options, classIndex: 0 })).rejects.toThrow(
      /class \(=0\): this run's data has conditions in place of classes; `condition` sets them/,
    );
  });

  it("are given values in the unit of the data, and other conditions stay those of one real image", async () => {
    const built = await gan();
    const given = labelsGiven(built.generator as never, () => {
      drawSamples(built, { count: 5, random: new Generator(1), averaged: true, condition: { age: 40 } }).dispose();
    });
    for (const [flag, years] of given) {
      expect(years).toBeCloseTo(scaledAge[2]!, 6);
      expect([0, 1]).toContain(flag);
    }
    const drawn = conditionsFor(built.shape.conditions!, 200, new Generator(2)).tolist() as number[][];
    for (const row of drawn) expect(realRows).toContain(inWords(row));
    built.dispose();
  });

  it("come as sheets: two rows for each condition, paths of one real image's, a column one real image's", async () => {
    const built = await gan();
    const options = { random: new Generator(3), averaged: true };
    let titles: readonly string[] = [];
    const rows = labelsGiven(built.generator as never, () => {
      titles = conditionSheet(built, { ...options, columns: 3 }).titles;
    });
    // Two deviations from the mean are further than the data go.
    expect(titles).toEqual(["smiling = 0", "smiling = 1", "age = 20", "age = 40"]);
    for (const column of [0, 1, 2]) {
      const [off, on, young, old] = [0, 1, 2, 3].map((row) => rows[row * 3 + column]!);
      expect([off![0], on![0], off![1]]).toEqual([0, 1, on![1]]);
      expect([young![0], young![1], old![1]]).toEqual([
        old![0],
        expect.closeTo(scaledAge[0]!),
        expect.closeTo(scaledAge[2]!),
      ]);
    }
    const path = labelsGiven(built.generator as never, () => {
      interpolationSheet(built, { ...options, kind: "spherical", rows: 2, steps: 3 });
    });
    expect([path[0], path[3]]).toEqual([path[2], path[5]]);
    const thresholds = labelsGiven(built.generator as never, () => {
      truncationSheet(built, { ...options, thresholds: [undefined, 1], columns: 4, condition: { smiling: 1 } });
    });
    expect(thresholds.slice(0, 4)).toEqual(thresholds.slice(4));
    expect(thresholds.map(([flag]) => flag)).toEqual(Array(8).fill(1));
    expect(() => conditionSheet(built, { ...options, columns: 2, conditions: ["ages"] })).toThrow(
      "did you mean `age`?",
    );
    built.dispose();
  });

  it("are drawn by the command line, with conditions by name", async () => {
    const file = join(folder, "set.png");
    const drawn = await start(["sample", run, "--condition", "Smiling=1, age=25", "--count", "4", "--out", file]);
    expect(drawn).toMatchObject({ code: 0, stdout: `4 images with smiling=1, age=25: ${file}\n` });
    expect(drawn.stderr).not.toContain("note: ");
    const far = await start(["sample", run, "--condition", "age=400", "--count", "1", "--out", file]);
    expect(far).toMatchObject({
      code: 0,
      stdout: `1 image with age=400: ${file}\n`,
      stderr:
        "note: --condition age=400 lies outside of the data, where it goes from 20 to 40: the generator was trained on no such image\n",
    });
    const absent = await start(["sample", run, "--condition", "smiling=-1", "--count", "1", "--out", file]);
    expect(absent).toMatchObject({
      code: 1,
      stderr:
        "gantry: the condition `smiling` (=-1) is a flag: 0, 1 or between; what is -1 in a table of attributes is 0\n",
    });
    const sheet = join(folder, "sheet.png");
    const flags = { run, checkpoint: "last", averaged: true, seed: 0, classIndex: undefined, condition: undefined };
    const more = { truncation: undefined, columns: 3, conditions: "age" };
    expect(await writeSheet("conditions", { ...flags, ...more }, sheet)).toMatchObject({ count: 6 });
    const refused = await start(["sample", run, "--class", "smiling"]);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain("--class smiling: the data of this run has no classes");
  });

  it("are in single files and on animated paths, one set for each seed", async () => {
    const { trained } = await openCheckpoint(run);
    const path = join(folder, "set.npz");
    const options = { to: "npz", path, seed: 5, averaged: true, condition: { smiling: 1 } } as const;
    await writeSamples(trained, { ...options, count: 3 });
    const npz = await openNpz(path);
    const values = async (first: number, name = "arr_1"): Promise<number[]> => {
      const tensor = await npz.rows(name, first, first + 1);
      return Array.from(tensor.toArray(), Number);
    };
    const width = trained.shape.conditions!.columns.length;
    expect(npz.arrays.get("arr_1")).toEqual({ dtype: "float32", shape: [3, width] });
    const [first, third, image] = [await values(0), await values(2), await values(2, "arr_0")];
    await npz.close();
    expect(first[0]).toBe(third[0]);
    expect(first).not.toEqual(third);
    // Seed 7 alone has the same conditions and the same image.
    await writeSamples(trained, { ...options, count: 1, seed: 7 });
    const alone = await openNpz(path);
    expect(Array.from((await alone.array("arr_1")).toArray(), Number)).toEqual(third);
    const again = Array.from((await alone.array("arr_0")).toArray(), Number);
    expect(Math.max(...again.map((value, i) => Math.abs(value - image[i]!)))).toBeLessThanOrEqual(1);
    await alone.close();
    const moving = { kind: "linear", seeds: [1, 2], frames: 4, seconds: 1, format: "gif", averaged: true } as const;
    const { condition } = options;
    const written = await writePathAnimation(trained, join(folder, "set.gif"), { ...moving, condition });
    expect(written.frames).toBe(4);
    await expect(writePathAnimation(trained, join(folder, "no.gif"), { ...moving, classIndex: 0 })).rejects.toThrow();
    trained.dispose();
  });

  it("of flags are read strictly", () => {
    expect(conditionValues('age=30,"a, b=0.5"', ["age", "a, b"])).toEqual({ age: 30, "a, b": 0.5 });
    expect(() => conditionValues("age", ["age"])).toThrow("`age` must be written name=number, such as age=1");
    expect(() => conditionValues("age=1,AGE=2", ["age"])).toThrow("names age twice");
    expect(() => conditionValues("age=1", [])).toThrow("the data of this run has no conditions");
    expect(subjectOf({ sheet: "conditions", conditions: "age", condition: "smiling=1" })).toBe("conditions");
    expect(() => subjectOf({ sheet: "classes", condition: "smiling=1" })).toThrow("--condition goes with");
  });
});

describe("a run", () => {
  it("on a folder with a table of attributes trains, is scored, and resumes with the same table only, wherever that is", async () => {
    const folder = temporaryFolder();
    const photos = join(folder, "photos");
    mkdirSync(photos);
    const lines = ["file,bright,angle"];
    for (let i = 0; i < 12; i++) {
      const gray = i % 2 === 0 ? 30 : 220;
      writeFileSync(join(photos, `${i}.png`), await imageFile("png", 16, 16, { r: gray, g: gray, b: gray }));
      lines.push(`${i}.png,${gray > 100 ? 1 : -1},${i * 15}`);
    }
    const labelFile = join(folder, "table.csv");
    writeFileSync(labelFile, lines.join("\r\n"));
    const data = imageFolder({ path: photos, labelFile, conditions: "all", size: 16, channels: 1 });
    const evaluate = { every: 2, features: "mnist-classifier", metrics: [fid()], samples: 20 };
    const directory = join(folder, "run");
    await startRun(recipeOf({ data: data as RecipeInput["data"], steps: 2, evaluate }), { directory }).train();
    const scores = readFileSync(join(directory, "metrics.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line.includes('"event":"scores"'));
    expect(JSON.parse(scores[0]!).scores[0].protocol.drawing.labels).toBe("drawn");
    const { data: described } = JSON.parse(readFileSync(join(directory, "recipe.json"), "utf8"));
    expect(described.conditions).toMatchObject([
      { name: "bright", kind: "flag", mean: 0.5 },
      { name: "angle", kind: "number", mean: 82.5, least: 0, most: 165 },
    ]);
    writeFileSync(labelFile, `${lines.join("\n").replace("0.png,-1,0", "0.png,-1,7")}\n`);
    await expect((await openRun(directory, ["steps=4"])).train()).rejects.toThrow("the data has changed");
    writeFileSync(labelFile, lines.join("\n"));
    expect((await (await openRun(directory, ["steps=4"])).train()).step).toBe(4);
    // Folder and table are moved together.
    const moved = join(folder, "elsewhere");
    mkdirSync(moved);
    renameSync(photos, join(moved, "photos"));
    renameSync(labelFile, join(moved, "table.csv"));
    const elsewhere = await openRun(directory, ["steps=5"], { data: join(moved, "photos") });
    expect((await elsewhere.train()).step).toBe(5);
    const stored = join(directory, "conditions.safetensors");
    const bytes = readFileSync(stored);
    expect(verifyRun(directory).every(({ problem }) => problem === undefined)).toBe(true);
    writeFileSync(stored, bytes.fill(0x42, bytes.length - 4));
    expect(verifyRun(directory).filter(({ problem }) => problem !== undefined)).toMatchObject([
      { path: "conditions.safetensors", problem: expect.stringContaining("is damaged: its CRC-32 is another") },
    ]);
    rmSync(stored);
    expect(verifyRun(directory).find(({ path }) => path === "conditions.safetensors")!.problem).toBeDefined();
    await expect(sampleRun(directory, { count: 1, seed: 0 })).rejects.toThrow("conditions.safetensors");
  });

  it("with a step of one's own gets conditions as labels", async () => {
    const trainer = defineTrainer({
      data: images(),
      batchSize: 4,
      steps: 1,
      latent: 4,
      build: (context) => ({ generator: conditional.generator.build(context) }),
      optimizers: {},
      step: ({ batch, labels, modules, latents }) => {
        expect([batch.labels!.shape, labels()!.shape]).toEqual([
          [4, 2],
          [4, 2],
        ]);
        return { mean: modules.generator.forward(latents(), labels()).mean() };
      },
      sample: ({ modules }, z, labels) => modules.generator.forward(z, labels),
    });
    const directory = join(temporaryFolder(), "run");
    expect((await startRun(trainer, { directory }).train()).step).toBe(1);
  });

  it("on vectors takes classes or conditions, and draws them", async () => {
    const vectors = Float32Array.from({ length: 2 * COUNT }, (_, i) => i / COUNT);
    const shape = [COUNT, 2];
    const data = dataFromArrays({ vectors, shape, labels: smiling, classes: ["no", "yes"] });
    const { loader, classCounts } = (await data.build({})) as VectorData;
    expect(classCounts).toEqual([12, 12]);
    expect(loader({ batchSize: 4, seed: 1 }).next().labels!.dtype).toBe("int64");
    const directory = join(temporaryFolder(), "classes");
    await startRun(recipeOf({ data, steps: 1 }), { directory }).train();
    expect((await sampleRun(directory, { count: 3, seed: 0, classIndex: 1 })).shape).toEqual([3, 2]);
    const angles = join(temporaryFolder(), "conditions");
    const conditions = { age: Tensor.fromArray(age) };
    await startRun(recipeOf({ data: dataFromArrays({ vectors, shape, conditions }), steps: 1 }), {
      directory: angles,
    }).train();
    expect((await sampleRun(angles, { count: 3, seed: 0, condition: { age: 30 } })).shape).toEqual([3, 2]);
  });
});

describe("conditions in memory", () => {
  const base = { images: new Uint8Array(2 * 16), shape: [2, 1, 4, 4] };
  it.each<[object, RegExp]>([
    [{ conditions: { a: [1] } }, /the condition `a` has 1 numbers for 2 images/],
    [{ conditions: { a: [1, Number.NaN] } }, /the condition `a` of sample 1 is NaN/],
    [{ conditions: {} }, /`conditions` is empty/],
    [{ conditions: { a: [1, 2] }, labels: [0, 1] }, /samples have a class, or conditions/],
    [
      { labels: Tensor.zeros([2, 3]) },
      /`labels` has the shape \[2, 3\]; it must be \[N\]; several numbers .* `conditions`/,
    ],
  ])("refuses %j", (more, message) => {
    expect(() => dataFromArrays({ ...base, ...more })).toThrow(message);
  });

  it("are scaled by the stated rule, and other values are other contents", async () => {
    const of = async (a: readonly number[]) => dataFromArrays({ ...base, conditions: { a } }).build({});
    const scaled = async (a: readonly number[]) => (await of(a)).labels.tolist();
    expect(await scaled([0, 1])).toEqual([[0], [1]]);
    expect(await scaled([1, -1])).toEqual([[1], [0]]);
    expect(await scaled([3, 5])).toEqual([[-1], [1]]);
    expect(await scaled([7, 7])).toEqual([[0], [0]]);
    expect((await of([0, 1])).fingerprint).not.toBe((await of([1, 0])).fingerprint);
    expect((await of([3, 5])).conditions).toEqual([
      { name: "a", kind: "number", mean: 4, deviation: 1, least: 3, most: 5 },
    ]);
  });
});
