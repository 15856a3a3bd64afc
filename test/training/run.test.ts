import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { PlainDescriptor } from "../../src/base/descriptor.ts";
import { UserError } from "../../src/base/errors.ts";
import { imagenet } from "../../src/data/index.ts";
import { mlp } from "../../src/models/index.ts";
import { adam, linearDecay } from "../../src/optim/index.ts";
import { engineSummary } from "../../src/tensor/index.ts";
import { binding } from "../../src/tensor/native.ts";
import { openRun, RunDirectory, type RunEvent, sampleRun, startRun } from "../../src/training/index.ts";
import { eventsOf, linesOf, newDirectory, recipe, stopAfter } from "./short-run.ts";
import { filesIn, technique, temporaryFolder, tinyConvolutions, tinyRecipe } from "./tiny.ts";

/** A recipe.json as version 0.1 wrote it, so that it can be changed. */
const withoutChecksum = (text: string): string => text.replace(/,\s*"crc32": "[0-9a-f]{8}"/, "");

describe("a run", () => {
  it("leaves recipe.json, metrics.jsonl, samples, checkpoints and the report with its charts", async () => {
    const directory = newDirectory();
    const seen: string[] = [];
    const result = await startRun(recipe, { directory, source: "tiny.ts", overrides: ["steps=6"] }).train({
      events: {
        begin: (from, to) => seen.push(`begin ${from} ${to}`),
        tick: ({ step }) => seen.push(`tick ${step}`),
        saved: (file, kind) => seen.push(`${kind} ${file.slice(directory.length + 1)}`),
      },
    });
    expect(seen).toEqual([
      "begin 0 6",
      "tick 2",
      "checkpoint checkpoints/step-000002",
      "samples samples/000003.png",
      "tick 4",
      "checkpoint checkpoints/step-000004",
      "tick 6",
      "samples samples/000006.png",
      "checkpoint checkpoints/step-000006",
    ]);
    expect(readdirSync(directory).sort()).toEqual([
      "batches",
      "checkpoints",
      "losses.svg",
      "metrics.crc",
      "metrics.jsonl",
      "numbers.svg",
      "recipe.json",
      "report.md",
      "samples",
    ]);
    expect(result).toMatchObject({
      directory,
      step: 6,
      finished: true,
      samples: join(directory, "samples/000006.png"),
      checkpoint: join(directory, "checkpoints/step-000006"),
    });
    const description = new RunDirectory(directory).description();
    expect(description).toMatchObject({
      source: "tiny.ts",
      overrides: ["steps=6"],
      data: { name: "noise", count: 48, sample: { channels: 1, size: 16 }, classes: ["class 0", "class 1"] },
    });
    const depends = ["gantry", "node", "workers", ...Object.keys(engineSummary())];
    expect(Object.keys(description.engine).sort()).toEqual(depends.sort());
    const report = readFileSync(join(directory, "report.md"), "utf8");
    expect(report).toContain("![samples](samples/000006.png)");
    expect(report).toContain(description.hash.slice(0, 12));
    expect(report.match(/^\| +\d/gm)?.length ?? report.match(/^\| \d/gm)?.length).toBe(3);
  });

  it("writes one line a tick: means over the steps since the last, and what techniques report", async () => {
    const seen: number[] = [];
    let reports = 0;
    const penalised = technique("penalised", () => ({
      generatorLoss(pass) {
        const loss = pass.selectedOutput.score.mean().neg();
        seen.push(loss.item());
        return loss;
      },
      report: () => ({ count: ++reports, broken: Number.NaN, lossG: 1e9 }),
    }));
    const directory = newDirectory();
    const mine = tinyRecipe({ steps: 5, log: { every: 2 }, techniques: [penalised], discriminatorSteps: 3 });
    await startRun(mine, { directory }).train();
    const ticks = new RunDirectory(directory).ticks();
    expect(ticks.map(({ step }) => step)).toEqual([2, 4, 5]);
    expect(ticks.map(({ count }) => count)).toEqual([1, 2, 3]);
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const expected = [seen.slice(0, 2), seen.slice(2, 4), seen.slice(4)].map(mean);
    for (const [i, tick] of ticks.entries()) {
      expect(tick.lossG).toBeCloseTo(expected[i]!, 5);
      expect(Object.keys(tick)).not.toContain("broken");
      expect(tick.imagesPerSecond).toBeGreaterThan(0);
    }
    // Real images that the discriminator saw: three batches of 8 per step.
    const images = [1, 2].map((i) => ticks[i]!.imagesPerSecond * (ticks[i]!.seconds - ticks[i - 1]!.seconds));
    expect(images[0]).toBeCloseTo(2 * 24, 6);
    expect(images[1]).toBeCloseTo(24, 6);
    // 48 images, 24 per step.
    expect(ticks.map(({ epoch }) => epoch)).toEqual([1, 2, 2.5]);
    const events = linesOf(directory).map(({ event }) => event);
    expect(events).toEqual(["start", undefined, undefined, undefined, "outputs", "finish"]);
    expect((linesOf(directory)[0] as unknown as RunEvent).engine).toHaveProperty("libtorch");
  });

  it("takes the schedule's rate in each step, in the first the configured one", async () => {
    const rates: Record<string, number[]> = { generator: [], discriminator: [] };
    const spy = technique("rateSpy", () => ({
      afterStep: (player, { optimizers }) => void rates[player]!.push(optimizers[player].lr),
    }));
    const optimizers = { generator: adam({ lr: 1e-2 }), discriminator: adam({ lr: 4e-2 }) };
    const mine = tinyRecipe({ steps: 4, optimizers, schedule: linearDecay(), techniques: [spy] });
    await startRun(mine, { directory: newDirectory() }).train();
    const factors = [1, 0.75, 0.5, 0.25];
    expect(rates).toEqual({
      generator: factors.map((factor) => 1e-2 * factor),
      discriminator: factors.map((factor) => 4e-2 * factor),
    });
  });

  it("draws its sample sheets from the same noise at every step", async () => {
    const still = { generator: adam({ lr: 1e-30 }), discriminator: adam({ lr: 1e-30 }) };
    const sheets = async (parts: object): Promise<string[]> => {
      const directory = newDirectory();
      await startRun(tinyRecipe({ steps: 3, samples: { every: 1, count: 4 }, ...parts }), { directory }).train();
      return Object.values(filesIn(join(directory, "samples")));
    };
    const same = await sheets({ optimizers: still });
    expect(same).toHaveLength(3);
    expect(new Set(same).size).toBe(1);
    expect(new Set(await sheets({})).size).toBe(3);
  });

  it("counts in epochs where the recipe does", async () => {
    const directory = newDirectory();
    const run = startRun(tinyRecipe({ epochs: 2, discriminatorSteps: 2, batchSize: 10 }), { directory });
    expect(run.totalSteps).toBeUndefined();
    // 2 * 48 images, 20 per step
    expect(await run.train()).toMatchObject({ step: 5, finished: true });
    const again = await openRun(directory, ["epochs=3"]);
    expect([again.step, again.totalSteps]).toEqual([5, 8]);
    expect(await again.train()).toMatchObject({ step: 8, finished: true });
  });

  it("yields between steps: timers and signals get their turn", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await startRun(tinyRecipe({ steps: 30 }), { directory: newDirectory() }).train();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it("that has reached its end is not trained again, and still knows its samples", async () => {
    const directory = newDirectory();
    await startRun(recipe, { directory }).train();
    const notes: string[] = [];
    const again = await (await openRun(directory)).train({ events: { note: (message) => notes.push(message) } });
    expect(again).toMatchObject({ step: 6, finished: true, samples: join(directory, "samples/000006.png") });
    expect(notes).toEqual(["the run has reached step 6 already"]);
    expect(readFileSync(join(directory, "report.md"), "utf8")).toContain("samples/000006.png");
  });

  it("can be sampled from without its data", async () => {
    const directory = newDirectory();
    await startRun(tinyRecipe({ ...tinyConvolutions, steps: 4, checkpoint: { every: 2 } }), { directory }).train();
    const draw = async (options: object): Promise<number[]> => {
      const images = await sampleRun(directory, { count: 2, seed: 3, ...options });
      expect(images.shape).toEqual([2, 1, 16, 16]);
      return Array.from(images.toArray() as Float32Array);
    };
    expect(await draw({})).toEqual(await draw({ checkpoint: "4" }));
    expect(await draw({})).not.toEqual(await draw({ checkpoint: "2" }));
    await expect(draw({ checkpoint: "3" })).rejects.toThrow("checkpoint `3` does not exist; there are: last, 2, 4");
    rmSync(join(directory, "checkpoints"), { recursive: true });
    await expect(draw({})).rejects.toThrow("has no checkpoint yet");
  });
});

describe("stopping", () => {
  it("finishes the step, writes its line and a checkpoint", async () => {
    const directory = newDirectory();
    const stop = new AbortController();
    let steps = 0;
    const stopping = technique("stopping", () => ({
      select() {
        if (++steps === 3) stop.abort();
        return null;
      },
    }));
    const mine = tinyRecipe({ steps: 9, techniques: [stopping] });
    const result = await startRun(mine, { directory }).train({ stop: stop.signal });
    expect(result).toMatchObject({ step: 3, finished: false, checkpoint: join(directory, "checkpoints/step-000003") });
    expect(new RunDirectory(directory).ticks().map(({ step }) => step)).toEqual([3]);
    expect(eventsOf(directory)).toEqual(["start 0", "stop 3"]);
    await (await openRun(directory)).train();
    expect(eventsOf(directory)).toEqual(["start 0", "stop 3", "resume 3", "finish 9"]);
    expect(new RunDirectory(directory).ticks().map(({ step }) => step)).toEqual([3, 9]);
  });

  it("before the first step, in the last one, and where a checkpoint was just written", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    expect(await run.train({ stop: AbortSignal.abort() })).toMatchObject({ step: 0, finished: false });
    await stopAfter(run, 2);
    const written = readdirSync(join(directory, "checkpoints"));
    expect(written).toContain("step-000002");
    const saved: string[] = [];
    const stop = AbortSignal.abort();
    await run.train({ stop, events: { saved: (file) => saved.push(file) } });
    expect(saved).toEqual([]);
    await stopAfter(run, 6);
    expect(eventsOf(directory).at(-1)).toBe("finish 6");
  });
});

