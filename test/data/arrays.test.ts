/** dataFromArrays: what is read how, what is refused, batches, and runs that continue with the same arrays only. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import {
  type Dataset,
  dataFromArrays,
  type ImageArrays,
  ShuffledLoader,
  type VectorArrays,
  type VectorData,
} from "../../src/data/index.ts";
import { Linear } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { applyOverrides } from "../../src/recipe/index.ts";
import { scope, Tensor } from "../../src/tensor/index.ts";
import { defineTrainer, openRun, startRun } from "../../src/training/index.ts";
import { start } from "../cli/spawn.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "../training/tiny.ts";

const folder = temporaryFolder();
const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => (i * 37) % 256);
const images = (arrays: ImageArrays): Promise<Dataset> => dataFromArrays(arrays).build({});
const vectors = (arrays: VectorArrays): Promise<VectorData> => dataFromArrays(arrays).build({});

describe("images", () => {
  it("are bytes as they are, with labels and names", async () => {
    const pixels = bytes(6 * 3 * 4 * 4);
    const dataset = await images({
      images: pixels,
      shape: [6, 3, 4, 4],
      labels: [0, 1, 2, 0, 1, 2],
      classes: ["a", "b", "c"],
    });
    expect(dataset).toMatchObject({
      count: 6,
      channels: 3,
      size: 4,
      classes: ["a", "b", "c"],
      flip: false,
      broken: [],
    });
    expect(dataset.images.toArray()).toEqual(pixels);
    expect(Array.from(dataset.labels.toArray(), Number)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(dataset.protocolNote).toMatch(/^6 images from arrays in memory, contents [0-9a-f]{12}; not resized$/);
  });

  it("are the same from a tensor, and classes without names are numbers", async () => {
    const pixels = bytes(4 * 16);
    const tensor = Tensor.fromArray(pixels, [4, 1, 4, 4]);
    const dataset = await images({
      images: tensor,
      labels: Tensor.fromArray(new BigInt64Array([2n, 0n, 1n, 0n]), [4]),
    });
    expect(dataset.images.toArray()).toEqual(pixels);
    expect(dataset.classes).toEqual(["0", "1", "2"]);
    expect((await images({ images: pixels, shape: [4, 1, 4, 4] })).classes).toEqual([]);
  });

  it("of floats are rounded to the nearest level: each of the 256 comes back from bytes / 127.5 - 1", async () => {
    const levels = Uint8Array.from({ length: 256 }, (_, i) => i);
    const floats = Float32Array.from(levels, (level) => level / 127.5 - 1);
    expect((await images({ images: floats, shape: [1, 1, 16, 16] })).images.toArray()).toEqual(levels);
    const between = Float64Array.from([-1, -0.998, -0.994, 1, 0, 0.001, -0.001, 0.5, ...Array(8).fill(0)]);
    const read = await images({ images: Tensor.fromArray(between, [1, 1, 4, 4]) });
    expect(Array.from(read.images.toArray() as Uint8Array).slice(0, 8)).toEqual([0, 0, 1, 255, 128, 128, 127, 191]);
  });

  it("are read with a tensor's own shape given again, and with labels that are big whole numbers", async () => {
    const tensor = Tensor.fromArray(bytes(32), [2, 1, 4, 4]);
    const dataset = await images({ images: tensor, shape: [2, 1, 4, 4], labels: [1n, 0n] });
    expect(Array.from(dataset.labels.toArray(), Number)).toEqual([1, 0]);
  });

  it("are copied", async () => {
    const pixels = bytes(16);
    const data = dataFromArrays({ images: pixels, shape: [1, 1, 4, 4] });
    pixels.fill(0);
    expect((await data.build({})).images.toArray()).toEqual(bytes(16));
  });

  const shape = [2, 1, 4, 4];
  it.each<[string, object, RegExp]>([
    ["a plain list", { images: [1, 2], shape }, /`images` must be a typed array with `shape` \[N, C, H, W\]/],
    ["no shape", { images: bytes(32) }, /`images` is a typed array; give its `shape`, \[N, C, H, W\]/],
    [
      "another number of numbers",
      { images: bytes(31), shape },
      /`images` has 31 numbers; the shape \[2, 1, 4, 4\] needs 32/,
    ],
    ["three dimensions", { images: bytes(32), shape: [2, 4, 4] }, /shape \[2, 4, 4\]; it must be \[N, C, H, W\]/],
    ["no images", { images: bytes(0), shape: [0, 1, 4, 4] }, /sizes of at least 1/],
    [
      "channels that come last",
      { images: bytes(2 * 8 * 8 * 3), shape: [2, 8, 8, 3] },
      /shape \[2, 8, 8, 3\] would have 8 channels of 8 x 3 pixels; the order is \[N, C, H, W\]/,
    ],
    [
      "hundreds of channels",
      { images: bytes(2 * 100 * 8 * 8), shape: [2, 100, 8, 8] },
      /would have 100 channels .* \(at most 64\)/,
    ],
    ["16-bit numbers", { images: new Int16Array(32), shape }, /is a Int16Array; give bytes .* or floats in \[-1, 1\]/],
    [
      "floats up to 255",
      { images: new Float32Array(32).fill(255), shape },
      /value 255 at position 0; floats must lie in/,
    ],
    ["NaN", { images: new Float32Array(32).fill(Number.NaN), shape }, /value NaN at position 0/],
    ["a label too few", { images: bytes(32), shape, labels: [0] }, /there are 1 `labels` for 2 images/],
    [
      "a negative label",
      { images: bytes(32), shape, labels: [0, -1] },
      /label 1 is -1; labels are whole numbers from 0/,
    ],
    [
      "a label without a name",
      { images: bytes(32), shape, labels: [0, 2], classes: ["a", "b"] },
      /a label is 2; there are 2/,
    ],
    [
      "a label of null",
      { images: bytes(32), shape, labels: [0, null] },
      /label 1 is null; labels are whole numbers from 0$/,
    ],
    ["an empty label", { images: bytes(32), shape, labels: [0, ""] }, /label 1 is an empty text; labels are whole/],
    ["no label", { images: bytes(32), shape, labels: [0, undefined] }, /label 1 is undefined; labels are whole/],
    [
      "a label of text",
      { images: bytes(32), shape, labels: ["cat", "dog"] },
      /label 0 is the text `cat`; .*, and `classes` has their names$/,
    ],
    ["a number as text", { images: bytes(32), shape, labels: [0, "1"] }, /label 1 is the text `1`; labels are whole/],
    [
      "a label of a list",
      { images: bytes(32), shape, labels: [[1], [0]] },
      /label 0 is a list; .*one-hot.*place of the 1$/,
    ],
    ["a label of true", { images: bytes(32), shape, labels: [true, false] }, /label 0 is true; labels are whole/],
    ["a label of a billion", { images: bytes(32), shape, labels: [0, 1e9] }, /label 1 is 1000000000; labels are whole/],
    [
      "a condition of null",
      { images: bytes(32), shape, conditions: { age: [30, null] } },
      /condition `age` of sample 1 is null; conditions are finite numbers/,
    ],
    [
      "an empty condition",
      { images: bytes(32), shape, conditions: { age: ["", 1] } },
      /condition `age` of sample 0 is an empty text/,
    ],
    [
      "a condition of a date",
      { images: bytes(32), shape, conditions: { born: [new Date(1), 1] } },
      /condition `born` of sample 0 is an object/,
    ],
    [
      "floats in [0, 1]",
      { images: Float32Array.from(bytes(32), (level) => level / 255), shape },
      /least is 0, so they seem to be in \[0, 1\], and floats must lie in \[-1, 1\], where -1 is black; give 2 x - 1/,
    ],
    [
      "floats in [0, 1] that overshoot",
      { images: Float64Array.from(bytes(32), (level) => level / 255 - 0.05), shape },
      /least is -0.05, so they seem/,
    ],
    [
      "vectors and images",
      { images: bytes(4), vectors: new Float32Array(4), shape: [2, 2] },
      /`images` and `vectors` are both given/,
    ],
    [
      "another shape than a tensor's",
      { images: Tensor.full([2, 1, 4, 4], 200, { dtype: "uint8" }), shape: [1, 2, 4, 4] },
      /`shape` is \[1, 2, 4, 4\], and the tensor `images` has the shape \[2, 1, 4, 4\]/,
    ],
    [
      "vectors above float32",
      { vectors: Float64Array.of(1, 2, 1e39, 3), shape: [2, 2] },
      /value 1e\+39 in row 1; networks take float32/,
    ],
    ["names without labels", { images: bytes(32), shape, classes: ["a"] }, /`classes` are given without `labels`/],
    ["a name twice", { images: bytes(32), shape, labels: [0, 1], classes: ["a", "a"] }, /the name `a` twice/],
    ["whole numbers as vectors", { vectors: bytes(4), shape: [2, 2] }, /`vectors` are whole numbers; give floats/],
    [
      "infinite vectors",
      { vectors: Float32Array.from([1, 2, 3, Number.POSITIVE_INFINITY]), shape: [2, 2] },
      /Infinity in row 1/,
    ],
  ])("refuse %s", (_, arrays, reason) => {
    expect(() => dataFromArrays(arrays as never)).toThrow(UserError);
    expect(() => dataFromArrays(arrays as never)).toThrow(reason);
  });
});

it("refuses options from outside that the arrays cannot have", async () => {
  const made = {
    vectors: dataFromArrays({ vectors: new Float32Array(6), shape: [3, 2] }),
    images: dataFromArrays({ images: bytes(32), shape: [2, 1, 4, 4], labels: [0, 1] }),
  };
  const changed = (of: keyof typeof made, change: string) =>
    applyOverrides(tinyRecipe({ data: made[of] }), [change]).data.build({});
  await expect(changed("vectors", "data.flip=true")).rejects.toThrow("`flip` mirrors images, and these are vectors");
  await expect(changed("vectors", "data.classes=[a]")).rejects.toThrow("`classes` are given, and there are no labels");
  await expect(changed("images", "data.classes=[a]")).rejects.toThrow("`classes` names 1, and the labels go to 1");
  await expect(changed("images", "data.classes=[a,a]")).rejects.toThrow("`classes` has the name `a` twice");
  await expect(changed("images", "data.shape=[3,1,4,4]")).rejects.toThrow("is not that of the 32 values");
  expect(await changed("images", "data.flip=true")).toMatchObject({ flip: true });
});

describe("vectors", () => {
  const rows = Float32Array.from({ length: 10 * 3 }, (_, i) => i / 7);

  it("come in shuffled batches, each once per epoch, and continue from a state", async () => {
    const data = await vectors({ vectors: rows, shape: [10, 3] });
    expect(data).toMatchObject({ features: 3, samplesPerEpoch: 10, mixture: undefined });
    const loader = data.loader({ batchSize: 5, seed: 1 });
    scope(() => {
      const both = Tensor.cat([loader.next().images, loader.next().images]).tolist() as number[][];
      const sorted = both.map(([first]) => Math.round(first! * 7)).sort((a, b) => a - b);
      expect(sorted).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
      for (const [first, second] of both) expect(second! - first!).toBeCloseTo(1 / 7, 6);
      const state = loader.state();
      const next = loader.next().images.tolist();
      const other = data.loader({ batchSize: 5, seed: 9 });
      other.load(state);
      expect(other.next().images.tolist()).toEqual(next);
      expect(other.epoch).toBe(1.5);
      expect(loader.auxiliary!({ batchSize: 2 }, 3).next().images.shape).toEqual([2, 3]);
      expect(() => loader.auxiliary!({ perClass: 2 }, 3)).toThrow(/has no class labels/);
    });
  });

  it("train with perceptrons, three numbers to a vector too", async () => {
    const recipe = tinyRecipe({ data: dataFromArrays({ vectors: rows, shape: [10, 3] }), steps: 2 });
    const run = startRun(recipe, { directory: join(folder, "vectors") });
    expect((await run.train()).step).toBe(2);
  });

  it("that code gave are not needed to draw samples of the run", async () => {
    const { code, stderr } = await start(["sample", join(folder, "vectors"), "--count", "4"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(existsSync(join(folder, "vectors/sample-seed0.png"))).toBe(true);
  });
});

describe("a trainer", () => {
  it("with other arrays than the run's is refused, also where this process knows both", async () => {
    const of = (first: number) =>
      defineTrainer({
        data: dataFromArrays({ vectors: Float32Array.from({ length: 16 }, (_, i) => first + i), shape: [8, 2] }),
        batchSize: 4,
        steps: 1,
        build: (context) => ({ line: new Linear(context, 2, 1) }),
        optimizers: { line: sgd() },
        step: ({ batch, modules }) => ({ loss: modules.line.forward(batch.images).mean() }),
      });
    const directory = join(folder, "two arrays");
    await startRun(of(0), { directory }).train();
    await expect(openRun(directory, ["steps=2"], { trainer: of(1) })).rejects.toThrow(
      /was trained on arrays in memory with contents [0-9a-f]{12}, and the trainer given here has the arrays [0-9a-f]{12}/,
    );
    const same = await openRun(directory, ["steps=2"], { trainer: of(0) });
    expect((await same.train()).step).toBe(2);
  });

  it("of one's own steps trains on vectors and continues", async () => {
    const trainer = () =>
      defineTrainer({
        name: "arrays",
        data: dataFromArrays({ vectors: Float32Array.from({ length: 16 }, (_, i) => i / 16), shape: [8, 2] }),
        batchSize: 4,
        steps: 2,
        build: (context) => ({ line: new Linear(context, 2, 1) }),
        optimizers: { line: sgd({ lr: 1e-3 }) },
        step({ batch, modules, optimizers }) {
          const loss = modules.line.forward(batch.images).square().mean();
          optimizers.line.minimize(loss);
          return { loss };
        },
      });
    const directory = join(folder, "trainer");
    await startRun(trainer(), { directory }).train();
    expect((await (await openRun(directory, ["steps=4"], { trainer: trainer() })).train()).step).toBe(4);
  });
});

describe("a run", () => {
  const shape = [24, 1, 16, 16];
  const made = (seed: number) =>
    dataFromArrays({
      images: Uint8Array.from({ length: 24 * 256 }, (_, i) => (i * 31 + seed) % 256),
      shape,
      labels: Array.from({ length: 24 }, (_, i) => i % 2),
    });

  it("has the order of any dataset, and continues in code to the bits of an uninterrupted one", async () => {
    const dataset = await made(0).build({});
    const [first, second] = [1, 1].map((seed) => new ShuffledLoader(dataset, { batchSize: 8, seed }));
    scope(() => expect(first!.next().images.tolist()).toEqual(second!.next().images.tolist()));
    const recipe = (steps: number) => tinyRecipe({ data: made(0), steps, checkpoint: { every: 2 } });
    const whole = join(folder, "whole");
    await startRun(recipe(6), { directory: whole }).train();
    const halved = join(folder, "halved");
    await startRun(recipe(3), { directory: halved }).train();
    await (await openRun(halved, ["steps=6"])).train();
    const weights = (run: string) => readFileSync(join(run, "checkpoints/step-000006/generator.safetensors"));
    expect(weights(halved).equals(weights(whole))).toBe(true);
  });

  it("stores the shape and the hash of the contents, and is refused with others", async () => {
    const directory = join(folder, "others");
    await startRun(tinyRecipe({ data: made(5), steps: 2 }), { directory }).train();
    const file = join(directory, "recipe.json");
    const stored = JSON.parse(readFileSync(file, "utf8"));
    expect(stored.recipe.data).toMatchObject({ kind: "dataFromArrays", options: { shape, classes: ["0", "1"] } });
    stored.recipe.data.options.contents = "0".repeat(64);
    delete stored.crc32;
    writeFileSync(file, JSON.stringify(stored));
    await expect((await openRun(directory, ["steps=4"])).train()).rejects.toThrow(
      /arrays in memory: arrays \[24, 1, 16, 16\], contents 000000000000; the arrays given here have other contents/,
    );
  });

  it("that was begun in code is refused by the command line, which says how to continue it", async () => {
    const outcome = await start(["resume", join(folder, "halved"), "--steps", "8"]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/give the same arrays to dataFromArrays in a program and continue the run there/);
  });

  it("of a recipe file is trained and continued by the command line, with the same contents only", async () => {
    const file = join(folder, "own-arrays.mts");
    const text = (seed: number) => `
      import { adam, dataFromArrays, defineRecipe, hinge, mlp } from "gantry";
      export default defineRecipe({
        data: dataFromArrays({ images: Uint8Array.from({ length: 8 * 256 }, (_, i) => (i * 7 + ${seed}) % 256), shape: [8, 1, 16, 16] }),
        generator: mlp.generator({ latent: 4, hidden: [8] }),
        discriminator: mlp.discriminator({ hidden: [8] }),
        loss: hinge(),
        optimizers: { generator: adam(), discriminator: adam() },
        batchSize: 4,
        steps: 2,
      });`;
    writeFileSync(file, text(0));
    const run = join(folder, "from file");
    expect(await start(["train", file, "--out", run])).toMatchObject({ code: 0 });
    const continued = await start(["resume", run, "--steps", "4"]);
    expect(continued.stderr).toBe("");
    expect(existsSync(join(run, "checkpoints/step-000004"))).toBe(true);
    writeFileSync(file, text(1));
    const refused = await start(["resume", run, "--steps", "6", "--trust"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/the arrays given here have other contents/);
  });
});
