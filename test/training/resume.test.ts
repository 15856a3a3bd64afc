import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { imageFolder } from "../../src/data/index.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import type { Recipe } from "../../src/recipe/recipe.ts";
import { liveTensors } from "../../src/tensor/index.ts";
import { listCheckpoints, openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import { imageFile } from "../data/files.ts";
import { spawnTypeScript } from "../spawn-typescript.ts";
import { demanding } from "./demanding.ts";
import { filesIn, temporaryFolder, tinyRecipe } from "./tiny.ts";
import { tinyTrainer } from "./tiny-trainer.ts";

/** Trains in sessions: one for each step to stop after, and one more. Returns the run's folder. */
async function train(recipe: Recipe, stopsAfter: readonly number[] = []): Promise<string> {
  const directory = join(temporaryFolder(), "run");
  let run = startRun(recipe, { directory });
  for (const last of [...stopsAfter, Number.POSITIVE_INFINITY]) {
    const stop = new AbortController();
    const result = await run.train({ stop: stop.signal, events: { tick: ({ step }) => step >= last && stop.abort() } });
    expect(result.finished).toBe(last === Number.POSITIVE_INFINITY);
    if (!result.finished) expect(result.step).toBe(last);
    run = await openRun(directory);
  }
  return directory;
}

/** The last checkpoint byte by byte, and the samples; the seconds that training took are no part of the promise. */
function endOf(directory: string): unknown {
  const run = new RunDirectory(directory);
  const last = listCheckpoints(run.checkpoints).at(-1)!;
  const { "state.json": state, ...tensors } = filesIn(last.path);
  const all = JSON.parse(Buffer.from(state!, "base64").toString()) as Record<string, unknown>;
  const { seconds, crc32: _, ...numbers } = all;
  expect(seconds).toBeGreaterThan(0);
  expect(Object.keys(tensors)).toEqual(["discriminator.safetensors", "generator.safetensors", "state.safetensors"]);
  return { step: last.step, tensors, numbers, samples: filesIn(run.samples) };
}

const wholes = new Map<Recipe, string>();

/** The folder of an uninterrupted run; the file's tests share it and do not change it. */
async function uninterrupted(recipe: Recipe): Promise<string> {
  let directory = wholes.get(recipe);
  if (directory === undefined) {
    directory = join(mkdtempSync(join(tmpdir(), "gantry-test-")), "run");
    await startRun(recipe, { directory }).train();
    wholes.set(recipe, directory);
  }
  return directory;
}

afterAll(() => {
  for (const directory of wholes.values()) rmSync(join(directory, ".."), { recursive: true });
});

const numbersOf = (directory: string): unknown =>
  new RunDirectory(directory).ticks().map(({ imagesPerSecond, seconds, ...numbers }) => numbers);

describe("an interrupted run and an uninterrupted one end with the same bits", () => {
  it.each(Object.entries(demanding))("%s", async (_, recipe) => {
    const whole = await uninterrupted(recipe);
    const interrupted = await train(recipe, [2, 7]);
    expect(endOf(interrupted)).toEqual(endOf(whole));
    expect(numbersOf(interrupted)).toEqual(numbersOf(whole));
    expect((numbersOf(whole) as { step: number }[]).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("and another seed with others", async () => {
    const recipe = Object.values(demanding)[0]!;
    const { tensors } = endOf(await uninterrupted(recipe)) as { tensors: Record<string, string> };
    const other = applyOverrides(recipe, ["seed=6"]);
    const { tensors: others } = endOf(await train(other)) as { tensors: Record<string, string> };
    for (const [file, bytes] of Object.entries(tensors)) expect(others[file], file).not.toBe(bytes);
  });

  it("k falls within the run, so that the interruption has something to lose", async () => {
    const ks = new RunDirectory(await train(Object.values(demanding)[0]!, [4])).ticks().map(({ k }) => k);
    expect(ks).toEqual([16, 16, 16, 16, 13, 13, 13, 13, 11]);
  });

  it("frees what a session made", async () => {
    await train(Object.values(demanding)[0]!);
    const before = liveTensors();
    await train(Object.values(demanding)[0]!, [3]);
    // What stays is the data, which belongs to its dataset: images, labels, and the order that a data loader holds.
    expect(liveTensors() - before).toBeLessThanOrEqual(2 * 8);
  });
});

describe("a run that is killed", () => {
  it("continues from its last whole checkpoint, to the same bits, in another process", async () => {
    const name = Object.keys(demanding)[0]!;
    const directory = join(temporaryFolder(), "run");
    const killed = spawnTypeScript(new URL("child.ts", import.meta.url), ["start", directory, name], (line, child) => {
      if (line === "step 5") child.kill("SIGKILL");
    });
    expect((await killed.ended).code).toBe("SIGKILL");
    expect(listCheckpoints(new RunDirectory(directory).checkpoints).map(({ step }) => step)).toEqual([3]);
    expect(readdirSync(directory)).toContain("running.json");

    const resumed = spawnTypeScript(new URL("child.ts", import.meta.url), ["resume", directory, name]);
    expect(await resumed.ended).toEqual({ code: 0, errors: "" });
    expect(resumed.lines[0]).toBe("begin 3");
    expect(resumed.lines.at(-1)).toBe("end 9");
    expect(readdirSync(directory)).not.toContain("running.json");
    expect(endOf(directory)).toEqual(endOf(await uninterrupted(demanding[name]!)));
  });

  it("starts again when it was stopped before its first checkpoint", async () => {
    const recipe = Object.values(demanding)[0]!;
    const directory = join(temporaryFolder(), "run");
    const events = {
      tick: ({ step }: { step: number }) => {
        if (step === 2) throw new Error("as if killed");
      },
    };
    await expect(startRun(recipe, { directory }).train({ events })).rejects.toThrow("as if killed");
    const run = await openRun(directory);
    expect(run.step).toBe(0);
    expect(run.totalSteps).toBe(9);
    expect((await run.train()).finished).toBe(true);
    expect(endOf(directory)).toEqual(endOf(await uninterrupted(recipe)));
    expect(numbersOf(directory)).toEqual(numbersOf(await uninterrupted(recipe)));
  });
});

describe("the data of a run", () => {
  it("are found again from another working directory, and said to be others when their files are", async () => {
    const folder = temporaryFolder();
    const home = process.cwd();
    const paint = async (r: number): Promise<void> => {
      for (let i = 0; i < 8; i++) {
        const image = await imageFile("png", 8, 8, { r, g: 20 * i, b: 0 });
        writeFileSync(join(folder, `images/${i}.png`), image);
      }
    };
    mkdirSync(join(folder, "images"));
    await paint(10);
    writeFileSync(join(folder, "images/torn.png"), "not an image");
    const broken = "images: 8 images of 9 files; 1 cannot be used (gantry data lists them)";
    const resized = "images: 8 x 8 pixels (height x width) made 16x16";
    const notes: string[] = [];
    const events = { note: (text: string) => notes.push(text) };
    try {
      process.chdir(folder);
      const data = imageFolder({ path: "images", size: 16 });
      await startRun(tinyRecipe({ data, steps: 1 }), { directory: "run" }).train({ events });
      process.chdir(home);
      const again = await openRun(join(folder, "run"), ["steps=2"]);
      expect(again.recipe.data.options.path).toBe(join(folder, "images"));
      expect(await again.train({ events })).toMatchObject({ step: 2, finished: true });
      expect(notes.splice(0)).toEqual([broken, resized, broken, resized]);
      await paint(200);
      await (await openRun(join(folder, "run"), ["steps=3"])).train({ events });
      expect(notes).toEqual([
        broken,
        resized,
        "the files of images, or how they are prepared, are not as they were when the run began: " +
          "the run continues, but not with the bits that it would have had",
      ]);
    } finally {
      process.chdir(home);
    }
  });

  it("keep an absolute path when a trainer with a relative one changes the length of its run", async () => {
    const folder = temporaryFolder();
    const home = process.cwd();
    mkdirSync(join(folder, "images"));
    for (let i = 0; i < 8; i++) {
      writeFileSync(join(folder, `images/${i}.png`), await imageFile("png", 16, 16, { r: 0, g: 20 * i, b: 0 }));
    }
    try {
      process.chdir(folder);
      const data = imageFolder({ path: "images", size: 16, channels: 1 });
      const trainer = tinyTrainer({ data, steps: 1, samples: { every: 9 } });
      await startRun(trainer, { directory: "run" }).train();
      await (await openRun("run", ["steps=2"], { trainer })).train();
    } finally {
      process.chdir(home);
    }
    const { recipe } = new RunDirectory(join(folder, "run")).description();
    expect(recipe).toMatchObject({ steps: 2, data: { options: { path: join(folder, "images") } } });
  });
});

describe("a run that is stopped while its data are prepared", () => {
  it("has begun nothing, and continues with what is prepared", async () => {
    const folder = temporaryFolder();
    // The engine is loaded before the cache is another one, where it would be compiled again.
    liveTensors();
    const before = process.env.GANTRY_CACHE;
    process.env.GANTRY_CACHE = join(folder, "cache");
    try {
      mkdirSync(join(folder, "images"));
      const image = await imageFile("png", 8, 8, { r: 200, g: 100, b: 0 });
      // A message between threads holds 256 images at most.
      for (let i = 0; i < 300; i++) writeFileSync(join(folder, `images/${i}.png`), image);
      const data = imageFolder({ path: join(folder, "images"), size: 16, channels: 1 });
      const directory = join(folder, "run");
      const stop = new AbortController();
      const seen: number[] = [];
      const preparing = ({ done }: { done: number }) => seen.push(done);
      const stopped = await startRun(tinyRecipe({ data, steps: 1 }), { directory }).train({
        stop: stop.signal,
        events: { preparing: (progress) => preparing(progress) === 1 && stop.abort() },
      });
      expect(stopped).toMatchObject({ directory, step: 0, finished: false, seconds: 0, checkpoint: undefined });
      expect(existsSync(join(directory, "metrics.jsonl"))).toBe(false);
      expect(seen).toEqual([256]);
      const result = await (await openRun(directory)).train({ events: { preparing } });
      expect(result).toMatchObject({ step: 1, finished: true });
      expect(seen.slice(1)).toEqual([256, 300]);
    } finally {
      if (before === undefined) delete process.env.GANTRY_CACHE;
      else process.env.GANTRY_CACHE = before;
    }
  });
});
