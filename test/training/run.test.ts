import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { Tensor } from "../../src/tensor/index.ts";
import {
  listCheckpoints,
  openRun,
  type Run,
  RunDirectory,
  type RunEvent,
  sampleRun,
  startRun,
} from "../../src/training/index.ts";
import { technique, temporaryFolder, tinyConvolutions, tinyRecipe } from "./tiny.ts";

const recipe = tinyRecipe({ steps: 6, checkpoint: { every: 2 }, log: { every: 2 }, samples: { every: 3, count: 4 } });

const newDirectory = (): string => join(temporaryFolder(), "run");
const linesOf = (directory: string): Record<string, unknown>[] =>
  readFileSync(join(directory, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const eventsOf = (directory: string): unknown[] =>
  linesOf(directory).flatMap(({ event, step }) => (event === undefined ? [] : [`${event} ${step}`]));

/** Trains until after step `last`. */
async function stopAfter(run: Run, last: number): Promise<void> {
  const stop = new AbortController();
  await run.train({ stop: stop.signal, events: { tick: ({ step }) => step >= last && stop.abort() } });
}

describe("a run", () => {
  it("leaves recipe.json, metrics.jsonl, samples, checkpoints and report.md", async () => {
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
      "checkpoints",
      "metrics.jsonl",
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
    expect(Object.keys(description.engine).sort()).toEqual(["gantry", "instructionSet", "libtorch", "node", "threads"]);
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
        const loss = pass.kept.score.mean().neg();
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
    // 48 images, 24 a step.
    expect(ticks.map(({ epoch }) => epoch)).toEqual([1, 2, 2.5]);
    expect(linesOf(directory).map(({ event }) => event)).toEqual(["start", undefined, undefined, undefined, "finish"]);
    expect((linesOf(directory)[0] as unknown as RunEvent).engine).toHaveProperty("libtorch");
  });

  it("counts in epochs where the recipe does", async () => {
    const directory = newDirectory();
    const run = startRun(tinyRecipe({ epochs: 2, discriminatorSteps: 2, batchSize: 10 }), { directory });
    expect(run.totalSteps).toBeUndefined();
    // 2 * 48 images, 20 a step
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

describe("training that diverges", () => {
  const poisoned = (step: number, player: "generator" | "discriminator") =>
    tinyRecipe({
      steps: 40,
      checkpoint: { every: 4 },
      log: { every: 5 },
      techniques: [
        technique("poison", () => ({
          gradients: (of, gradients, { progress }) =>
            of === player && progress.step === step - 1
              ? gradients.map((gradient) => Tensor.fullLike(gradient, Number.NaN))
              : gradients,
        })),
      ],
    });

  it.each([
    ["generator", 10, "step 11: lossD is NaN, so training has diverged; the checkpoint of step 8 is kept"],
    ["discriminator", 10, "step 10: lossG is NaN, so training has diverged; the checkpoint of step 8 is kept"],
    // The checkpoint is due before any loss has noticed.
    ["generator", 8, /^step 8: generator's .* is not finite, .*; the checkpoint of step 4 is kept$/],
    ["generator", 1, "step 2: lossD is NaN, so training has diverged; there is no checkpoint yet"],
  ] as const)(
    "because of the %s at step %i names step and number, and keeps the last good checkpoint",
    async (player, step, message) => {
      const directory = newDirectory();
      const failure = startRun(poisoned(step, player), { directory }).train();
      await expect(failure).rejects.toThrow(UserError);
      await expect(failure).rejects.toThrow(message);
      const last = linesOf(directory).at(-1)!;
      expect(last).toMatchObject({ event: "fail" });
      expect(String(last.message)).toContain("diverged");
      const checkpoint = listCheckpoints(join(directory, "checkpoints")).at(-1);
      if (checkpoint === undefined) return;
      const images = await sampleRun(directory, { count: 2, seed: 1 });
      expect(images.isfinite().all().item()).toBe(1);
      // No line tells of steps whose numbers are not numbers.
      for (const tick of new RunDirectory(directory).ticks()) expect(tick.step).toBeLessThan(step + 1);
    },
  );
});

describe("a disk that refuses", () => {
  it.each(["samples", "checkpoints", "metrics.jsonl"])(
    "%s: the error names it, and what was written stays",
    async (name) => {
      const directory = newDirectory();
      const run = startRun(recipe, { directory });
      await stopAfter(run, 4);
      const path = join(directory, name);
      const spoil = (): void => {
        // A folder where a file belongs, and a file where a folder belongs, are refused even to root.
        const isFile = name.endsWith("l");
        rmSync(path, { recursive: true });
        if (isFile) mkdirSync(path);
        else writeFileSync(path, "");
      };
      const before = listCheckpoints(join(directory, "checkpoints")).map(({ step: at }) => at);
      expect(before.at(-1)).toBe(4);
      const failure = run.train({ events: { begin: spoil } });
      await expect(failure).rejects.toThrow(UserError);
      await expect(failure).rejects.toThrow(`cannot write ${path}`);
      if (name !== "checkpoints") {
        expect(listCheckpoints(join(directory, "checkpoints")).map(({ step: at }) => at)).toEqual(before);
      }
      expect(existsSync(join(directory, "running.json"))).toBe(false);
    },
  );
});

describe("the log", () => {
  it("survives half a line: what follows is whole, and the half is passed over", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    await stopAfter(run, 2);
    const log = new RunDirectory(directory);
    writeFileSync(log.metrics, `${readFileSync(log.metrics, "utf8")}{"step":3,"lossD":0.`);
    await run.train();
    expect(log.ticks().map(({ step }) => step)).toEqual([2, 4, 6]);
    const text = readFileSync(log.metrics, "utf8").split("\n");
    expect(text[3]).toBe('{"step":3,"lossD":0.');
    expect(JSON.parse(text[4]!)).toMatchObject({ event: "resume", step: 2 });
  });

  it("passes over lines that are no ticks, and counts the later of two", () => {
    const directory = temporaryFolder();
    const log = new RunDirectory(directory);
    expect(log.ticks()).toEqual([]);
    const event = (name: RunEvent["event"], step: number): void => log.append({ event: name, step, time: "" });
    const tick = (step: number, lossD: number): void =>
      log.append({ step, lossD, epoch: 0, lossG: 0, dReal: 0, dFake: 0, imagesPerSecond: 1, seconds: 0 });
    event("start", 0);
    for (const step of [10, 20, 30]) tick(step, 1);
    // Killed; the checkpoint was of step 20.
    event("resume", 20);
    tick(30, 2);
    event("fail", 35);
    writeFileSync(log.metrics, `${readFileSync(log.metrics, "utf8")}42\nnull\n"x"\n{"other":1}\n\n`);
    event("resume", 30);
    tick(40, 3);
    expect(log.ticks().map(({ step, lossD }) => [step, lossD])).toEqual([
      [10, 1],
      [20, 1],
      [30, 2],
      [40, 3],
    ]);
    event("start", 0);
    expect(log.ticks()).toEqual([]);
  });
});

describe("one process at a time", () => {
  const lockOf = (directory: string): string => join(directory, "running.json");

  it("trains a run: this one", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    const other = await openRun(directory);
    const both = await Promise.allSettled([run.train(), other.train()]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const { reason } = both[1] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(UserError);
    expect(String(reason)).toContain(`is being trained by process ${process.pid}`);
    expect(eventsOf(directory)).toEqual(["start 0", "finish 6"]);
  });

  it("or another, as long as it lives", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    const holder = { pid: process.ppid, host: hostname() };
    writeFileSync(lockOf(directory), JSON.stringify(holder));
    await expect(run.train()).rejects.toThrow(`process ${process.ppid}; wait for it or stop it`);
    writeFileSync(lockOf(directory), JSON.stringify({ ...holder, host: "elsewhere" }));
    await expect(run.train()).rejects.toThrow(`on elsewhere (if that has ended, remove ${lockOf(directory)})`);
    writeFileSync(lockOf(directory), "");
    await expect(run.train()).rejects.toThrow("is being taken up by another process");
    expect(eventsOf.bind(null, directory)).toThrow();
  });

  it("and a lock whose holder died, or whose number another process has now, is taken over", async () => {
    const directory = newDirectory();
    const run = startRun(recipe, { directory });
    const dead = 2 ** 22 + 1; // above Linux's largest process number
    writeFileSync(lockOf(directory), JSON.stringify({ pid: dead, host: hostname() }));
    writeFileSync(`${lockOf(directory)}.takeover`, JSON.stringify({ pid: dead, host: hostname() }));
    await stopAfter(run, 2);
    expect(readdirSync(directory).filter((name) => name.includes("running"))).toEqual([]);
    if (existsSync("/proc/self/stat")) {
      writeFileSync(lockOf(directory), JSON.stringify({ pid: process.ppid, host: hostname(), started: "1" }));
      expect((await run.train()).finished).toBe(true);
    }
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
  });

  it("refuses to become another run", async () => {
    const directory = newDirectory();
    startRun(recipe, { directory });
    for (const change of ["batchSize=4", "seed=1", "techniques+=topK", "optimizers.generator.lr=1"]) {
      await expect(openRun(directory, [change])).rejects.toThrow(`\`${change}\`: a resumed run can change steps`);
    }
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
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/("name": "noise",\s+"count": )48/, "$140"));
    await expect((await openRun(directory)).train()).rejects.toThrow(
      "the data has changed: the run was trained on noise (40 samples, 2 classes), this is noise (48 samples, 2 classes)",
    );
    writeFileSync(file, text.replace(/"libtorch": ".*"/, '"libtorch": "0.4"'));
    const notes: string[] = [];
    await (await openRun(directory)).train({ events: { note: (message) => notes.push(message) } });
    expect(notes[0]).toMatch(/^libtorch 0\.4 is now .*: the run goes on, but not with the bits/);
  });
});
