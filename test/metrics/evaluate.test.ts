import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import { type Dataset, mnist } from "../../src/data/index.ts";
import { collect } from "../../src/metrics/collect.ts";
import { frechetDistance } from "../../src/metrics/formulas/frechet-distance.ts";
import { kernelDistance } from "../../src/metrics/formulas/kernel-distance.ts";
import { gaussianOf } from "../../src/metrics/formulas/moments.ts";
import {
  BYTES,
  costText,
  datasetImages,
  defineMetric,
  type Evaluation,
  type EvaluationCost,
  evaluate,
  type FeatureNetwork,
  hashOf,
  type ImageSet,
  openFeatures,
  overSeeds,
  scoreSchema,
} from "../../src/metrics/index.ts";
import { preset, presets } from "../../src/metrics/presets.ts";
import {
  densityCoverage,
  fid,
  fidInfinity,
  inceptionScore,
  kid,
  memorisation,
  modes,
  precisionRecall,
} from "../../src/metrics/scores/index.ts";
import { Generator, inferenceMode, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { flat } from "../nn/oracle.ts";

const cacheBefore = process.env.GANTRY_CACHE;
const cache = mkdtempSync(join(tmpdir(), "gantry-test-"));
let network: FeatureNetwork;
let train: Dataset;
let test: Dataset;

beforeAll(async () => {
  network = await openFeatures("mnist-classifier", { device: "cpu" });
  train = await mnist({ first: 300 }).build({});
  test = await mnist({ split: "test", first: 200 }).build({});
  process.env.GANTRY_CACHE = cache;
});

beforeEach(() => rmSync(join(cache, "real-statistics"), { recursive: true, force: true }));

afterAll(() => {
  if (cacheBefore === undefined) delete process.env.GANTRY_CACHE;
  else process.env.GANTRY_CACHE = cacheBefore;
  rmSync(cache, { recursive: true });
  network.dispose();
});

const evaluated = (images: ImageSet, parts: Partial<Evaluation> = {}) =>
  evaluate({
    network,
    metrics: [fid().build()],
    fake: { images, drawing: null, quantiser: BYTES },
    real: datasetImages(train),
    seed: 0,
    ...parts,
  });

const cached = (): string[] =>
  existsSync(join(cache, "real-statistics")) ? readdirSync(join(cache, "real-statistics")) : [];

describe("collect", () => {
  it("puts features and logits of all batches together in the order of the images", async () => {
    const images = datasetImages(test);
    const { count, features, logits, moments } = await collect(network, images, new Set(["features", "logits"]));
    expect([count, moments]).toEqual([200, undefined]);
    scope(() => {
      // Three batches of 64, and one of 8 that is filled up.
      const last = test.images.narrow(0, 192, 8);
      const whole = Tensor.cat([test.images.narrow(0, 0, 192), last, ...Array<Tensor>(7).fill(last)]);
      const parts = [0, 64, 128, 192].map((begin) => inferenceMode(() => network.forward(whole.narrow(0, begin, 64))));
      expect(flat(features!)).toEqual(parts.flatMap((part) => flat(part.features)).slice(0, features!.numel));
      expect(flat(logits!)).toEqual(parts.flatMap((part) => flat(part.logits)).slice(0, logits!.numel));
    });
    for (const tensor of [features, logits]) tensor!.dispose();
  });

  it("gives an image the same features wherever it stands and however many there are", async () => {
    const whole = await collect(network, datasetImages(train), new Set(["features"]));
    for (const [first, count] of [
      [7, 1],
      [100, 65],
      [3, 129],
    ] as const) {
      const part = { ...train, count, images: scope(() => train.images.narrow(0, first, count).clone()) };
      const { features } = await collect(network, datasetImages(part), new Set(["features"]));
      scope(() => expect(flat(features!)).toEqual(flat(whole.features!.narrow(0, first, count))));
      for (const tensor of [features, part.images]) tensor!.dispose();
    }
    whole.features!.dispose();
  });
});

describe("evaluate", () => {
  it("is the formula on the network's features of all images, whatever the batches", async () => {
    const featuresOf = ({ images }: Dataset) => inferenceMode(() => network.forward(images).features);
    const expected = scope(() => frechetDistance(gaussianOf(featuresOf(test)), gaussianOf(featuresOf(train))));
    const [score] = await evaluated(datasetImages(test));
    // Kernels of other batch sizes round otherwise: float32 features of about 1, sums of a few hundred of them.
    expect(Math.abs(score!.value - expected) / expected).toBeLessThan(1e-5);
    expect(score).toMatchObject({
      name: "fid@mnist-classifier",
      better: "lower",
      protocol: { features: "mnist-classifier", fakeCount: 200, real: { count: 300 }, drawing: null, seeds: [0] },
    });
  });

  it("gives 0 for a set compared with itself", async () => {
    const metrics = [fid().build(), memorisation().build()];
    const scores = await evaluated(datasetImages(train), { metrics });
    const values = Object.fromEntries(scores.map(({ name, value }) => [name.split("@")[0], value]));
    expect(Math.abs(values.fid!)).toBeLessThan(1e-6);
    expect(values.copies).toBe(1);
  });

  it.each([1, 65, 129])("finds all of %i copies, wherever they stand in a batch", async (count) => {
    const copies = { ...train, count, images: scope(() => train.images.narrow(0, 11, count).clone()) };
    const scores = await evaluated(datasetImages(copies), { metrics: [memorisation().build()] });
    expect(scores.map(({ name, value }) => [name, value])).toEqual([
      ["memorised@mnist-classifier", 1],
      ["copies@mnist-classifier", 1],
      ["neighbourRatio@mnist-classifier", 0],
    ]);
    copies.images.dispose();
  });

  it("calls scores undefined that have no distances to compare with", async () => {
    const doubled = { ...train, images: scope(() => Tensor.cat([train.images, train.images])), count: 600 };
    const real = datasetImages(doubled);
    const scores = await evaluated(datasetImages(test), { metrics: [memorisation().build()], real });
    expect(scores.map(({ value }) => value)).toEqual([Number.NaN, 0, Number.NaN]);
    const stored: unknown = JSON.parse(JSON.stringify(scores));
    expect(z.array(scoreSchema).parse(stored)).toEqual(scores);
    const [mean] = overSeeds([scores, scores]);
    expect(mean).toMatchObject({ value: Number.NaN, std: undefined });
    doubled.images.dispose();
  });

  it("goes on where the statistics of real images cannot be kept, and says so", async () => {
    const warnings: string[] = [];
    process.env.GANTRY_CACHE = "/proc/gantry";
    try {
      const warn = (text: string) => void warnings.push(text);
      const [score] = await evaluated(datasetImages(test), { metrics: [kid({ subsetSize: 50 }).build()], warn });
      expect(score!.value).toBeGreaterThan(0);
    } finally {
      process.env.GANTRY_CACHE = cache;
    }
    expect(warnings).toEqual([
      expect.stringMatching(
        /^the statistics of mnist \(train\) are not kept, and computed again next time: cannot write /,
      ),
    ]);
  });

  it("refuses too few images before it looks at the first", async () => {
    const blind: FeatureNetwork = { ...network, name: network.name, forward: () => expect.unreachable() };
    const refused = evaluated(datasetImages(test), { metrics: [kid().build()], network: blind });
    await expect(refused).rejects.toThrow(
      new UserError(
        "`kid` (subsets 100, subsetSize 1000) needs at least 1000 samples, and there are 200 of mnist (test); " +
          "set `kid.subsetSize` to at most 200, or choose other metrics (gantry evaluate: --set kid.subsetSize=200, or --metrics fid)",
      ),
    );
  });

  it("computes features once for all metrics, and frees all of them", async () => {
    let passes = 0;
    const counting: FeatureNetwork = {
      ...network,
      name: network.name,
      forward: (images) => {
        passes += images.shape[0]!;
        return network.forward(images);
      },
    };
    const metrics = [
      fid(),
      inceptionScore({ splits: 4 }),
      kid({ subsets: 3, subsetSize: 50 }),
      precisionRecall(),
      modes(),
      fidInfinity({ points: 3 }),
    ].map((metric) => metric.build());
    const before = liveTensors();
    const scores = await evaluated(datasetImages(test), { metrics, network: counting });
    // Whole batches of 64.
    expect(passes).toBe(4 * 64 + 5 * 64);
    expect(liveTensors()).toBe(before);
    expect(scores.map(({ name }) => name.split("@")[0])).toEqual(
      ["fid", "inceptionScore", "kid", "precision", "recall", "modes", "entropy", "reverseKl"].concat([
        "fidInfinity",
        "fidInfinityFit",
      ]),
    );
    for (const { value } of scores) expect(Number.isFinite(value)).toBe(true);
    const [, inception, kernel] = scores;
    expect(inception).toMatchObject({ over: "4 splits", protocol: { real: null, options: { splits: 4 } } });
    expect(kernel).toMatchObject({ over: "3 subsets" });
    expect(scores[8]!.points!.map(([count]) => count).at(-1)).toBe(200);
  });

  it("keeps the statistics of real images under all that they depend on", async () => {
    const [first] = await evaluated(datasetImages(test));
    expect(cached()).toHaveLength(1);
    const { mtimeMs } = statSync(join(cache, "real-statistics", cached()[0]!));
    let looked: string[] = [];
    const [second] = await evaluated(datasetImages(test), { onProgress: ({ name }) => void looked.push(name) });
    expect(second).toEqual(first);
    expect(new Set(looked)).toEqual(new Set([test.name]));
    expect(statSync(join(cache, "real-statistics", cached()[0]!)).mtimeMs).toBe(mtimeMs);
    // What is damaged is made again.
    writeFileSync(join(cache, "real-statistics", cached()[0]!), "no safetensors");
    expect((await evaluated(datasetImages(test)))[0]).toEqual(first);
    // Another metric wants another part of the same images: one file, with both.
    await evaluated(datasetImages(test), { metrics: [kid({ subsets: 2, subsetSize: 20 }).build()] });
    expect(cached()).toHaveLength(1);
    looked = [];
    await evaluated(datasetImages(test), { onProgress: ({ name }) => void looked.push(name) });
    expect(new Set(looked)).toEqual(new Set([test.name]));
    // Other images, and other weights.
    await evaluated(datasetImages(test), { real: datasetImages(train, 299) });
    expect(cached()).toHaveLength(2);
    await evaluated(datasetImages(test), { network: { ...network, hash: "0", forward: (x) => network.forward(x) } });
    expect(cached()).toHaveLength(3);
    // Another way to bring images to the network's size.
    const resizer = "nearest";
    await evaluated(datasetImages(test), { network: { ...network, resizer, forward: (x) => network.forward(x) } });
    expect(cached()).toHaveLength(4);
  });

  it("takes splits and subsets in an order of its seed, not in that of the folder", async () => {
    const metrics = [inceptionScore({ splits: 5 }).build()];
    const value = async (seed: number) => (await evaluated(datasetImages(test), { metrics, seed }))[0]!.value;
    expect(await value(1)).toBe(await value(1));
    expect(await value(1)).not.toBe(await value(2));
  });

  it("draws the order of the samples and the subsets of a metric from its seed", async () => {
    const options = { subsets: 3, subsetSize: 50 };
    const [score] = await evaluated(datasetImages(test), { metrics: [kid(options).build()], seed: 7 });
    const [fake, real] = await Promise.all(
      [test, train].map(async (set) => (await collect(network, datasetImages(set), new Set(["features"]))).features!),
    );
    const expected = scope(() => {
      const order = Tensor.randperm(200, { generator: new Generator(7) });
      return kernelDistance(fake!.indexSelect(0, order), real!, { ...options, generator: new Generator(7) });
    });
    expect([score!.value, score!.std]).toEqual([expected.mean, expected.std]);
    for (const tensor of [fake, real]) tensor!.dispose();
  });

  it("refuses images that cannot be scored, in one sentence", async () => {
    await expect(evaluated(datasetImages(test), { real: undefined })).rejects.toThrow(
      "`fid` compares with real images, and none were given",
    );
    const small = await mnist({ split: "test", size: 28, first: 20 }).build({});
    await expect(evaluated(datasetImages(small))).rejects.toThrow("are 28 x 28 and those of mnist (train) 32 x 32");
    const broken: FeatureNetwork = {
      ...network,
      forward: (images) => {
        const { features, logits } = network.forward(images);
        const spoilt = features.clone();
        if (spoilt.shape[0]! > 5) spoilt.narrow(0, 5, 1).fill_(Number.NaN);
        return { features: spoilt, logits };
      },
    };
    const attempt = evaluated(datasetImages(test), { network: broken, real: datasetImages(train) });
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow("image 5 of mnist (train) gives features that are not finite");
  });

  it("warns of fewer images than dimensions", async () => {
    const warnings: string[] = [];
    const few = await mnist({ split: "test", first: 20 }).build({});
    await evaluated(datasetImages(few), { warn: (message) => void warnings.push(message) });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`mnist (test) has 20 images, not more than the ${network.dimensions} dimensions`);
  });
});

