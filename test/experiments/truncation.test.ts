import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type DataContext, defineDataset, mnist } from "../../src/data/index.ts";
import { makePage, readRecords, runExperiment } from "../../src/experiments/index.ts";
import { amenability, Saturation } from "../../src/experiments/truncation/saturation.ts";
import {
  type TruncationRecord,
  truncation,
  truncationCurve,
  truncationTables,
} from "../../src/experiments/truncation/truncation.ts";
import { precisionRecall } from "../../src/metrics/index.ts";
import { dcgan } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { startRun } from "../../src/training/index.ts";
import { makeDataset, temporaryFolder, tinyRecipe } from "../training/tiny.ts";
import { cells } from "./markdown.ts";

describe("saturation", () => {
  it("is the share of values beyond 0.99 at either end", () => {
    const saturation = new Saturation();
    // x = byte / 127.5 - 1: 1 is -0.992, 2 is -0.984, 253 is 0.984, 254 is 0.992.
    saturation.add(Tensor.fromArray(Uint8Array.from([0, 1, 2, 253, 254, 128, 128, 128]), [2, 4]));
    saturation.add(Tensor.fromArray(Uint8Array.from([255, 255]), [2]));
    expect(saturation.shares).toEqual({ dark: 0.2, bright: 0.3 });
  });

  it("speaks against truncation where either end rises above real images and samples without it", () => {
    const at = (threshold: number | undefined, dark: number, bright: number) => ({
      threshold,
      saturation: { dark, bright },
    });
    const real = { dark: 0.8, bright: 0.05 };
    const plain = at(undefined, 0.3, 0.1);
    // Dark may rise up to what real images have.
    expect(amenability([plain, at(1, 0.8, 0.1), at(0.5, 0.84, 0.12)], real)).toMatchObject({
      amenable: true,
      threshold: 0.5,
      end: "dark",
      rise: expect.closeTo(0.04, 10) as number,
    });
    expect(amenability([plain, at(1, 0.1, 0.4), at(0.5, 0.1, 0.3)], real)).toMatchObject({
      amenable: false,
      threshold: 1,
      end: "bright",
      rise: expect.closeTo(0.3, 10) as number,
    });
    expect(amenability([at(1, 0.8, 0.11)], real)).toMatchObject({
      amenable: false,
      rise: expect.closeTo(0.06, 10) as number,
    });
    expect(amenability([plain], real)).toBeUndefined();
  });
});

it("precision and recall take at most N real images", () => {
  const [real, fake] = [1, 2].map((seed) => Tensor.randn([40, 3], { generator: new Generator(seed) })) as [
    Tensor,
    Tensor,
  ];
  const part = (features: Tensor) => ({ count: features.shape[0]!, features });
  const measure = (rows: Tensor, options: object) =>
    precisionRecall(options)
      .build()
      .compute({ fake: part(fake), real: part(rows), random: new Generator(0) });
  expect(measure(real, { most: 40 })).toEqual(measure(real, {}));
  const order = Tensor.randperm(40, { generator: new Generator(0) });
  expect(measure(real, { most: 12 })).toEqual(measure(real.indexSelect(0, order.narrow(0, 0, 12)), {}));
  expect(measure(real, { most: 12 })).not.toEqual(measure(real, {}));
});

