/** The oracle experiment: cosines and rings of displacements made by hand, and updates whose effect is known. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { seedOf } from "../../src/base/seed.ts";
import { mixtureOfGaussians } from "../../src/data/index.ts";
import { makePage } from "../../src/experiments/index.ts";
import { motions, ringCosines } from "../../src/experiments/mixture/motions.ts";
import { measureOracle, oracle } from "../../src/experiments/mixture/oracle.ts";
import { oracleTables } from "../../src/experiments/mixture/oracle-page.ts";
import { updates } from "../../src/experiments/mixture/setup.ts";
import { appendRecord, readRecords } from "../../src/experiments/records.ts";
import { nonSaturating } from "../../src/losses/index.ts";
import { type DiscriminatorOutput, type ModelContext, mlp } from "../../src/models/index.ts";
import { MlpDiscriminator } from "../../src/models/mlp.ts";
import { defineDiscriminator } from "../../src/models/network.ts";
import { passMode } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { Generator, grad, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { BuiltGan, listCheckpoints, openDataModule, RunDirectory, startRun } from "../../src/training/index.ts";
import { loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { flat } from "../nn/oracle.ts";
import { filesIn, temporaryFolder, tinyRecipe } from "../training/tiny.ts";
import { cells } from "./markdown.ts";

const mixture = {
  centres: [
    [0, 0],
    [1, 0],
  ] as [number, number][],
  sigma: 0.05,
};
const moved = (before: number[][], after: number[][]) =>
  motions(Tensor.fromArray(before), Tensor.fromArray(after), mixture);

describe("motions", () => {
  it("is 1 towards the nearest mode, -1 away from it, 0 across, whatever the lengths", () => {
    const [towards, past, away, across, slanted] = moved(
      [
        [0.02, 0],
        [0.02, 0],
        [0.9, 0],
        [1, 0.1],
        [0.1, 0],
      ],
      [
        [0.01, 0],
        [-5, 0],
        [0.89, 0],
        [1.03, 0.1],
        [0.05, 0.05],
      ],
    ).map(({ cosine }) => cosine);
    expect(towards).toBeCloseTo(1, 6);
    expect(past).toBeCloseTo(1, 6);
    expect(away).toBeCloseTo(-1, 6);
    expect(across).toBeCloseTo(0, 6);
    expect(slanted).toBeCloseTo(Math.SQRT1_2, 5);
  });

  it("puts samples into rings by their distance before the update, edges to the inside", () => {
    const before = [
      [0.02, 0],
      [0.05, 0],
      [0, 0.07],
      [1.15, 0],
      [0, 0.18],
      [0, 0.2],
      [0, 0.21],
      [30, 0],
    ];
    const rings = moved(
      before,
      before.map(([x, y]) => [x! + 1, y!]),
    ).map(({ ring }) => ring);
    expect(rings).toEqual([0, 0, 1, 2, 3, 3, 4, 4]);
  });

  it("has no cosine for a sample that stays or that has nowhere to go", () => {
    expect(
      moved(
        [
          [0.1, 0],
          [0, 0],
        ],
        [
          [0.1, 0],
          [1, 1],
        ],
      ).map(({ cosine }) => cosine),
    ).toEqual([undefined, undefined]);
  });
});

describe("ringCosines", () => {
  it("takes the interval over batches, not over samples", () => {
    const [inner, second, third] = ringCosines([
      [
        { ring: 0, cosine: 1 },
        { ring: 0, cosine: 0 },
        { ring: 2, cosine: -1 },
      ],
      [
        { ring: 0, cosine: -0.5 },
        { ring: 0, cosine: undefined },
      ],
    ]);
    // Batch means 0.5 and -0.5: t(0.975, 1) = 12.706, s = sqrt(0.5), n = 2.
    expect(inner).toMatchObject({ mean: 0, count: 3, batches: 2 });
    expect(inner!.halfWidth).toBeCloseTo(12.7062 * 0.5, 3);
    expect(second).toEqual({ mean: Number.NaN, halfWidth: Number.NaN, count: 0, batches: 0 });
    expect(third).toEqual({ mean: -1, halfWidth: Number.NaN, count: 1, batches: 1 });
  });
});

/** How often a {@link watched} discriminator passed images on to a layer that would have learnt from the pass. */
let learning = 0;