describe("sets of images", () => {
  it("have a hash of their bytes and shape", async () => {
    const whole = await hashOf(datasetImages(train));
    expect(await hashOf(datasetImages(train))).toBe(whole);
    expect(await hashOf({ ...datasetImages(train), name: "another name" })).toBe(whole);
    expect(await hashOf(datasetImages(train, 299))).not.toBe(whole);
    const bytes = Uint8Array.from({ length: 2 * 48 }, (_, i) => i);
    const shaped = (channels: number, height: number, width: number): ImageSet => ({
      ...{ name: "bytes", count: 2, channels, height, width },
      batches: () => [Tensor.fromArray(bytes, [2, channels, height, width])],
    });
    const shapes = [shaped(3, 4, 4), shaped(1, 12, 4), shaped(1, 4, 12), shaped(3, 8, 2)];
    expect(new Set(await Promise.all(shapes.map((set) => hashOf(set)))).size).toBe(4);
    expect(await hashOf(shaped(3, 4, 4))).toBe(await hashOf(shapes[0]!));
  });

  it("of gray images are the same as one channel or as three equal ones, and of colours are not", async () => {
    const set = (channels: number, bytes: Uint8Array): ImageSet => ({
      ...{ name: "bytes", count: 2, channels, height: 4, width: 4 },
      batches: () => [Tensor.fromArray(bytes, [2, channels, 4, 4])],
    });
    const gray = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
    const tripled = Uint8Array.from({ length: 96 }, (_, i) => gray[Math.floor(i / 48) * 16 + (i % 16)]!);
    const coloured = tripled.with(95, 0);
    expect(await hashOf(set(3, tripled))).toBe(await hashOf(set(1, gray)));
    expect(await hashOf(set(3, coloured))).not.toBe(await hashOf(set(1, gray)));
    const stopped = hashOf(set(1, gray), AbortSignal.abort(new Error("enough")));
    await expect(stopped).rejects.toThrow("enough");
  });

  it("of a part are a fixed random choice, each image once, in order", async () => {
    const rows = async (most: number): Promise<number[][]> => {
      const found: number[][] = [];
      for await (const batch of datasetImages(train, most).batches(7)) {
        for (let i = 0; i < batch.shape[0]!; i++) found.push(flat(batch.narrow(0, i, 1)));
        batch.dispose();
      }
      return found;
    };
    const all = await rows(300);
    const some = await rows(40);
    const places = some.map((row) => all.findIndex((other) => other.every((value, i) => value === row[i])));
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    expect(places).not.toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(await rows(40)).toEqual(some);
  });
});

