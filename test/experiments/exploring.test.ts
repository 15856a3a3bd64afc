/** The sweeps of "Exploring GANs": what their cells are, and that these differ in what the axis says and nothing else. */
import { describe, expect, it } from "vitest";
import { expandGrid, loadSweep, type Sweep, shippedSweeps } from "../../src/experiments/index.ts";
import { recipeChanges } from "../../src/experiments/sweep/recipe-changes.ts";
import { loadRecipe, toPlainRecipe } from "../../src/recipe/index.ts";
import type { Recipe } from "../../src/recipe/recipe.ts";
import { Generator, scope } from "../../src/tensor/index.ts";

const { recipe: base } = await loadRecipe("narrow-dcgan");
const exploringTables = shippedSweeps.exploring!;
const dcganOptions = shippedSweeps["dcgan-options"]!;
const bigganWeights = shippedSweeps["biggan-weights"]!;
const dropout128 = shippedSweeps["dropout-128"]!;
const resolution = shippedSweeps.resolution!;
const spectralNorm = shippedSweeps["spectral-norm"]!;

/** The recipes of the first seed by the values of their cell. */
function cellsOf(sweep: Sweep): Map<string, Recipe> {
  const { runs } = expandGrid(sweep, base);
  return new Map(runs.filter(({ seed }) => seed === 0).map(({ cell, recipe }) => [cell.values.join(" / "), recipe]));
}

/** What each cell changes in the first one. */
function changesOf(sweep: Sweep): Record<string, string[]> {
  const cells = [...cellsOf(sweep)];
  const first = toPlainRecipe(cells[0]![1]);
  return Object.fromEntries(
    cells.map(([name, recipe]) => [name, recipeChanges(first, toPlainRecipe(recipe)).map(({ key }) => key)]),
  );
}

describe("every cell", () => {
  it.each([exploringTables, dcganOptions, bigganWeights, dropout128, resolution, spectralNorm])(
    "of $name has networks that can be built for its images",
    (sweep) => {
      for (const { data, generator, discriminator, batchSize, techniques } of cellsOf(sweep).values()) {
        const image = { channels: data.kind === "cifar10" ? 3 : 1, size: data.options.size as number };
        const rng = new Generator(0);
        const context = { image, classes: 10, device: "cpu" as const, batchSize, rng };
        scope(() => {
          for (const network of [generator, discriminator]) {
            expect(network.build(context).parameters().length).toBeGreaterThan(4);
          }
          for (const technique of techniques) technique.build(context);
        });
      }
    },
  );
});

describe("exploring", () => {
  const cells = cellsOf(exploringTables);

  it("is 6 architectures x 2 batch sizes x 3 data sets, 3 seeds each", () => {
    const grid = expandGrid(exploringTables, base);
    expect(grid.axes).toEqual(["data", "architecture", "batchSize"]);
    expect([grid.runs.length, cells.size]).toEqual([108, 36]);
    for (const { evaluate, data, techniques } of cells.values()) {
      expect(evaluate?.metrics.map(({ kind }) => kind)).toEqual(["fid", "inceptionScore", "modes"]);
      expect([data.options.size, techniques]).toEqual([32, []]);
    }
  });

  it("has each architecture's networks, loss and updates, for as many updates of D and G", () => {
    const told = ["dcgan", "sn-dcgan", "sngan", "sagan", "biggan", "biggan-deep"].map((name) => {
      const { generator, discriminator, loss, steps, discriminatorSteps, optimizers } = cells.get(
        `cifar10 / ${name} / 64`,
      )!;
      const { conditional } = generator.options;
      const rate = (player: "generator" | "discriminator") => optimizers[player].options.lr as number;
      const ratio = rate("discriminator") / rate("generator");
      return [name, generator.kind, discriminator.kind, conditional, loss.kind, steps, discriminatorSteps, ratio];
    });
    expect(told).toEqual([
      ["dcgan", "dcgan", "dcgan", false, "nonSaturating", 1_200, 1, 1],
      ["sn-dcgan", "dcgan", "dcgan", false, "hinge", 1_200, 1, 1],
      ["sngan", "resnet", "resnet", false, "hinge", 480, 5, 1],
      ["sagan", "sagan", "sagan", false, "hinge", 1_200, 1, 4],
      ["biggan", "biggan", "biggan", true, "hinge", 1_200, 1, 4],
      ["biggan-deep", "bigganDeep", "bigganDeep", true, "hinge", 1_200, 1, 4],
    ]);
  });
});

