/** Averages of a length that is chosen after training: their profile, their combination, and `gantry average`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/formats/index.ts";
import { dcgan } from "../../src/models/index.ts";
import { LARGEST_STD, powerCombination, powerDecay, powerExponent } from "../../src/optim/index.ts";
import { powerAveraging, standingStatistics, weightAveraging } from "../../src/techniques/index.ts";
import { binding, type Tensor } from "../../src/tensor/index.ts";
import { listCheckpoints } from "../../src/training/run/checkpoint.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { averageRun } from "../../src/training/trainer/averaged-run.ts";
import { openForSampling, sampleRun } from "../../src/training/trainer/open-checkpoint.ts";
import { openRun, startRun } from "../../src/training/trainer/run.ts";
import { inProcess } from "../cli/in-process.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, temporaryFolder, tinyRecipe } from "./tiny.ts";

describe("the profile", () => {
  it("has the exponents that the authors give, and its std is that of its weights", () => {
    // Karras et al. 2024, section 3: std 0.05 is g = 16.97, and 0.10 is 6.94.
    expect(powerExponent(0.05)).toBeCloseTo(16.97, 2);
    expect(powerExponent(0.1)).toBeCloseTo(6.94, 2);
    expect(powerExponent(LARGEST_STD)).toBeCloseTo(0, 6);
    // The weights of 2,000 updates, from the recurrence alone.
    for (const std of [0.05, 0.15, 0.25]) {
      const g = powerExponent(std);
      const weights: number[] = [];
      const last = 2_000;
      for (let t = 1; t <= last; t++) {
        const decay = powerDecay(g, t);
        for (let i = 0; i < weights.length; i++) weights[i]! *= decay;
        weights.push(1 - decay);
      }
      const times = weights.map((_, i) => (i + 0.5) / last);
      const mean = weights.reduce((sum, w, i) => sum + w * times[i]!, 0);
      const variance = weights.reduce((sum, w, i) => sum + w * (times[i]! - mean) ** 2, 0);
      expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 10);
      expect(Math.sqrt(variance)).toBeCloseTo(std, 3);
    }
  });

  it("a combination gives a stored average back, and knows what it cannot give", () => {
    const given = [100, 200, 300].flatMap((step) => [0.05, 0.1].map((std) => ({ std, step })));
    const own = powerCombination(given, { std: 0.1, step: 300 });
    expectClose(own.weights, [0, 0, 0, 0, 0, 1], { atol: 1e-6 });
    expect(own.error).toBeLessThan(1e-5);
    expect(powerCombination(given, { std: 0.08, step: 300 }).error).toBeLessThan(0.05);
    expect(powerCombination(given, { std: 0.005, step: 300 }).error).toBeGreaterThan(0.3);
    expect(powerCombination(given.slice(0, 2), { std: 0.1, step: 300 }).error).toBeGreaterThan(0.5);
  });
});

const NAME = "body.0.weight";

describe("powerAveraging", () => {
  it("is the average with weights t^(g+1) - (t-1)^(g+1) over T^(g+1), from the first step on", () => {
    const gan = ganOf({ techniques: [powerAveraging({ stds: [0.05, 0.2] })], discriminatorSteps: 2 });
    const seen: number[][] = [];
    for (let i = 0; i < 6; i++) {
      trainingStep(gan).dispose();
      seen.push(flat(gan.generator.stateDict().get(NAME)!));
    }
    for (const std of [0.05, 0.2]) {
      const g = powerExponent(std);
      const expected = seen[0]!.map((_, j) =>
        seen.reduce((sum, w, i) => sum + (((i + 1) ** (g + 1) - i ** (g + 1)) / 6 ** (g + 1)) * w[j]!, 0),
      );
      expectClose(flat(gan.techniques[0]!.state!().tensors.get(`std ${std}: ${NAME}`)!), expected, { atol: 1e-6 });
    }
  });

  it("refuses lengths that are none, or the same twice", () => {
    expect(() => powerAveraging({ stds: [0.05, 0.3] })).toThrow("must be below 0.2887");
    expect(() => powerAveraging({ stds: [0.1, 0.1] })).toThrow("must be different numbers");
    expect(() => ganOf({ techniques: [powerAveraging(), weightAveraging()] })).toThrow("cannot stand in one recipe");
  });
});

describe("gantry average", () => {
  it("makes the average that training would have kept, of a length that it did not keep", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "run");
    // The direct average of std 0.08 is the oracle: the same training, with that length among those kept.
    const recipe = (stds: number[]) =>
      tinyRecipe({
        generator: dcgan.generator({ latent: 4, width: 2 }),
        techniques: [powerAveraging({ stds, every: 5 }), standingStatistics({ batches: 2 })],
        steps: 60,
        samples: { every: 60, count: 4, columns: 2 },
        checkpoint: { every: 30 },
        threads: binding().threads(),
      });
    await startRun(recipe([0.05, 0.1]), { directory: path }).train();
    const files = [10, 20, 30, 40, 50, 60].map((step) => join(path, `averages/step-0000${step}.safetensors`));
    expect(files.map((file) => existsSync(file))).toEqual(Array(6).fill(true));
    const direct = join(folder, "direct");
    await startRun(recipe([0.08, 0.1]), { directory: direct }).train();
    const stored = readSafetensors(join(direct, "averages/step-000060.safetensors")).tensors;
    const oracle = (name: string): Tensor => stored.get(`std 0.08: ${name}`)!;

    const made = await averageRun(path, { std: 0.08, out: join(folder, "averaged") });
    expect(made).toMatchObject({ step: 60, std: 0.08, snapshots: 24 });
    expect(made.error).toBeLessThan(0.03);
    const { gan } = await openForSampling(made.directory);
    const own = readSafetensors(join(listCheckpoints(join(path, "checkpoints")).at(-1)!.path, "generator.safetensors"));
    for (const [name, tensor] of gan.generator.stateDict()) {
      if (tensor.dtype === "int64") continue;
      const [found, expected, last] = [flat(tensor), flat(oracle(name)), flat(own.tensors.get(name)!)];
      const distance = (other: number[]): number => Math.hypot(...found.map((value, i) => value - other[i]!));
      // Near to the average, far from the weights of the last step.
      expect(distance(expected), name).toBeLessThan(
        0.1 * Math.hypot(...expected.map((value, i) => value - last[i]!)) + 1e-7,
      );
    }
    gan.dispose();
    expect((await sampleRun(made.directory, { count: 2, seed: 1 })).shape).toEqual([2, 1, 16, 16]);

    // A stored length is given back.
    const same = await averageRun(path, { std: 0.1, out: join(folder, "same"), step: 30 });
    const half = await openForSampling(same.directory);
    const expected = readSafetensors(files[2]!).tensors;
    for (const [name, tensor] of half.gan.generator.stateDict()) {
      if (tensor.dtype !== "int64")
        expectClose(tensor, expected.get(`std 0.1: ${name}`)!, { atol: 1e-5, rtol: 1e-4, label: name });
    }
    expect(half.step).toBe(30);
    half.gan.dispose();

    const told = await inProcess("average", path, "--std", "0.07", "--out", join(folder, "told"));
    expect([told.code, told.stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringMatching(/^std 0.07 at step 60, made of 24 stored averages \(its profile is met to [\d.]+ %\)$/),
    ]);
    const json = await inProcess(
      "average",
      path,
      "--std",
      "0.06",
      "--step",
      "30",
      "--out",
      join(folder, "json"),
      "--json",
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      directory: join(folder, "json"),
      step: 30,
      std: 0.06,
      snapshots: 12,
    });
    expect(await inProcess("average", path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--std is missing"),
    });

    await expect(averageRun(path, { std: 0.4, out: join(folder, "x") })).rejects.toThrow(
      "must be above 0 and below 0.2887",
    );
    await expect(averageRun(path, { std: 0.005, out: join(folder, "x") })).rejects.toThrow(
      "cannot be made of the 24 averages",
    );
    await expect(averageRun(path, { std: 0.1, out: made.directory })).rejects.toThrow(
      "exists and is not an empty folder",
    );
    const averaged = await openRun(made.directory);
    // The number of threads is the training's, and would stop a process that has another.
    expect(averaged.trainer.settings.threads).toBeUndefined();
    await expect(averaged.train()).rejects.toThrow("holds averaged weights and cannot be trained");
  });

  it("says what is missing where nothing was stored", async () => {
    const path = join(temporaryFolder(), "run");
    await startRun(tinyRecipe({ techniques: [weightAveraging()] }), { directory: path }).train();
    await expect(averageRun(path, { std: 0.05, out: `${path}-x` })).rejects.toThrow(
      "has stored no averages up to step 4: train it with the technique powerAveraging",
    );
  });
});