describe("presets", () => {
  it("hold what the published protocols fixed", () => {
    expect(Object.keys(presets)).toEqual(["quick", "paper-2016", "fid-50k-train", "mimicry", "studiogan", "clean-fid"]);
    const options = (name: string) => preset(name).metrics.map(({ kind, options: o }) => [kind, o]);
    expect(options("paper-2016")).toEqual([["inceptionScore", { splits: 10 }]]);
    expect(options("mimicry")).toContainEqual(["kid", { subsets: 10, subsetSize: 5_000 }]);
    expect(options("studiogan")).toEqual([
      ["fid", {}],
      ["inceptionScore", { splits: 1 }],
      ["precisionRecall", { neighbours: 5 }],
      ["densityCoverage", { neighbours: 5 }],
    ]);
    expect(options("clean-fid")).toEqual([
      ["fid", {}],
      ["kid", { subsets: 100, subsetSize: 1_000 }],
    ]);
    const clean = { resizer: "clean-bicubic", fakeCount: 10_000, realCount: undefined, realSplit: "test" };
    expect(preset("clean-fid")).toMatchObject(clean);
    expect(preset("studiogan")).toMatchObject({ resizer: "torch-bilinear", fakeCount: "real" });
    expect(() => preset("mimcry")).toThrow("there is no protocol `mimcry`; did you mean `mimicry`?");
  });
});

