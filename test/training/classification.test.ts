/** Test errors: counted here from logits, of averaged weights from weights that were averaged by hand, of ensembles from both. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/index.ts";
import { imageFolder, mnist } from "../../src/data/index.ts";
import { semiEnsemble, semiRecord } from "../../src/experiments/semi.ts";
import { readSafetensors } from "../../src/formats/index.ts";
import { nonSaturating } from "../../src/losses/index.ts";
import { testError } from "../../src/metrics/scores/index.ts";
import { noisyMlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import { dataDependentInitialisation, semiSupervised, weightAveraging } from "../../src/techniques/index.ts";
import { scope } from "../../src/tensor/index.ts";
import { requireSameClasses } from "../../src/training/evaluation/classification.ts";
import { classify, openForSampling, RunDirectory, startRun, testSplit } from "../../src/training/index.ts";
import { imageFile } from "../data/files.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { tinyRecipe } from "./tiny.ts";

const optimizer = adam({ lr: 3e-3, betas: [0.5, 0.999] });
const recipeOf = (seed: number) =>
  tinyRecipe({
    data: mnist({ size: 8, first: 300 }),
    generator: noisyMlp.generator({ latent: 4, hidden: [8] }),
    discriminator: noisyMlp.discriminator({ hidden: [32, 16] }),
    loss: nonSaturating(),
    techniques: [
      dataDependentInitialisation({ images: 50 }),
      semiSupervised({ labels: 50, labelSeed: 0 }),
      weightAveraging({ players: "discriminator", decay: 0.8 }),
    ],
    optimizers: { generator: optimizer, discriminator: optimizer },
    batchSize: 50,
    epochs: 4,
    seed,
    evaluate: { every: 12, metrics: [testError({ averaged: true })] },
  });

const folder = temporaryFolder();
const runs: string[] = [];
let test: Dataset;
let labels: number[];

beforeAll(async () => {
  for (const seed of [0, 1]) {
    const directory = join(folder, `seed${seed}`);
    await startRun(recipeOf(seed), { directory }).train();
    runs.push(directory);
  }
  test = await testSplit(recipeOf(0));
  labels = Array.from(test.labels.toArray(), Number);
});

/** Logits of a run's discriminator, row by row. With `weights`, of another state of it. */
async function logitsOf(run: string, averaged: boolean, byHand = false): Promise<number[][]> {
  const { gan, step } = await openForSampling(run);
  try {
    if (byHand) {
      scope(() => {
        const file = join(run, `checkpoints/step-${String(step).padStart(6, "0")}/state.safetensors`);
        const prefix = "technique.weightAveraging/of discriminator: ";
        const state = gan.discriminator.stateDict();
        const found = [...readSafetensors(file).tensors].filter(([name]) => name.startsWith(prefix));
        expect(found.length).toBeGreaterThan(4);
        for (const [name, tensor] of found) state.set(name.slice(prefix.length), tensor);
        gan.discriminator.loadStateDict(state);
      });
    }
    const logits = await classify(gan, test, { averaged });
    const rows = logits.tolist() as number[][];
    logits.dispose();
    return rows;
  } finally {
    gan.dispose();
  }
}

const classOf = (row: readonly number[]): number => row.indexOf(Math.max(...row));
const errorsIn = (rows: readonly number[][]): number => rows.filter((row, i) => classOf(row) !== labels[i]).length;
const softmax = (row: readonly number[]): number[] => {
  const powers = row.map((value) => Math.exp(value - Math.max(...row)));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};
const loggedIn = (run: string): Record<string, number> =>
  Object.fromEntries(
    new RunDirectory(run)
      .evaluations()
      .at(-1)!
      .scores.map(({ name, value }) => [name, value]),
  );

describe("the test split", () => {
  it("is whole, whatever part the run trains on, and of the same form", () => {
    expect(test).toMatchObject({ name: "mnist (test)", count: 10_000, size: 8 });
    expect(labels.slice(0, 10)).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });

  it("is refused to a recipe that trains on it", async () => {
    await expect(testSplit({ data: mnist({ split: "test" }) })).rejects.toThrow("`data.split` (=test) trains on it");
  });
});

describe("a test split of folders", () => {
  it("need not be named, and is refused where a number means another class than in training", async () => {
    const path = join(folder, "folders");
    for (const one of ["train/cat", "train/dog", "test/cat", "test/emu"]) {
      mkdirSync(join(path, one), { recursive: true });
      writeFileSync(join(path, one, "0.png"), await imageFile("png", 8, 8, { r: 1, g: 2, b: 3 }));
    }
    const split = await testSplit({ data: imageFolder({ path, size: 8 }) });
    // A class has one number in all splits, also where one split has no image of it.
    expect(split.classes).toEqual(["cat", "dog", "emu"]);
    expect(Array.from(split.labels.toArray(), Number)).toEqual([0, 2]);
    expect(() => requireSameClasses(["cat", "dog", "emu"], split)).not.toThrow();
    expect(() => requireSameClasses(["cat", "emu"], split)).toThrow(
      "class 1 is `emu` in training and `dog` in the test split",
    );
    expect(() => requireSameClasses(["cat", "dog", "emu", "gnu"], split)).toThrow(
      /class 3 is `gnu` in training and absent/,
    );
    expect(() => requireSameClasses(["cat", "dog"], split)).toThrow(/class 2 is absent in training and `emu`/);
    split.images.dispose();
    split.labels.dispose();
  });
});

describe("test errors", () => {
  it("are those of the logits, in number and in percent", async () => {
    for (const run of runs) {
      const logged = loggedIn(run);
      const errors = errorsIn(await logitsOf(run, false));
      expect(logged).toMatchObject({ testErrors: errors, testError: errors / 100 });
      // Chance is 9,000: it has learnt something from 50 labels, and not all.
      expect(errors).toBeGreaterThan(1_000);
      expect(errors).toBeLessThan(8_500);
    }
  });

  it("of averaged weights are those of a discriminator that has these weights", async () => {
    const byHand = await logitsOf(runs[0]!, false, true);
    expect(await logitsOf(runs[0]!, true)).toEqual(byHand);
    expect(byHand).not.toEqual(await logitsOf(runs[0]!, false));
    expect(loggedIn(runs[0]!).testErrorsAveraged).toBe(errorsIn(byHand));
  });

  it("go into a run's record, one an evaluation", () => {
    const { labels: count, draw, seed, epochs, curve } = semiRecord(runs[1]!);
    expect({ count, draw, seed, epochs }).toEqual({ count: 50, draw: 0, seed: 1, epochs: 4 });
    expect(curve.map(({ epoch }) => epoch)).toEqual([2, 4]);
    const { testErrors, testErrorsAveraged } = loggedIn(runs[1]!);
    expect(curve.at(-1)).toEqual({ epoch: 4, errors: testErrors, averaged: testErrorsAveraged });
  });

  it("of an ensemble are those of the mean of its members' probabilities", async () => {
    const { errors, averaged, seeds } = await semiEnsemble(runs);
    expect(seeds).toEqual([0, 1]);
    for (const [logged, through] of [
      [errors, false],
      [averaged, true],
    ] as const) {
      const [first, second] = await Promise.all(runs.map((run) => logitsOf(run, through)));
      const mean = first!.map((row, i) => {
        const other = softmax(second![i]!);
        return softmax(row).map((value, k) => value + other[k]!);
      });
      // Two classes as likely to float32's last digit can come out either way.
      expect(Math.abs(logged - errorsIn(mean))).toBeLessThanOrEqual(1);
      expect(logged).not.toBe(errorsIn(first!));
    }
  });
});
