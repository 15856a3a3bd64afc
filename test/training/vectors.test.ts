/** Runs on vectors: sample sheets, scores and checkpoints like any other run, bit for bit the same after an interruption. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it, onTestFinished } from "vitest";
import { mixtureOfGaussians, type VectorData } from "../../src/data/index.ts";
import type { Metric } from "../../src/metrics/index.ts";
import { fid, mixture } from "../../src/metrics/scores/index.ts";
import { dcgan } from "../../src/models/index.ts";
import { loadRecipe } from "../../src/recipe/load.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { topK, weightAveraging } from "../../src/techniques/index.ts";
import { Generator, liveTensors } from "../../src/tensor/index.ts";
import { scoreVectors, vectorEvaluator, vectorMetrics } from "../../src/training/evaluation/vector-evaluation.ts";
import { openRun, RunDirectory, sampleRun, startRun, writeRunImage } from "../../src/training/index.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { eventsOf, newDirectory, stopAfter } from "./short-run.ts";
import { filesIn, tinyRecipe } from "./tiny.ts";

const evaluate = { every: 2, features: "samples", metrics: [mixture()], samples: 300 };

function vectors(parts: Partial<RecipeInput> = {}): ReturnType<typeof tinyRecipe> {
  return tinyRecipe({
    data: mixtureOfGaussians({ modes: 4 }),
    techniques: [topK({ gamma: 0.5, everySteps: 2 })],
    steps: 6,
    log: { every: 1 },
    samples: { every: 3, count: 20 },
    checkpoint: { every: 4, keep: 1, at: [1, 3] },
    evaluate,
    ...parts,
  });
}

describe("a run on vectors", () => {
  it("refuses a technique that would wait for epochs for ever", async () => {
    const train = (parts: Partial<RecipeInput>) => startRun(vectors(parts), { directory: newDirectory() }).train();
    await expect(train({ techniques: [topK()] })).rejects.toThrow(
      "`topK` counts epochs, and this data has none; give it `everySteps`",
    );
    const counted = mixtureOfGaussians({ modes: 4, samplesPerEpoch: 16 });
    await expect(train({ techniques: [topK()], data: counted })).resolves.toMatchObject({ finished: true });
    await expect(train({ techniques: [topK({ gamma: 1, floor: 1 })] })).resolves.toMatchObject({ finished: true });
  });

  it("writes sample sheets, scores and a report", async () => {
    const directory = newDirectory();
    await startRun(vectors(), { directory }).train();
    const run = new RunDirectory(directory);
    const last = run.evaluations().at(-1)!;
    expect(run.evaluations().map(({ step }) => step)).toEqual([2, 4, 6]);
    expect(last.scores.map(({ name }) => name)).toEqual(
      ["highQuality", "modes", "reverseKl", "distance"].map((name) => `${name}@samples`),
    );
    expect(last.chosenBy).toBe("highQuality@samples");
    expect(last.scores[0]!.protocol).toMatchObject({ features: "samples", fakeCount: 300, real: null });
    const sheet = await sharp(join(run.samples, "000006.png")).metadata();
    expect([sheet.width, sheet.height]).toEqual([552, 552]);
    expect(readFileSync(run.report, "utf8")).toContain(
      "mixture of 4 Gaussians (grid, spacing 1, sigma 0.05), drawn without end",
    );
    const drawn = await sampleRun(directory, { count: 5, seed: 0 });
    expect(drawn.shape).toEqual([5, 2]);
    const cloud = join(directory, "cloud.png");
    const { width, height } = await writeRunImage(run.description(), cloud, drawn);
    expect(await sharp(cloud).metadata()).toMatchObject({ width, height });
    // Real points are gray dots that generated ones, few and elsewhere, do not cover: more than axes and text have.
    const { data } = await sharp(cloud).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    let gray = 0;
    for (let i = 0; i < data.length; i += 3)
      if (data[i]! > 100 && data[i]! < 200 && Math.abs(data[i]! - data[i + 2]!) < 8) gray++;
    expect(gray).toBeGreaterThan(800);
  });

  it("is scored by its averaged weights", async () => {
    const recipe = vectors({ techniques: [weightAveraging({ decay: 0.9 })] });
    const data = await mixtureOfGaussians({ modes: 4 }).build({});
    const build = (of: typeof recipe): BuiltGan => {
      const built = new BuiltGan(of, { sample: { features: 2 }, classes: [] }, data.loader({ batchSize: 8, seed: 1 }));
      onTestFinished(() => built.dispose());
      return built;
    };
    const gan = build(recipe);
    for (let i = 0; i < 4; i++) trainingStep(gan).dispose();
    // The oracle: a GAN that averages nothing and has the averages for its own weights.
    const oracle = build(vectors({ techniques: [] }));
    const scores = async (of: BuiltGan): Promise<unknown> => {
      const found = await vectorEvaluator(of.recipe, data)!.scores(of, {}, undefined);
      return found.map(({ name, value }) => [name, value]);
    };
    const averaged = await scores(gan);
    oracle.generator.loadStateDict(gan.techniques[0]!.state!().tensors);
    expect(await scores(oracle)).toEqual(averaged);
    oracle.generator.loadStateDict(gan.generator.stateDict());
    expect(await scores(oracle)).not.toEqual(averaged);
  });

  it("is scored in groups of samples: the same scores, and a stop is heard between them", async () => {
    const recipe = vectors({ techniques: [] });
    const data = await mixtureOfGaussians({ modes: 4 }).build({});
    const gan = new BuiltGan(recipe, { sample: { features: 2 }, classes: [] }, data.loader({ batchSize: 8, seed: 1 }));
    onTestFinished(() => gan.dispose());
    const [metric] = vectorMetrics([mixture()], data as VectorData);
    const seen: Float32Array[] = [];
    const watched = {
      ...metric!,
      compute: ((given) => {
        seen.push(given.fake.features!.toArray() as Float32Array);
        return metric!.compute(given);
      }) as Metric["compute"],
    };
    const drawing = { count: 40_000, seed: 3, averaged: true };
    await scoreVectors(gan, [watched], drawing);
    const whole = drawSamples(gan, { ...drawing, random: new Generator(3) });
    expect(seen[0]).toEqual(whole.toArray());
    whole.dispose();
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error("stop")));
    const before = liveTensors();
    await expect(scoreVectors(gan, [watched], drawing, controller.signal)).rejects.toThrow("stop");
    expect([seen.length, liveTensors()]).toEqual([1, before]);
  });

  it("keeps the checkpoints of the steps that the recipe names", async () => {
    const directory = newDirectory();
    await startRun(vectors({ evaluate: undefined }), { directory }).train();
    expect(readdirSync(join(directory, "checkpoints"))).toEqual(["step-000001", "step-000003", "step-000006"]);
  });

  it("ends with the same bits when it was interrupted", async () => {
    const [whole, parts] = [newDirectory(), newDirectory()];
    await startRun(vectors(), { directory: whole }).train();
    await stopAfter(startRun(vectors(), { directory: parts }), 3);
    await (await openRun(parts)).train();
    expect(eventsOf(parts)).toContain("resume 3");
    const last = (directory: string) => {
      const { "state.json": _, ...files } = filesIn(join(directory, "checkpoints", "step-000006"));
      return files;
    };
    expect(last(parts)).toEqual(last(whole));
  });

  it("refuses what only images have", async () => {
    const refusal = (parts: Partial<RecipeInput>) => startRun(vectors(parts), { directory: newDirectory() }).train();
    await expect(refusal({ evaluate: { ...evaluate, features: "inception" } })).rejects.toThrow(
      '`evaluate.features` (=inception) looks at images; for vectors write "samples"',
    );
    await expect(refusal({ evaluate: { ...evaluate, metrics: [fid()] } })).rejects.toThrow("`fid` scores images");
    await expect(refusal({ generator: dcgan.generator() })).rejects.toThrow("the samples are vectors of 2 numbers");
    await expect(refusal({ steps: undefined, epochs: 2 })).rejects.toThrow("know no epochs");
  });

  it("counts in epochs where the data says how long one is", async () => {
    const data = mixtureOfGaussians({ modes: 4, samplesPerEpoch: 16 });
    const { step } = await startRun(vectors({ data, steps: undefined, epochs: 2 }), {
      directory: newDirectory(),
    }).train();
    expect(step).toBe(4);
  });
});

describe("the recipe `mixture`", () => {
  it("trains", async () => {
    const { recipe } = await loadRecipe("mixture");
    const directory = newDirectory();
    const small = applyOverrides(recipe, ["steps=2", "evaluate.every=1", "evaluate.samples=100", "samples.count=50"]);
    const { finished } = await startRun(small, { directory }).train();
    expect(finished).toBe(true);
    expect(existsSync(join(directory, "samples", "000002.png"))).toBe(true);
  });
});
