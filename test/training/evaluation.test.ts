import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../../src/base/errors.ts";
import { defineMetric } from "../../src/metrics/index.ts";
import { fid, inceptionScore, kid, modes } from "../../src/metrics/scores/index.ts";
import { dcgan, mlp, noisyMlp } from "../../src/models/index.ts";
import { defineRecipe, type Recipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import { weightAveraging } from "../../src/techniques/index.ts";
import { Generator, noGrad, type Tensor } from "../../src/tensor/index.ts";
import { generatedImages } from "../../src/training/evaluation/generated-images.ts";
import { listCheckpoints, openRun, RunDirectory, sampleRun, startRun } from "../../src/training/index.ts";
import { bestEvaluation, chosenEvaluation, comparableValues } from "../../src/training/run/run-log.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { flat } from "../nn/oracle.ts";
import { demanding } from "./demanding.ts";
import { eventsOf, newDirectory } from "./short-run.ts";
import { filesIn, ganOf, temporaryFolder, tinyConvolutions } from "./tiny.ts";

const [plain] = Object.values(demanding);

let broken = false;

/** A metric that throws while {@link broken}. */
const failing = defineMetric("testFailing", z.strictObject({}), {
  description: "fails",
  needs: { fake: ["logits"] },
  scores: { failing: "lower" },
  compute: () => {
    if (broken) throw new Error("the metric is broken\nand says so at length");
    return { failing: 1 };
  },
});

let computed = 0;

/** A metric that is undefined until it is computed for the third time. */
const undefinedFirst = defineMetric("testUndefinedFirst", z.strictObject({}), {
  description: "undefined at first",
  needs: { fake: ["logits"] },
  scores: { late: "lower" },
  compute: () => ({ late: ++computed < 3 ? 0 / 0 : 1 }),
});

/** A recipe with as much state as can be, evaluated as given. */
function evaluated(
  evaluate: Partial<NonNullable<RecipeInput["evaluate"]>> = {},
  parts: Partial<RecipeInput> = {},
): Recipe {
  const settings = {
    every: 2,
    features: "mnist-classifier",
    metrics: [fid(), inceptionScore({ splits: 2 })],
    samples: 90,
  };
  return defineRecipe({ ...plain, evaluate: { ...settings, ...evaluate }, ...parts } as RecipeInput);
}

async function trained(recipe: Recipe): Promise<string> {
  const directory = newDirectory();
  await startRun(recipe, { directory }).train();
  return directory;
}

/** The last checkpoint and the samples, without the clock. */
function bitsOf(directory: string): unknown {
  const run = new RunDirectory(directory);
  const { "state.json": state, ...tensors } = filesIn(listCheckpoints(run.checkpoints).at(-1)!.path);
  const all = JSON.parse(Buffer.from(state!, "base64").toString()) as Record<string, unknown>;
  const { seconds: _, crc32: __, ...numbers } = all;
  return { tensors, numbers, samples: filesIn(run.samples) };
}

const scoresOf = (directory: string): unknown =>
  new RunDirectory(directory).evaluations().map(({ step, scores }) => ({ step, scores }));

describe("evaluation while training", () => {
  it("changes nothing of the training, however often it comes", async () => {
    const never = bitsOf(await trained(plain!));
    for (const every of [1, 4]) expect(bitsOf(await trained(evaluated({ every })))).toEqual(never);
  });

  it("writes scores with their protocol into the log, and them and a chart into the report", async () => {
    const directory = await trained(evaluated({ metrics: [fid(), modes()] }));
    const evaluations = new RunDirectory(directory).evaluations();
    expect(evaluations.map(({ step }) => step)).toEqual([2, 4, 6, 8, 9]);
    const { scores, chosenBy } = evaluations[0]!;
    expect(chosenBy).toBe("fid@mnist-classifier");
    expect(scores.map(({ name }) => name)).toEqual(
      ["fid", "modes", "entropy", "reverseKl"].map((name) => `${name}@mnist-classifier`),
    );
    expect(scores[0]!.value).toBeGreaterThan(0);
    expect(scores[0]!.protocol).toMatchObject({
      features: "mnist-classifier",
      real: { name: "mnist (train)", count: 120 },
      fakeCount: 90,
      drawing: { averaged: true, mode: "eval", truncation: null, labels: "none" },
    });
    const report = readFileSync(join(directory, "report.md"), "utf8");
    expect(report).toContain("(scores.svg)");
    expect(report).toContain(`| 9 | ${evaluations.at(-1)!.scores[0]!.value.toPrecision(4)} |`);
    const chart = readFileSync(join(directory, "scores.svg"), "utf8");
    expect(chart).toContain("fid@mnist-classifier");
    expect(chart.match(/<svg/g)).toHaveLength(1);
    for (const [file, curves] of Object.entries({ losses: [">D<", ">G<"], numbers: [">D(real)<", ">D(fake)<"] })) {
      expect(report).toContain(`(${file}.svg)`);
      const drawn = readFileSync(join(directory, `${file}.svg`), "utf8");
      for (const name of curves) expect(drawn).toContain(name);
    }
  });

  it("keeps the best checkpoint besides the newest, which can be sampled from", async () => {
    const directory = await trained(evaluated({ every: 1 }, { checkpoint: { every: 9, keep: 1 } }));
    const run = new RunDirectory(directory);
    const best = bestEvaluation(run.evaluations(), { name: "fid@mnist-classifier", better: "lower" })!;
    const steps = listCheckpoints(run.checkpoints).map(({ step }) => step);
    expect(steps).toEqual([...new Set([best.step, 9])]);
    const sample = { count: 2, seed: 1 };
    const drawn = flat(await sampleRun(directory, { ...sample, checkpoint: "best" }));
    expect(drawn).toEqual(flat(await sampleRun(directory, { ...sample, checkpoint: String(best.step) })));
    await expect(sampleRun(directory, { ...sample, checkpoint: "worst" })).rejects.toThrow("`worst` does not exist");
  });

  it("chooses by the score that the recipe names, whichever end of it is better", async () => {
    const directory = await trained(
      evaluated({ every: 1, best: "inceptionScore" }, { checkpoint: { every: 9, keep: 1 } }),
    );
    const run = new RunDirectory(directory);
    const values = run.evaluations().map(({ step, scores }) => ({ step, value: scores[1]!.value }));
    const best = values.reduce((a, b) => (b.value > a.value ? b : a));
    expect(listCheckpoints(run.checkpoints).map(({ step }) => step)).toContain(best.step);
  });

  it("keeps the best checkpoint when the run continues without evaluation", async () => {
    const directory = await trained(evaluated({ every: 1 }, { checkpoint: { every: 9, keep: 1 } }));
    const run = new RunDirectory(directory);
    const best = chosenEvaluation(run.evaluations())!.step;
    await (await openRun(directory, ["evaluate=null", "steps=13", "checkpoint.every=2"])).train();
    expect(listCheckpoints(run.checkpoints).map(({ step }) => step)).toEqual([...new Set([best, 13])]);
  });

  it("compares only what was measured alike when `evaluate` changes on the way", async () => {
    const directory = await trained(evaluated({ every: 3 }));
    await (await openRun(directory, ["evaluate.samples=60", "steps=12"])).train();
    const evaluations = new RunDirectory(directory).evaluations();
    expect(evaluations.map(({ step }) => step)).toEqual([3, 6, 9, 12]);
    const name = "fid@mnist-classifier";
    expect(comparableValues(evaluations, name)).toEqual([{ step: 12, value: evaluations[3]!.scores[0]!.value }]);
    expect(comparableValues(evaluations.slice(0, 3), name).map(({ step }) => step)).toEqual([3, 6, 9]);
    expect(chosenEvaluation(evaluations)!.step).toBe(12);
    const report = readFileSync(join(directory, "report.md"), "utf8");
    expect(report).toContain("3 earlier evaluations were made under another protocol and are left out.");
    expect(report).not.toMatch(/^\| 9 \| [\d.]+ \| [\d.]+ ±/m);
  });

  it("gives the same scores to an interrupted run, also when it was stopped in an evaluation", async () => {
    const recipe = evaluated({ every: 3 });
    const whole = scoresOf(await trained(recipe));
    const directory = newDirectory();
    const first = new AbortController();
    const stopped = await startRun(recipe, { directory }).train({
      stop: first.signal,
      events: { evaluating: ({ name }) => name === "the generator" && first.abort() },
    });
    expect(stopped).toMatchObject({ step: 3, finished: false });
    expect(eventsOf(directory)).toEqual(["start 0", "stop 3"]);
    await (await openRun(directory)).train();
    expect(eventsOf(directory)).toEqual([
      "start 0",
      "stop 3",
      "resume 3",
      "scores 3",
      "scores 6",
      "scores 9",
      "finish 9",
    ]);
    expect(scoresOf(directory)).toEqual(whole);
  });

  it("says in the protocol whose weights are averaged, and whether labels were looked at", () => {
    const drawn = (parts: Partial<RecipeInput>) => {
      const options = { count: 4, seed: 0, averaged: true, mode: "eval" } as const;
      return generatedImages(ganOf(parts), "a run", options).drawing;
    };
    const generator = mlp.generator({ latent: 4, hidden: [4], conditional: true });
    const of = (players: "generator" | "discriminator" | "both") => [weightAveraging({ players })];
    expect(drawn({ generator, techniques: of("both") })).toMatchObject({ averaged: true, labels: "in turn" });
    expect(drawn({ techniques: of("generator") })).toMatchObject({ averaged: true, labels: "none" });
    expect(drawn({ techniques: of("discriminator") })).toMatchObject({ averaged: false });
    expect(drawn({ generator: noisyMlp.generator({ latent: 4, hidden: [4] }) })).toMatchObject({ labels: "none" });
  });

  it("refuses to score a generator whose images are not finite", () => {
    const gan = ganOf(tinyConvolutions);
    const options = { count: 4, seed: 0, averaged: true, mode: "eval" } as const;
    const drawn = (): number => {
      let count = 0;
      for (const batch of generatedImages(gan, "this run", options).images.batches(3) as Iterable<Tensor>) {
        count += batch.shape[0]!;
        batch.dispose();
      }
      return count;
    };
    expect(drawn()).toBe(4);
    noGrad(() => gan.generator.parameters()[0]!.fill_(Number.NaN));
    expect(drawn).toThrow("this run draws images that are not finite, so it cannot be scored");
  });

  it("draws in train mode without moving running statistics, and other images than in eval mode", async () => {
    const gan = ganOf(tinyConvolutions);
    const bytes = (mode: "eval" | "train"): number[] => {
      const found: number[] = [];
      const options = { count: 70, seed: 0, averaged: true, mode } as const;
      for (const batch of generatedImages(gan, "this run", options).images.batches(32) as Iterable<Tensor>) {
        found.push(...flat(batch));
        batch.dispose();
      }
      return found;
    };
    const before = [...gan.generator.stateDict().values()].map((tensor) => flat(tensor));
    const trained = bytes("train");
    expect(trained).not.toEqual(bytes("eval"));
    expect(bytes("train")).toEqual(trained);
    expect([...gan.generator.stateDict().values()].map((tensor) => flat(tensor))).toEqual(before);
    expect(gan.generator.training).toBe(true);
  });

  it("that fails costs its scores, not the training, and is tried again when the run continues", async () => {
    const recipe = evaluated({ every: 4, metrics: [fid(), failing()] });
    const directory = newDirectory();
    const notes: string[] = [];
    broken = true;
    const end = await startRun(recipe, { directory }).train({ events: { note: (text) => void notes.push(text) } });
    expect(end).toMatchObject({ step: 9, finished: true, best: undefined });
    expect(eventsOf(directory)).toEqual(["start 0", "unscored 4", "unscored 8", "unscored 9", "finish 9"]);
    expect(notes).toContain("step 4 has no scores, and training goes on: the metric is broken");
    broken = false;
    await (await openRun(directory)).train();
    expect(eventsOf(directory).slice(-3)).toEqual(["resume 9", "scores 9", "finish 9"]);
  });

  it("never calls an undefined score the best, and the report says that it is undefined", async () => {
    const directory = await trained(evaluated({ every: 3, metrics: [undefinedFirst()], best: "late" }));
    const evaluations = new RunDirectory(directory).evaluations();
    expect(evaluations.map(({ scores }) => scores[0]!.value)).toEqual([Number.NaN, Number.NaN, 1]);
    expect(chosenEvaluation(evaluations)).toMatchObject({ step: 9, value: 1 });
    expect(chosenEvaluation(evaluations.slice(0, 2))).toBeUndefined();
    expect(readFileSync(join(directory, "report.md"), "utf8")).toContain("| 3 | undefined |");
  });

  it("refuses a metric that has too few samples, before the first step", async () => {
    const directory = newDirectory();
    await expect(startRun(evaluated({ metrics: [kid()] }), { directory }).train()).rejects.toThrow(
      "`kid` (subsets 100, subsetSize 1000) needs at least 1000 samples, and there are 90 of the generator (`evaluate.samples`)",
    );
    expect(existsSync(join(directory, "metrics.jsonl"))).toBe(false);
  });

  it("keeps a change of a resumed run once it is accepted, and not before", async () => {
    const directory = newDirectory();
    await startRun(evaluated({}, { steps: 5 }), { directory }).train();
    const before = readFileSync(join(directory, "recipe.json"), "utf8");
    for (const change of ["evaluate.features=no-such-file", "evaluate.metrics=[kid]", "evaluate.best=kid"]) {
      await expect((await openRun(directory, ["steps=7", change])).train()).rejects.toThrow(UserError);
      expect(readFileSync(join(directory, "recipe.json"), "utf8")).toBe(before);
    }
    expect(await (await openRun(directory)).train()).toMatchObject({ step: 5, finished: true });
    expect(await (await openRun(directory, ["steps=6"])).train()).toMatchObject({ step: 6, finished: true });
    expect(new RunDirectory(directory).description().recipe.steps).toBe(6);
  });

  it.each([1, 63, 65])("draws whole batches in train mode, also for %i images", (count) => {
    const generator = dcgan.generator({ latent: 8, width: 4 });
    const gan = ganOf({ ...tinyConvolutions, generator });
    const draw = (wanted: number) =>
      drawSamples(gan, { count: wanted, random: new Generator(1), averaged: false, mode: "train" });
    expect(flat(draw(count))).toEqual(flat(draw(128).narrow(0, 0, count)));
  });

  it("refuses a score that the metrics do not give, and features that do not exist, before the first step", async () => {
    const run = (recipe: Recipe) => startRun(recipe, { directory: join(temporaryFolder(), "run") }).train();
    await expect(run(evaluated({ best: "kid" }))).rejects.toThrow(
      "`evaluate.best` (=kid) must be one of the run's scores: fid, inceptionScore",
    );
    await expect(run(evaluated({ features: "mnist-classifer" }))).rejects.toThrow("did you mean `mnist-classifier`?");
    await expect(run(evaluated({ metrics: [] }))).rejects.toThrow("`evaluate.metrics` is empty");
  });
});