describe("dcgan-options", () => {
  it("adds one option at a time, and all", () => {
    const attention = ["generator.attention", "discriminator.attention"];
    const rates = ["optimizers.generator.lr", "optimizers.discriminator.lr"];
    const changes = changesOf(dcganOptions);
    expect(Object.keys(changes)).toEqual(["plain", "attention", "TTUR", "hierarchical latents", "all"]);
    expect(changes.plain).toEqual([]);
    expect(changes.attention).toEqual(attention);
    expect(changes.TTUR).toEqual(rates);
    expect(changes["hierarchical latents"]).toEqual(["generator.hierarchical"]);
    expect(changes.all!.toSorted()).toEqual([...attention, ...rates, "generator.hierarchical"].toSorted());
    const { optimizers } = cellsOf(dcganOptions).get("TTUR")!;
    const product = (optimizers.generator.options.lr as number) * (optimizers.discriminator.options.lr as number);
    expect(product).toBeCloseTo((base.optimizers.generator.options.lr as number) ** 2, 12);
  });
});

describe("biggan-weights", () => {
  it("crosses the initialisation with the regularisation", () => {
    const inits = ["generator.init", "discriminator.init"];
    expect(changesOf(bigganWeights)).toEqual({
      "orthogonal / none": [],
      "orthogonal / orthogonal": ["techniques"],
      "default / none": inits,
      "default / orthogonal": [...inits, "techniques"],
    });
    const first = cellsOf(bigganWeights).get("orthogonal / orthogonal")!;
    expect(first.generator.options.init).toBe("orthogonal");
    expect(first.techniques).toMatchObject([{ kind: "orthogonalRegularisation", options: { beta: 1e-4 } }]);
  });
});

describe("dropout-128", () => {
  it("crosses D's norm with its dropout at 128 x 128", () => {
    const norm = ["discriminator.batchNorm", "discriminator.spectralNorm"];
    expect(changesOf(dropout128)).toEqual({
      "batch / none": [],
      "batch / 0.5": ["discriminator.dropout"],
      "spectral / none": norm,
      "spectral / 0.5": [...norm, "discriminator.dropout"],
    });
    for (const { data } of cellsOf(dropout128).values()) expect(data.options.size).toBe(128);
  });
});

describe("resolution", () => {
  it("changes the size of the images alone", async () => {
    expect(changesOf(resolution)).toEqual({ 16: [], 32: ["data.size"], 64: ["data.size"] });
    const loaded = await loadSweep("resolution");
    expect(expandGrid(loaded.sweep, loaded.base).runs).toHaveLength(9);
  });
});

describe("spectral-norm", () => {
  it("adds spectral norm to both networks and changes nothing else, on each data set and with each batch", () => {
    const cells = cellsOf(spectralNorm);
    expect(cells.size).toBe(12);
    for (const data of ["mnist", "fashion-mnist", "cifar10"])
      for (const batch of ["32", "64"]) {
        const [without, with_] = ["none", "both"].map((norm) => cells.get(`${data} / ${norm} / ${batch}`)!);
        expect(recipeChanges(toPlainRecipe(without!), toPlainRecipe(with_!)).map(({ key }) => key)).toEqual([
          "generator.spectralNorm",
          "discriminator.spectralNorm",
        ]);
        for (const { discriminator, optimizers } of [without!, with_!]) {
          expect([discriminator.options.batchNorm, optimizers.generator.options.lr]).toEqual([true, 2e-4]);
        }
      }
  });
});
