/** Detection against closed forms, the experiment's grid, its tables, and a short experiment from end to end. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  type AnomalyRecord,
  anomaly,
  anomalySweep,
  anomalyTables,
  detect,
  testImages,
} from "../../src/experiments/anomaly/anomaly.ts";
import { expandGrid, readRecords, runExperiment } from "../../src/experiments/index.ts";
import { recipeChanges } from "../../src/experiments/sweep/recipe-changes.ts";
import { wasserstein } from "../../src/losses/index.ts";
import { loadRecipe, toPlainRecipe } from "../../src/recipe/index.ts";
import { scope } from "../../src/tensor/index.ts";
import type { BuiltGan } from "../../src/training/index.ts";
import { flat } from "../nn/oracle.ts";
import { Brightness, gan, imagesOf } from "../training/brightness.ts";
import { cells } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-anomaly-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("detection", () => {
  const discriminatedBy = (scale: number) =>
    ({
      ...gan,
      discriminator: new Brightness({ scale, dropout: 0.5 }),
      loss: wasserstein().build(),
    }) as unknown as BuiltGan;
  const search = { steps: 100, featureWeight: 0 };
  const [perfect, reversed] = [
    { auroc: 1, auprc: 1 },
    // The anomalies are the last two of four: precision 1/3 at the first of them, 2/4 at the second.
    { auroc: 0, auprc: (1 / 3 + 1 / 2) / 2 },
  ];

  it("rates images as anomalous when the discriminator rates them less real, in the subset and in the whole split", () => {
    scope(() => {
      const images = imagesOf([1, 1, 1, 1], [-1, -1, -1, -1], [2, 2, 2, 2], [-2, -2, -2, -2]);
      const subset = { images, anomalous: [false, true, false, true] };
      const all = { images, anomalous: [true, false, true, false] };
      const { discriminator, discriminatorAll } = detect(discriminatedBy(1), { all, subset }, search);
      expect(discriminator).toEqual(perfect);
      expect(discriminatorAll.auroc).toBe(reversed.auroc);
      expect(discriminatorAll.auprc).toBeCloseTo(reversed.auprc, 12);
    });
  });

  it("mixes ranks, whatever the units of either score", () => {
    scope(() => {
      // Images of mean m and median m that leave 2 d. Of the anomalies one is the darkest, 0, but leaves only 4, less than
      // a normal image; the other leaves the most, 8, but is brighter than a normal one. Ranks: 3 + 1, 1 + 3; 2 + 0, 0 + 2.
      const spread = (m: number, d: number) => [m - d, m, m, m + d];
      const images = imagesOf(spread(0, 2), spread(2, 4), spread(1, 1), spread(3, 3));
      const tests = { images, anomalous: [true, true, false, false] };
      for (const scale of [1e-6, 1, 1e6]) {
        const {
          discriminator,
          search: searched,
          mix,
        } = detect(discriminatedBy(scale), { all: tests, subset: tests }, search);
        expect([discriminator.auroc, searched.auroc]).toEqual([0.75, 0.75]);
        expect(mix).toEqual(perfect);
      }
    });
  });

  it("searches a subset that is half anomalous, of the images and the truth of the split", async () => {
    const { all, subset } = await testImages(3, 20);
    scope(() => {
      expect([all.images.shape, subset.images.shape]).toEqual([
        [10_000, 1, 32, 32],
        [20, 1, 32, 32],
      ]);
      expect(all.anomalous.filter((is) => is)).toHaveLength(1010);
      expect(subset.anomalous).toEqual([...Array<boolean>(10).fill(true), ...Array<boolean>(10).fill(false)]);
      const [rows, chosen] = [all.images.flatten(1), subset.images.flatten(1)];
      const squares = rows.pow(2).sum([1], true);
      // |row|^2 - 2 row . chosen is least where they are the same.
      const places = Array.from(
        squares
          .sub(rows.matmul(chosen.transpose(0, 1)).mul(2))
          .argmin(0)
          .toArray(),
        Number,
      );
      for (const [i, place] of places.entries()) {
        expect(flat(all.images.select(0, place))).toEqual(flat(subset.images.select(0, i)));
      }
      expect(new Set(places).size).toBe(20);
      expect(places.map((place) => all.anomalous[place])).toEqual(subset.anomalous);
    });
    for (const { images } of [all, subset]) images.dispose();
  });
});

describe("the experiment", () => {
  it("trains on nine digits, and its updates differ in nothing but topK", async () => {
    const { recipe } = await loadRecipe("narrow-dcgan");
    const grid = expandGrid(anomalySweep({ digits: [4], gans: ["wgan-gp"], seeds: 2, steps: 100 }), recipe);
    expect(grid.runs.map(({ name }) => name)).toEqual([
      "gan=wgan-gp_digit=4_update=all-seed0",
      "gan=wgan-gp_digit=4_update=topK-seed0",
      "gan=wgan-gp_digit=4_update=all-seed1",
      "gan=wgan-gp_digit=4_update=topK-seed1",
    ]);
    const [all, top] = grid.runs.map((run) => run.recipe);
    expect(all!.data.options.classes).toEqual(["0", "1", "2", "3", "5", "6", "7", "8", "9"]);
    expect(all!.techniques.map(({ kind }) => kind)).toEqual(["gradientPenalty"]);
    expect(top!.techniques.map(({ kind }) => kind)).toEqual(["gradientPenalty", "topK"]);
    expect(recipeChanges(toPlainRecipe(all!), toPlainRecipe(top!)).map(({ key }) => key)).toEqual(["techniques"]);
  });

  it("trains, measures, and does not repeat existing records", async () => {
    const options = { digits: [1], gans: ["sn-dcgan" as const], seeds: 1, steps: 2, subset: 20, searchSteps: 2 };
    const path = join(folder, "short");
    const first = await runExperiment(anomaly, options, path, { threads: 1 });
    expect(first.sweep).toMatchObject({ runs: 2, finished: 2 });
    expect(first.records.map(({ update, k }) => [update, k])).toEqual([
      ["all", 64],
      ["topK", 32],
    ]);
    for (const { areas } of first.records) {
      for (const { auroc, auprc } of Object.values(areas)) {
        expect(auroc >= 0 && auroc <= 1 && auprc > 0 && auprc <= 1).toBe(true);
      }
    }
    expect(readdirSync(path)).toEqual(expect.arrayContaining(["records.jsonl", "sweep.json", "tables.md"]));
    const events = { started: () => expect.unreachable("a finished run was begun again") };
    const again = await runExperiment(anomaly, options, path, { events });
    expect(again.records).toEqual(first.records);
    await expect(runExperiment(anomaly, { ...options, subset: 40 }, path)).rejects.toThrow(
      "was measured with `subset` 20, not 40",
    );
    expect(readRecords(path, anomaly)).toEqual(first.records);
  }, 60_000);
});

describe("tables", () => {
  const record = (digit: number, update: "all" | "topK", seed: number, auroc: number): AnomalyRecord => {
    const area = { auroc, auprc: auroc / 2 };
    return {
      format: 1,
      ...{ gan: "dcgan", digit, update, seed, steps: 600, batchSize: 64, k: update === "all" ? 64 : 32 },
      ...{ subset: 200, searchSteps: 100, seconds: 1, scoringSeconds: 1, engine: {} },
      areas: { discriminator: area, search: area, mix: area, discriminatorAll: area },
    };
  };

  it("give intervals over seeds, the mean over digits, and bold only where intervals are apart", () => {
    const records = [
      ...[0, 1, 2].flatMap((seed) => [
        record(1, "all", seed, 0.6 + seed / 100),
        record(1, "topK", seed, 0.8 + seed / 100),
      ]),
      ...[0, 1, 2].flatMap((seed) => [
        record(7, "all", seed, 0.5 + seed / 10),
        record(7, "topK", seed, 0.52 + seed / 10),
      ]),
    ];
    const lines = cells(anomalyTables(records)).split("\n");
    // Student's t with 2 degrees of freedom: 4.303 * 0.01 / sqrt(3).
    expect(lines.find((line) => line.startsWith("| 1 "))).toContain("| 0 1 2 | 0.610 ± 0.025 | **0.810 ± 0.025** |");
    expect(lines.find((line) => line.startsWith("| 7 "))).toContain("| 0.60 ± 0.25 | 0.62 ± 0.25 |");
    // Variances 0.0001 and 0.01 within the digits: s^2 = 0.00505, standard error s / 2 sqrt(2 / 3), t(0.975, 4) = 2.776.
    expect(lines.find((line) => line.startsWith("| mean"))).toContain("| 0.605 ± 0.081 | 0.715 ± 0.081 |");
  });

  it("take the mean of the digits' means where a digit has fewer seeds", () => {
    const records = [record(1, "all", 0, 0.6), record(7, "all", 0, 0.8), record(1, "all", 1, 0.1)];
    // (0.35 + 0.8) / 2; s^2 = 0.125, standard error s / 2 sqrt(1 / 2 + 1), t(0.975, 1) = 12.71.
    expect(cells(anomalyTables(records))).toContain("| mean over digits | 0 1 | 0.6 ± 2.8 | – |");
  });
});