describe("starting and opening", () => {
  it("never takes a folder in which something is", async () => {
    const directory = newDirectory();
    mkdirSync(directory);
    startRun(recipe, { directory });
    expect(() => startRun(recipe, { directory })).toThrow(`continue it with \`gantry resume ${directory}\``);
    const full = temporaryFolder();
    writeFileSync(join(full, "x"), "");
    expect(() => startRun(recipe, { directory: full })).toThrow("exists and is not an empty folder; choose another");
    expect(() => startRun(recipe, { directory: join(full, "x") })).toThrow("exists and is not an empty folder");
    expect(() => startRun(recipe, { directory: join(full, "x", "y") })).toThrow("a part of the path is a file");
  });

  it("writes nothing before training, and then what was changed", async () => {
    const directory = newDirectory();
    startRun(recipe, { directory });
    const before = readFileSync(join(directory, "recipe.json"), "utf8");
    const run = await openRun(directory, ["steps=3", "samples.every=2"]);
    expect(readFileSync(join(directory, "recipe.json"), "utf8")).toBe(before);
    await run.train();
    const { overrides, recipe: plain } = new RunDirectory(directory).description();
    expect(overrides).toEqual(["steps=3", "samples.every=2"]);
    expect(plain.steps).toBe(3);
    // The report names an override once, however often the run was given it.
    await (await openRun(directory, ["steps=4", "samples.every=2"])).train();
    const report = readFileSync(join(directory, "report.md"), "utf8");
    expect(report).toContain("with `steps=3`, `steps=4`, `samples.every=2`, hash");
  });

  it("remembers the files of its data by their whole paths, since it may continue from another folder", () => {
    const kept = (options: Parameters<typeof imagenet>[0]) => {
      const directory = newDirectory();
      startRun(tinyRecipe({ data: imagenet(options) }), { directory });
      return (new RunDirectory(directory).description().recipe.data as PlainDescriptor).options;
    };
    expect(kept({ path: "photos", synsets: "lists/dogs.txt" })).toMatchObject({
      path: resolve("photos"),
      synsets: resolve("lists/dogs.txt"),
    });
    const { path, synsets } = kept({ synsets: ["n01440764"] });
    expect([path, synsets]).toEqual([undefined, ["n01440764"]]);
  });

  it("refuses more samples than a picture can hold, before the first step", async () => {
    expect(() => tinyRecipe({ samples: { count: 10_000_000 } })).toThrow(
      "`samples.count` (=10000000) must be at most 10000: one picture shows them",
    );
    const directory = newDirectory();
    const wide = tinyRecipe({ samples: { count: 10_000, columns: 10_000 }, steps: 1 });
    await expect(startRun(wide, { directory }).train()).rejects.toThrow("would be 180002 x 20");
    expect(readdirSync(directory)).not.toContain("metrics.jsonl");
  });

  it("draws many samples in groups, with the event loop between them, and the same ones", async () => {
    const directory = newDirectory();
    const many = tinyRecipe({ samples: { count: 1_200, columns: 40 }, steps: 1, log: { every: 1 } });
    let turns = 0;
    const turn = () => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await startRun(many, { directory }).train({ events: { tick: () => (turns = 0) } });
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(2);
    const first = tinyRecipe({ samples: { count: 40, columns: 40 }, steps: 1 });
    const other = newDirectory();
    await startRun(first, { directory: other }).train();
    const strip = { left: 0, top: 0, width: 722, height: 20 };
    const pixels = (run: string) =>
      sharp(join(run, "samples", "000001.png"))
        .extract(strip)
        .raw()
        .toBuffer();
    expect((await pixels(directory)).subarray(0, 722 * 18)).toEqual((await pixels(other)).subarray(0, 722 * 18));
  });

  it("refuses a network that looks at classes with one that does not", async () => {
    const options = { hidden: [8], conditional: true };
    const train = (parts: Parameters<typeof tinyRecipe>[0]) =>
      startRun(tinyRecipe({ ...parts, steps: 1 }), { directory: newDirectory() }).train();
    await expect(train({ generator: mlp.generator({ latent: 4, ...options }) })).rejects.toThrow(
      "`generator.conditional` is true and `discriminator.conditional` is false: D never sees the labels",
    );
    await expect(train({ discriminator: mlp.discriminator(options) })).rejects.toThrow(
      "`discriminator.conditional` is true and the generator does not look at classes",
    );
    const both = { generator: mlp.generator({ latent: 4, ...options }), discriminator: mlp.discriminator(options) };
    expect(await train(both)).toMatchObject({ finished: true });
  });

  it("refuses to become another run", async () => {
    const directory = newDirectory();
    startRun(recipe, { directory });
    for (const change of ["batchSize=4", "seed=1", "techniques+=topK", "optimizers.generator.lr=1"]) {
      await expect(openRun(directory, [change])).rejects.toThrow(`\`${change}\`: a resumed run can change steps`);
    }
    // What changes nothing is no change.
    const { batchSize } = recipe;
    const same = await openRun(directory, ["precision=float32", "tf32=false", `batchSize=${batchSize}`, "steps=7"]);
    expect(same.recipe).toMatchObject({ batchSize, steps: 7 });
    for (const change of ["precision=bf16", "tf32=true", "nothing=1"])
      await expect(openRun(directory, [change])).rejects.toThrow(`\`${change}\`: a resumed run can change steps`);
    await expect(openRun(temporaryFolder())).rejects.toThrow("is not a run: it has no recipe.json");
    writeFileSync(join(directory, "recipe.json"), "{");
    await expect(openRun(directory)).rejects.toThrow("recipe.json is not JSON");
    writeFileSync(join(directory, "recipe.json"), '{"format":1}');
    await expect(openRun(directory)).rejects.toThrow(UserError);
  });

  it("refuses other data than before, and says when the engine is another", async () => {
    const directory = newDirectory();
    await stopAfter(startRun(recipe, { directory }), 2);
    const file = join(directory, "recipe.json");
    const text = withoutChecksum(readFileSync(file, "utf8"));
    writeFileSync(file, text.replace(/("name": "noise",\s+"count": )48/, "$140"));
    await expect((await openRun(directory)).train()).rejects.toThrow(
      "the data has changed: the run was trained on noise (40 samples, 2 classes), this is noise (48 samples, 2 classes)",
    );
    writeFileSync(file, text.replace(/"libtorch": ".*"/, '"libtorch": "0.4"').replace(/"workers": 1/, '"workers": 2'));
    const notes: string[] = [];
    await (await openRun(directory)).train({ events: { note: (message) => notes.push(message) } });
    expect(notes[0]).toMatch(/^libtorch 0\.4 is now .*, workers 2 is now 1: the run continues, but not with the bits/);
  });

  it("says what another length does to rates that end with the run, and nothing where they stay", async () => {
    const notes = async (schedule: ReturnType<typeof linearDecay>, change: string): Promise<string[]> => {
      const directory = newDirectory();
      await startRun(tinyRecipe({ steps: 4, schedule }), { directory }).train();
      const said: string[] = [];
      await (await openRun(directory, [change])).train({ events: { note: (message) => said.push(message) } });
      return said.filter((message) => message.includes("linearDecay"));
    };
    expect(await notes(linearDecay(), "steps=12")).toEqual([
      "steps 4 is now steps 12, and the schedule linearDecay ends with the run: learning rates change from here on (in " +
        "step 4 0.667 times the configured ones; they would have been 0 times), so the result is not that of a run of " +
        "12 steps from its start",
    ]);
    expect(await notes(linearDecay({ to: 4 }), "steps=8")).toEqual([]);
    expect(await notes(linearDecay(), "log.every=1")).toEqual([]);
  });

  it("says when its checkpoints are gone", async () => {
    const directory = newDirectory();
    await stopAfter(startRun(recipe, { directory }), 2);
    rmSync(join(directory, "checkpoints"), { recursive: true });
    const notes: string[] = [];
    await (await openRun(directory)).train({ events: { note: (message) => notes.push(message) } });
    expect(notes).toEqual([
      "the log reaches step 2, but there is no checkpoint left to continue from: training begins again",
    ]);
  });

  it("records what products are made with, and tells nothing of what an older run did not record", async () => {
    const directory = newDirectory();
    await stopAfter(startRun(recipe, { directory }), 2);
    const file = join(directory, "recipe.json");
    const { engine, ...rest } = JSON.parse(withoutChecksum(readFileSync(file, "utf8")));
    expect(engine).toMatchObject({ ...engineSummary(), workers: 1 });
    expect(engine.blasKernels).toBe(binding().blas()?.core);
    const { blasKernels: _, workers: __, ...older } = engine;
    writeFileSync(file, JSON.stringify({ ...rest, engine: older }));
    const notes: string[] = [];
    await (await openRun(directory)).train({ events: { note: (message) => notes.push(message) } });
    expect(notes).toEqual([]);
  });
});
