/** The sweep of images: its grid, what its updates differ in, and that k falls to its floor by the middle of each run. */
import { describe, expect, it } from "vitest";
import { annealing } from "../../src/experiments/gans.ts";
import { expandGrid, loadSweep, runsOf, shippedSweeps } from "../../src/experiments/index.ts";
import { recipeChanges } from "../../src/experiments/sweep/recipe-changes.ts";
import { loadRecipe, toPlainRecipe } from "../../src/recipe/index.ts";
import type { Recipe } from "../../src/recipe/recipe.ts";
import { Generator, scope, Tensor } from "../../src/tensor/index.ts";

const { recipe: base } = await loadRecipe("narrow-dcgan");
const topKMnist = shippedSweeps["top-k-mnist"]!;

/** k of a recipe's topK in the step after `step` updates. */
function kAt(recipe: Recipe, step: number): number {
  const descriptor = recipe.techniques.find(({ kind }) => kind === "topK")!;
  const { batchSize } = recipe;
  const context = { image: { channels: 1, size: 32 }, classes: 10, device: "cpu" as const, batchSize };
  return scope(() => {
    const technique = descriptor.build({ ...context, rng: new Generator(0) });
    const scores = Tensor.arange(0, batchSize, 1, { dtype: "float32" });
    technique.select!(scores, { progress: { step, epoch: 0 } } as never, undefined);
    return technique.report!().k!;
  });
}

describe("annealing", () => {
  it.each([1, 2, 7, 100, 240, 600, 1_000, 100_000])(
    "reaches the floor by the middle of %i steps, not before",
    (steps) => {
      const { gamma, floor, everySteps } = annealing(steps, 0.5);
      expect(everySteps).toBeGreaterThanOrEqual(1);
      expect(gamma ** (steps / 2 / everySteps)).toBeCloseTo(floor, 12);
      expect(gamma > 0 && gamma < 1).toBe(true);
    },
  );

  it("falls gradually where there is room to", () => {
    expect(annealing(600)).toEqual({ gamma: 0.5 ** (1 / 50), floor: 0.5, everySteps: 6 });
  });
});