describe("gantry lab truncation", () => {
  const record = (threshold: number | null, seed: number, inceptionScore: number): TruncationRecord => {
    const drawing = { averaged: true, mode: "eval", batch: 64, truncation: threshold, labels: "none" } as const;
    const real = { name: "x (train)", count: 50, hash: "ab" };
    const protocol = {
      features: "f",
      featuresHash: "cd",
      resizer: "r",
      quantiser: "q",
      real,
      fakeCount: 40,
      drawing,
      options: { neighbours: 3, most: 40 },
      seeds: [seed],
    };
    const scores = Object.entries({ inceptionScore, fid: 20, precision: 0.5, recall: 0.25 });
    return {
      format: 1,
      settings: {
        run: "a",
        recipe: "h",
        step: 3,
        averaged: true,
        protocol: "quick",
        features: "f",
        count: 40,
        realCount: null,
      },
      threshold,
      seed,
      scores: scores.map(([name, value]) => ({ name: `${name}@f`, value, better: "higher", protocol })),
      saturation: { dark: 0.1, bright: threshold === 1 ? 0.5 : 0.2 },
      realSaturation: { dark: 0.1, bright: 0.25 },
      seconds: 1,
      engine: {},
    };
  };
  const records = [record(null, 0, 2), record(null, 1, 4), record(1, 0, 5), record(1, 1, 5)];

  it("tabulates means and intervals over seeds, and the result on saturation", () => {
    const [plain, one] = truncationCurve(records).points;
    expect([plain!.threshold, plain!.scores.inceptionScore.mean, plain!.seeds]).toEqual([null, 3, [0, 1]]);
    // t(0.975, 1) s / sqrt(2) = 12.706 x sqrt(2) / sqrt(2)
    expect(plain!.scores.inceptionScore.halfWidth).toBeCloseTo(12.7062, 3);
    expect(one!.saturation).toEqual({ dark: 0.1, bright: 0.5 });
    const text = cells(truncationTables(records));
    expect(text).toContain("| none | 3 ± 13 | 20 ± 0 | 0.50000 ± 0 | 0.25000 ± 0 | 10.0 % | 20.0 % | 2 |");
    expect(text).toContain("at threshold 1, at the bright end: 25.0 % of all values");
    expect(text).toContain("**not amenable to truncation**");
    expect(truncationTables(records.slice(0, 2))).not.toContain("amenable");
    const other = { ...records[0]!, settings: { ...records[0]!.settings, step: 4 } };
    expect(() => truncationTables([...records, other])).toThrow("the records are of several runs or settings");
  });

  it("measures each point once, by the protocol of gantry evaluate, and continues where it was", async () => {
    const folder = temporaryFolder();
    const run = join(folder, "run");
    const data = mnist({ size: 16, first: 80 }) as RecipeInput["data"];
    const recipe = tinyRecipe({ data, generator: dcgan.generator({ latent: 4, width: 2 }), steps: 1 });
    await startRun(recipe, { directory: run }).train();
    const options = {
      run,
      thresholds: [null, 0.5],
      seeds: 1,
      protocol: "quick",
      features: "mnist-classifier",
      count: 40,
      realCount: 60,
      checkpoint: "last",
      averaged: true,
    };
    const out = join(folder, "out");
    const seen: string[] = [];
    const measured = ({ threshold, seconds }: TruncationRecord): unknown => seen.push(`${threshold} ${seconds}`);
    const { records: before } = await runExperiment(truncation, options, out, { measured });
    expect(before.map(({ threshold }) => threshold)).toEqual([null, 0.5]);
    expect(before[1]!.scores.map(({ name }) => name.split("@")[0])).toEqual([
      "inceptionScore",
      "fid",
      "precision",
      "recall",
    ]);
    expect(before[1]!.scores[1]!.protocol).toMatchObject({
      fakeCount: 40,
      real: { count: 60 },
      drawing: { truncation: 0.5 },
    });
    // As many real images as generated ones.
    expect(before[1]!.scores[2]!.protocol.options).toEqual({ neighbours: 3, most: 40 });
    expect(before[1]!.saturation.bright).toBeLessThan(1);
    await runExperiment(truncation, { ...options, thresholds: [0.5, null, 1] }, out, { measured });
    expect(seen).toHaveLength(5);
    const after = readRecords(out, truncation);
    expect([after[0], after[2]]).toEqual(before);
    await expect(runExperiment(truncation, { ...options, count: 41 }, out)).rejects.toThrow(
      "was measured with `count` 40, not 41",
    );

    await makePage(truncation, after, folder);
    for (const file of ["tables.md", "curve.json", "figures/scores.svg", "figures/precision-recall.png"]) {
      expect(existsSync(join(folder, file)), file).toBe(true);
    }
    expect(readFileSync(join(folder, "figures/scores.svg"), "utf8")).toContain("none");
  });

  it("stops while the data are prepared", async () => {
    let prepared = 0;
    const slow = defineDataset("testSlow", z.strictObject({}), async (_, { stop }: DataContext) => {
      stop?.throwIfAborted();
      prepared++;
      return makeDataset({ count: 8, size: 16, classes: 0 });
    });
    const folder = temporaryFolder();
    const run = join(folder, "run");
    await startRun(tinyRecipe({ data: slow() as RecipeInput["data"], steps: 1 }), { directory: run }).train();
    const options = {
      run,
      thresholds: [1],
      seeds: 1,
      protocol: "quick",
      features: "mnist-classifier",
      count: undefined,
      realCount: undefined,
      checkpoint: "last",
      averaged: true,
    };
    const stopped = runExperiment(truncation, options, join(folder, "out"), { stop: AbortSignal.abort("enough") });
    await expect(stopped).rejects.toBe("enough");
    expect(prepared).toBe(1);
  });
});