class Watched extends MlpDiscriminator {
  override forward(samples: Tensor, labels?: Tensor): DiscriminatorOutput {
    if (this.training && passMode().updateStatistics) learning++;
    return super.forward(samples, labels);
  }
}

const watched = defineDiscriminator("watched", z.strictObject({}), (_, context: ModelContext) => {
  return new Watched(context, { hidden: [8], spectralNorm: true, outputs: 1, conditional: false, init: "default" });
});

describe("measureOracle", () => {
  const directory = () => join(temporaryFolder(), "run");
  const recipe = (parts: Partial<RecipeInput> = {}) =>
    tinyRecipe({
      data: mixtureOfGaussians({ modes: 4, sigma: 0.2 }),
      generator: mlp.generator({ latent: 2, hidden: [8] }),
      loss: nonSaturating(),
      steps: 4,
      batchSize: 16,
      checkpoint: { every: 2 },
      ...parts,
    });

  it("leaves the run and the memory as they were, and gives the same result again", async () => {
    const path = directory();
    await startRun(recipe(), { directory: path }).train();
    const files = filesIn(path);
    const first = await measureOracle(path, { batches: 3 });
    const live = liveTensors();
    expect(await measureOracle(path, { batches: 3 })).toEqual(first);
    // Fewer when the collector has meanwhile freed what training let go of.
    expect(liveTensors()).toBeLessThanOrEqual(live);
    expect(filesIn(path)).toEqual(files);
    expect(first).toMatchObject({ k: 8, batches: 3, run: { modes: 4, update: "all", seed: 0, optimizer: "adam" } });
    expect(first.cosines.map(({ step, method, update }) => `${step} ${method} ${update}`).slice(0, 5)).toEqual([
      "2 gradient all",
      "2 gradient top",
      "2 gradient bottom",
      "2 gradient random",
      "2 optimizer all",
    ]);
    for (const { rings } of first.cosines) expect(rings.reduce((sum, { count }) => sum + count, 0)).toBe(3 * 16);
  });

  it("lets no layer learn from its passes, so that each update begins from the snapshot", async () => {
    const path = directory();
    await startRun(recipe({ discriminator: watched() }), { directory: path }).train();
    expect(learning).toBeGreaterThan(0);
    learning = 0;
    await measureOracle(path, { batches: 1 });
    expect(learning).toBe(0);
  });

  it("gives the rank of each ring's samples in the discriminator's order", async () => {
    const path = directory();
    await startRun(recipe(), { directory: path }).train();
    const { quarters, cosines } = await measureOracle(path, { batches: 3 });
    expect(quarters.map(({ step }) => step)).toEqual([2, 4]);
    for (const { step, rings } of quarters) {
      // A quarter of 16 samples of 3 batches is 12, whatever the rings.
      expect([0, 1, 2, 3].map((quarter) => rings.reduce((sum, counts) => sum + counts[quarter]!, 0))).toEqual([
        12, 12, 12, 12,
      ]);
      const counts = cosines.find((one) => one.step === step && one.update === "all")!.rings.map(({ count }) => count);
      expect(rings.map((ring) => ring.reduce((sum, count) => sum + count, 0))).toEqual(counts);
    }
    const table = oracleTables([
      {
        ...(await measureOracle(path, { batches: 2, steps: [4] })),
        quarters: [
          {
            step: 4,
            rings: [
              [4, 3, 1, 0],
              [1, 1, 1, 1],
              [0, 0, 0, 2],
              [0, 0, 0, 0],
              [0, 0, 1, 3],
            ],
          },
        ],
      },
    ]);
    expect(cells(table)).toContain("| 4 | worst quarter | 0 % | 25 % | 100 % | – | 75 % |");
    expect(table).not.toContain("over seeds");
    expect(cells(table)).toContain("| | worse half | 13 % | 50 % | 100 % | – | 100 % |");
  });

  it("updates by the named rows of a batch of odd size, each from the checkpoint's weights and moments", async () => {
    const path = directory();
    const odd = recipe({ batchSize: 15 });
    await startRun(odd, { directory: path }).train();
    const { cosines, quarters } = await measureOracle(path, { batches: 1, steps: [4] });
    const { mixture } = await mixtureOfGaussians({ modes: 4, sigma: 0.2 }).build({});
    const dataModule = await openDataModule(odd);
    const checkpoint = listCheckpoints(join(path, "checkpoints")).at(-1)!.path;
    for (const update of updates) {
      // Every update in a game of its own, opened from the checkpoint.
      const gan = scope(() => new BuiltGan(odd, dataModule.shape, dataModule.loader()));
      loadCheckpoint(checkpoint, gan);
      const { generator, discriminator, loss, optimizers } = gan;
      const random = new Generator(seedOf(odd.seed, "oracle.4"));
      scope(() => {
        const latents = gan.latents(15, random);
        const before = generator.forward(latents);
        const { score } = discriminator.forward(before);
        const scores = flat(score);
        // Most real first; of 15 the middle one is in neither half.
        const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
        const shuffled = Array.from(Tensor.randperm(15, { generator: random }).toArray(), Number);
        const rows = {
          all: [...scores.keys()],
          top: order.slice(0, 7),
          bottom: order.slice(8),
          random: shuffled.slice(0, 7),
        }[update];
        const kept = score.indexSelect(0, Tensor.fromArray(BigInt64Array.from(rows, BigInt)));
        optimizers.generator.step(grad(loss.generator(kept).mean(), generator.parameters()));
        const samples = motions(
          before,
          noGrad(() => generator.forward(latents)),
          mixture!,
        );
        const expected = ringCosines([samples]);
        const found = cosines.find((one) => one.method === "optimizer" && one.update === update)!;
        for (const [i, { mean, count }] of expected.entries()) {
          expect(found.rings[i]!.count).toBe(count);
          if (Number.isNaN(mean)) expect(found.rings[i]!.mean).toBeNull();
          else expect(found.rings[i]!.mean, `${update}, ring ${i}`).toBeCloseTo(mean, 6);
        }
        // 15 / 4 = 3.75: the quarters begin at ranks 0, 4, 8 and 12.
        const quartered = [order.slice(0, 4), order.slice(4, 8), order.slice(8, 12), order.slice(12)];
        const standing = expected.map((_, ring) =>
          quartered.map((quarter) => quarter.filter((sample) => samples[sample]!.ring === ring).length),
        );
        expect(quarters[0]!.rings).toEqual(standing);
      });
      gan.dispose();
    }
  });

  it("updates on the share that is kept and on the rest, and measures samples of fresh z as well", async () => {
    const path = directory();
    const whole = recipe();
    await startRun(whole, { directory: path }).train();
    const record = await measureOracle(path, { batches: 1, steps: [4], kept: 0.75 });
    expect(record).toMatchObject({ kept: 0.75, k: 12, batchSize: 16 });
    const { mixture } = await mixtureOfGaussians({ modes: 4, sigma: 0.2 }).build({});
    const dataModule = await openDataModule(whole);
    const checkpoint = listCheckpoints(join(path, "checkpoints")).at(-1)!.path;
    for (const update of ["top", "bottom"] as const) {
      const gan = scope(() => new BuiltGan(whole, dataModule.shape, dataModule.loader()));
      loadCheckpoint(checkpoint, gan);
      const { generator, discriminator, loss, optimizers } = gan;
      scope(() => {
        const latents = gan.latents(16, new Generator(seedOf(whole.seed, "oracle.4")));
        const fresh = gan.latents(16, new Generator(seedOf(whole.seed, "oracle.4.fresh")));
        const before = noGrad(() => generator.forward(fresh));
        const { score } = discriminator.forward(generator.forward(latents));
        const scores = flat(score);
        const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
        // Ranks 1 to 12 of 16, and 13 to 16.
        const rows = update === "top" ? order.slice(0, 12) : order.slice(12);
        const kept = score.indexSelect(0, Tensor.fromArray(BigInt64Array.from(rows, BigInt)));
        optimizers.generator.step(grad(loss.generator(kept).mean(), generator.parameters()));
        const after = noGrad(() => generator.forward(fresh));
        const expected = ringCosines([motions(before, after, mixture!)]);
        const found = record.cosines.find((one) => one.method === "optimizer" && one.update === update)!.fresh!;
        for (const [i, { mean, count }] of expected.entries()) {
          expect(found[i]!.count).toBe(count);
          if (Number.isNaN(mean)) expect(found[i]!.mean).toBeNull();
          else expect(found[i]!.mean, `${update}, ring ${i}`).toBeCloseTo(mean, 6);
        }
      });
      gan.dispose();
    }
    const text = cells(oracleTables([record, { ...record, run: { ...record.run, seed: 1 } }]));
    expect(text).toContain("| | bottom 4 |");
    expect(text).toContain("| | bottom 4, fresh z |");
    expect(text).toContain("| | cosine, bottom 0.25, fresh z |");
    expect(text).toContain("the better 0.75 of a batch and the rest");
    await expect(measureOracle(path, { kept: 0.01 })).rejects.toThrow("kept (=0.01) must leave samples on both sides");
  });

  it("takes the intervals of runs that differ in the seed over these", async () => {
    const path = directory();
    await startRun(recipe(), { directory: path }).train();
    const measured = await measureOracle(path, { batches: 2, steps: [4] });
    const of = (seed: number, mean: number, quarter: number): typeof measured => ({
      ...measured,
      run: { ...measured.run, seed },
      cosines: measured.cosines.map((one) => ({ ...one, rings: one.rings.map((ring) => ({ ...ring, mean })) })),
      quarters: [
        {
          step: 4,
          rings: [
            [10 - quarter, 0, 0, quarter],
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            [15, 5, 5, 5],
          ],
        },
      ],
    });
    const text = cells(oracleTables([of(0, 0.1, 2), of(1, 0.3, 4)]));
    // Two values: t(0.975, 1) = 12.706, so 0.2 +- 12.706 * 0.1 and 30 % +- 12.706 * 10 %.
    expect(text).toContain("over seeds 0, 1");
    expect(text).toContain("| | *in the worst quarter* | 30 ± 127 % | – | – | – | 17 ± 0 % |");
    expect(text).toContain("| 4 | *share of samples* | 25 ± 0 % | 0 ± 0 % |");
    expect(text).toContain("| | cosine, top half | +0.20 ± 1.27 |");
  });

  it("does not depend on the learning rate of the plain step, and the halves differ", async () => {
    const path = directory();
    await startRun(recipe(), { directory: path }).train();
    const means = async (lr: number) =>
      (await measureOracle(path, { batches: 3, lr, steps: [4] })).cosines
        .filter(({ method }) => method === "gradient")
        .map(({ rings }) => rings.map(({ mean }) => mean));
    const [coarse, fine] = [await means(1e-4), await means(1e-6)];
    for (const [i, rings] of fine.entries()) {
      for (const [ring, mean] of rings.entries()) {
        if (mean === null) expect(coarse[i]![ring]).toBeNull();
        else expect(coarse[i]![ring]).toBeCloseTo(mean, 3);
      }
    }
    const [all, top, bottom] = fine;
    expect(top).not.toEqual(bottom);
    expect(all).not.toEqual(top);
  });

  it("steps as plain gradient descent does", async () => {
    const path = directory();
    const plain = { generator: sgd({ lr: 1e-3 }), discriminator: sgd({ lr: 1e-3 }) };
    await startRun(recipe({ optimizers: plain }), { directory: path }).train();
    const { cosines } = await measureOracle(path, { batches: 2, steps: [4], lr: 1e-3 });
    const means = (method: string) =>
      cosines.filter((one) => one.method === method).map(({ rings }) => rings.map(({ mean }) => mean ?? 0));
    // One in double precision, by hand; the other in single precision, by the optimizer.
    for (const [i, rings] of means("gradient").entries()) {
      for (const [ring, mean] of rings.entries()) expect(means("optimizer")[i]![ring]).toBeCloseTo(mean, 2);
    }
  });

  it("is written, read and drawn", async () => {
    const path = directory();
    await startRun(recipe(), { directory: path }).train();
    const record = await measureOracle(path, { batches: 2, steps: [4] });
    const folder = temporaryFolder();
    appendRecord(join(folder, "records.jsonl"), record);
    expect(readRecords(folder, oracle)).toEqual([record]);
    expect(await makePage(oracle, [record], folder)).toBe(oracleTables([record]));
    expect(Object.keys(filesIn(folder)).sort()).toEqual([
      "figures/oracle-modes-4-all-seed0-gradient.png",
      "figures/oracle-modes-4-all-seed0-gradient.svg",
      "figures/oracle-modes-4-all-seed0-optimizer.png",
      "figures/oracle-modes-4-all-seed0-optimizer.svg",
      "oracle.md",
      "records.jsonl",
    ]);
    await expect(measureOracle(path, { steps: [3] })).rejects.toThrow("checkpoint `3` does not exist; there are: 2, 4");
    expect(new RunDirectory(path).evaluations()).toEqual([]);
  });
});