describe("the announced cost", () => {
  const counts = { fake: 20, real: 50 };

  it("counts the pairs that each metric compares", () => {
    expect(fid().build().pairs(counts)).toBe(0);
    // Balls of either side, and each side in the other's.
    expect(precisionRecall().build().pairs(counts)).toBe(50 ** 2 + 20 ** 2 + 50 * 20);
    expect(precisionRecall({ most: 30 }).build().pairs(counts)).toBe(30 ** 2 + 20 ** 2 + 30 * 20);
    expect(densityCoverage().build().pairs(counts)).toBe(50 ** 2 + 50 * 20);
    expect(memorisation().build().pairs(counts)).toBe(50 ** 2 + 50 * 20);
    // Within either set and between them, whatever the sizes of the sets.
    expect(kid({ subsets: 4, subsetSize: 10 }).build().pairs(counts)).toBe(4 * 3 * 10 ** 2);
  });

  it("has the time of the pairs", async () => {
    const needs = { fake: ["features"], real: ["features"] } as const;
    const scores = { testOfPairs: "lower" } as const;
    const many = defineMetric("testOfPairs", z.strictObject({}), {
      ...{ description: "for this test", needs, scores },
      pairs: ({ fake, real }) => fake * real * 1e8,
      compute: () => ({ testOfPairs: 0 }),
    });
    const told: EvaluationCost[] = [];
    const announce = (cost: EvaluationCost) => void told.push(cost);
    await evaluated(datasetImages(test), { announce });
    await evaluated(datasetImages(test), { announce, metrics: [fid().build(), many().build()] });
    const [without, more] = told;
    expect(without!.pairs).toBe(0);
    expect(more!.pairs).toBe(200 * 300 * 1e8);
    // 64 products and more a pair: no core does 10^13 of them a second, and none needs a millisecond for one pair.
    expect(more!.seconds - without!.seconds).toBeGreaterThan((more!.pairs * 64) / 1e13);
    expect(more!.seconds - without!.seconds).toBeLessThan(more!.pairs / 1e3);
    expect(costText(without!)).not.toContain("distances");
    expect(costText(more!)).toContain(", 6000000 million distances: about ");
  });
});