describe("the sweep", () => {
  it("is 5 GANs x 3 batches x 2 updates x 3 seeds on each of three data sets", () => {
    expect(expandGrid(shippedSweeps["top-k-images"]!, base).runs).toHaveLength(270);
    const grid = expandGrid(topKMnist, base);
    expect(grid.axes).toEqual(["gan", "batchSize", "update"]);
    expect(grid.runs).toHaveLength(90);
    const shards = [1, 2, 3, 4].flatMap((index) => runsOf(grid, { index, count: 4 }));
    expect(new Set(shards.map(({ name }) => name)).size).toBe(90);
  });

  it("differs between updates in the technique alone", () => {
    const { cells, runs } = expandGrid(topKMnist, base);
    for (let i = 0; i < cells.length; i += 2) {
      const [all, top] = [runs[i]!, runs[i + 1]!];
      expect([all.cell.values[2], top.cell.values[2]]).toEqual(["all", "topK"]);
      const changes = recipeChanges(toPlainRecipe(all.recipe), toPlainRecipe(top.recipe));
      expect(changes.map(({ key }) => key)).toEqual(["techniques"]);
      expect(all.recipe.techniques.some(({ kind }) => kind === "topK")).toBe(false);
    }
  });

  it("lets k fall from the batch to half of it during the first half of every run", () => {
    const tops = expandGrid(topKMnist, base).runs.filter(({ seed, name }) => seed === 0 && /topK/.test(name));
    expect(tops).toHaveLength(15);
    for (const { recipe } of tops) {
      const [steps, batch] = [recipe.steps!, recipe.batchSize];
      expect(kAt(recipe, 0)).toBe(batch);
      const quarter = kAt(recipe, steps / 4);
      expect(quarter).toBe(Math.ceil(batch * Math.SQRT1_2));
      expect(kAt(recipe, steps / 2 - 1)).toBeGreaterThan(batch / 2);
      expect(kAt(recipe, steps / 2)).toBe(batch / 2);
      expect(kAt(recipe, steps - 1)).toBe(batch / 2);
    }
  });

  it("gives each GAN its loss, normalisation and number of critic updates", () => {
    const runs = expandGrid(topKMnist, base).runs.filter((_, i) => i < 30 && i % 6 === 0);
    const told = runs.map(({ cell, recipe }) => {
      const { batchNorm, spectralNorm } = recipe.discriminator.options as Record<string, unknown>;
      const { loss, discriminatorSteps, optimizers } = recipe;
      return [
        cell.values[0],
        loss.kind,
        loss.options.clip,
        batchNorm,
        spectralNorm,
        discriminatorSteps,
        optimizers.generator.kind,
      ];
    });
    expect(told).toEqual([
      ["dcgan", "nonSaturating", undefined, true, false, 1, "adam"],
      ["lsgan", "leastSquares", undefined, true, false, 1, "adam"],
      ["wgan", "wasserstein", 0.01, true, false, 5, "rmsprop"],
      ["wgan-gp", "wasserstein", undefined, false, false, 5, "adam"],
      ["sn-dcgan", "hinge", undefined, false, true, 1, "adam"],
    ]);
  });

  it("has SNGAN and SAGAN on residual networks as well", async () => {
    const loaded = await loadSweep("top-k-residual-mnist");
    expect(loaded.folder.path.endsWith("sweeps/top-k-residual-mnist")).toBe(true);
    const grid = expandGrid(loaded.sweep, loaded.base);
    expect(grid.runs).toHaveLength(36);
    const first = grid.runs.filter(({ cell, seed }) => seed === 0 && cell.values[1] === "64");
    expect(
      first.map(({ cell, recipe }) => [
        ...cell.values,
        recipe.generator.kind,
        recipe.discriminator.kind,
        recipe.discriminatorSteps,
        recipe.techniques.map(({ kind }) => kind),
      ]),
    ).toEqual([
      ["sngan", "64", "all", "resnet", "resnet", 5, []],
      ["sngan", "64", "topK", "resnet", "resnet", 5, ["topK"]],
      ["sagan", "64", "all", "sagan", "sagan", 1, []],
      ["sagan", "64", "topK", "sagan", "sagan", 1, ["topK"]],
    ]);
  });

  it("answers a misspelt name with the nearest sweep", async () => {
    await expect(loadSweep("top-k-mnits")).rejects.toThrow(
      "there is no sweep or recipe `top-k-mnits`; did you mean `top-k-mnist`?",
    );
    await expect(loadSweep("mnits")).rejects.toThrow("there is no sweep or recipe `mnits`; did you mean `mnist`?");
    await expect(loadSweep("nothing-like-it")).rejects.toThrow(
      /there is no sweep or recipe `nothing-like-it`; there are the sweeps .*top-k-mnist.*, and the recipes .*mnist/,
    );
  });

  it("is found by name, with the features of its data", async () => {
    for (const [name, data] of Object.entries({
      mnist: "mnist",
      "fashion-mnist": "fashionMnist",
      cifar10: "cifar10",
    })) {
      const loaded = await loadSweep(`top-k-${name}`);
      expect(loaded.source).toBe("narrow-dcgan");
      const { recipe } = expandGrid(loaded.sweep, loaded.base).runs[0]!;
      expect([recipe.data.kind, recipe.evaluate?.features]).toEqual([data, `${name}-classifier`]);
      expect(loaded.folder.path.endsWith(`sweeps/top-k-${name}`)).toBe(true);
    }
  });
});

describe("biggan-icr", () => {
  it("has ICR in both updates, and topK alone in the other one, at its floor by the middle", async () => {
    const { recipe } = await loadRecipe("cifar10-biggan-icr");
    const { runs } = expandGrid(shippedSweeps["biggan-icr"]!, recipe);
    const [all, top] = runs.map((run) => run.recipe);
    expect(runs.map(({ cell, seed }) => [cell.values[0], seed]).slice(0, 2)).toEqual([
      ["all", 0],
      ["topK", 0],
    ]);
    expect(runs).toHaveLength(6);
    expect(recipeChanges(toPlainRecipe(all!), toPlainRecipe(top!)).map(({ key }) => key)).toEqual(["techniques"]);
    const icr = ["balancedConsistency", "latentConsistency", "weightAveraging"];
    expect(all!.techniques.map(({ kind }) => kind)).toEqual(icr);
    expect(top!.techniques.map(({ kind }) => kind)).toEqual([...icr, "topK"]);
    expect([kAt(top!, 0), kAt(top!, 300), kAt(top!, 599)]).toEqual([50, 25, 25]);
    expect([all!.discriminatorSteps, all!.generator.kind, all!.steps]).toEqual([4, "biggan", 600]);
  });
});
