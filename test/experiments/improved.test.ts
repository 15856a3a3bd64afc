/** The sweeps of the improved techniques: what their variants differ in, and nothing else. */
import { describe, expect, it } from "vitest";
import { expandGrid, loadSweep, shippedSweeps } from "../../src/experiments/index.ts";
import { recipeChanges } from "../../src/experiments/sweep/recipe-changes.ts";
import { loadRecipe, toPlainRecipe } from "../../src/recipe/index.ts";
import type { Recipe } from "../../src/recipe/recipe.ts";

const { recipe: base } = await loadRecipe("narrow-dcgan");
const kinds = ({ techniques }: Recipe): string[] => techniques.map(({ kind }) => kind);
const ALL = [
  "semiSupervised",
  "minibatchDiscrimination",
  "virtualBatchNorm",
  "labelSmoothing",
  "historicalAveraging",
] as const;

describe("improved-ablation", () => {
  const grid = expandGrid(shippedSweeps["improved-ablation"]!, base);
  const variants = new Map(
    grid.runs.filter(({ seed }) => seed === 0).map(({ cell, recipe }) => [cell.values[0], recipe]),
  );

  it("is all techniques, each one removed, and none, with 3 seeds each", () => {
    const left = (...gone: (typeof ALL)[number][]): string[] => ALL.filter((kind) => !gone.includes(kind));
    expect(grid.runs).toHaveLength(24);
    expect(Object.fromEntries([...variants].map(([name, recipe]) => [name, kinds(recipe)]))).toEqual({
      all: left(),
      "no labels": left("semiSupervised"),
      "no minibatch discrimination": left("minibatchDiscrimination"),
      "no virtual batch norm": left("virtualBatchNorm"),
      "no label smoothing": left("labelSmoothing"),
      "no historical averaging": left("historicalAveraging"),
      "no labels, no historical averaging": left("semiSupervised", "historicalAveraging"),
      none: [],
    });
  });

  it("differs between variants in the techniques alone, and those that stay keep their options", () => {
    const all = variants.get("all")!;
    for (const recipe of variants.values()) {
      const changes = recipeChanges(toPlainRecipe(all), toPlainRecipe(recipe)).map(({ key }) => key);
      expect(changes).toEqual(recipe === all ? [] : ["techniques"]);
      for (const { kind, options } of recipe.techniques) {
        expect(options).toEqual(all.techniques.find((one) => one.kind === kind)!.options);
      }
    }
    expect(all.techniques.map(({ options }) => options)).toMatchObject([
      { labels: 1_000 },
      { kernels: 100, dimensions: 5 },
      { in: "generator" },
      { real: 0.9, flip: 0 },
      { weight: 0.01 },
    ]);
  });

  it("has batch norm to take the place of, targets to smooth, and scores by a classifier of its data", async () => {
    for (const [name, features] of Object.entries({
      "improved-ablation": "mnist-classifier",
      "improved-ablation-fashion-mnist": "fashion-mnist-classifier",
    })) {
      const loaded = await loadSweep(name);
      const { recipe } = expandGrid(loaded.sweep, loaded.base).runs[0]!;
      expect(recipe.generator.options.batchNorm).toBe(true);
      expect(recipe.loss.kind).toBe("nonSaturating");
      expect(recipe.evaluate?.features).toBe(features);
      expect(recipe.evaluate?.metrics.map(({ kind }) => kind)).toEqual(["fid", "inceptionScore", "modes"]);
      expect(loaded.folder.path.endsWith(`sweeps/${name}`)).toBe(true);
    }
  });
});

describe("mode-collapse", () => {
  it("is the plain GAN and four remedies, one at a time, with 5 seeds each", async () => {
    const loaded = await loadSweep("mode-collapse");
    const grid = expandGrid(shippedSweeps["mode-collapse"]!, loaded.base);
    expect(grid.runs).toHaveLength(25);
    const first = grid.runs.filter(({ seed }) => seed === 0).map(({ recipe }) => recipe);
    expect(first.map(kinds)).toEqual([
      [],
      ["minibatchDiscrimination"],
      ["featureMatching"],
      ["historicalAveraging"],
      ["topK"],
    ]);
    for (const recipe of first.slice(1)) {
      const changes = recipeChanges(toPlainRecipe(first[0]!), toPlainRecipe(recipe)).map(({ key }) => key);
      expect(changes).toEqual(["techniques"]);
    }
    const { discriminator, optimizers, steps, loss } = first[0]!;
    expect([discriminator.options.batchNorm, loss.kind, steps]).toEqual([false, "nonSaturating", 1_000]);
    expect([optimizers.generator, optimizers.discriminator].map(({ options }) => options.betas)).toEqual([
      [0.9, 0.999],
      [0.9, 0.999],
    ]);
    expect(first[0]!.evaluate?.metrics.map(({ kind }) => kind)).toContain("modes");
  });
});
