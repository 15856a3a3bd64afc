import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readSafetensors } from "../../src/formats/index.ts";
import { topK, weightAveraging } from "../../src/techniques/index.ts";
import { liveTensors, noGrad, type Tensor } from "../../src/tensor/index.ts";
import { openRun, startRun, type TrainingEvents } from "../../src/training/index.ts";
import {
  listCheckpoints,
  loadCheckpoint,
  pruneCheckpoints,
  readCheckpointState,
  writeCheckpoint,
} from "../../src/training/run/checkpoint.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { filesIn, ganOf, technique, temporaryFolder, tinyConvolutions, tinyRecipe } from "./tiny.ts";

const rich = { ...tinyConvolutions, techniques: [topK(), weightAveraging()] };

function trained(parts: Parameters<typeof ganOf>[0] = rich, steps = 2): BuiltGan {
  const gan = ganOf(parts);
  for (let i = 0; i < steps; i++) trainingStep(gan).dispose();
  return gan;
}

describe("a checkpoint", () => {
  it("holds networks under their own names, and the rest under their owners'", () => {
    const gan = trained();
    const path = writeCheckpoint(temporaryFolder(), gan, 12.5);
    const namesOf = (file: string): string[] => [...readSafetensors(join(path, file)).tensors.keys()].sort();
    expect(namesOf("generator.safetensors")).toEqual([...gan.generator.stateDict().keys()].sort());
    expect(namesOf("discriminator.safetensors")).toEqual([...gan.discriminator.stateDict().keys()].sort());
    const owners = new Set(namesOf("state.safetensors").map((name) => name.split("/")[0]));
    expect([...owners]).toEqual([
      "feed",
      "optimizer.discriminator",
      "optimizer.generator",
      "random",
      "technique.weightAveraging",
    ]);
    expect(readCheckpointState(path)).toMatchObject({ format: 1, step: 2, epoch: 16 / 48, seconds: 12.5 });
  });

  it("comes back as it was, byte for byte, and leaves nothing in memory", () => {
    const folder = temporaryFolder();
    const path = writeCheckpoint(folder, trained(), 1);
    const other = ganOf(rich);
    const before = liveTensors();
    loadCheckpoint(path, other);
    const again = writeCheckpoint(join(folder, "again"), other, 1);
    expect(liveTensors()).toBe(before);
    expect(filesIn(again)).toEqual(filesIn(path));
    expect(other.progress).toEqual({ step: 2, epoch: 16 / 48, images: 16 });
  });

  it("is not written when anything in it is infinite or not a number; those before stay", () => {
    const folder = temporaryFolder();
    const gan = trained();
    writeCheckpoint(folder, gan, 0);
    const before = filesIn(folder);
    const tests: [() => Tensor, string][] = [
      [() => gan.generator.parameters()[0]!, "generator's project.weight"],
      [() => gan.discriminator.parameters().at(-1)!, "discriminator's head.linear.weight_orig"],
      [() => [...gan.optimizers.generator.state().values()][0]!, "optimizer.generator/0.exp_avg"],
      [() => [...gan.techniques[1]!.state!().tensors.values()][0]!, "technique.weightAveraging/project.weight"],
    ];
    for (const [find, name] of tests) {
      const first = noGrad(() => find().detach().view([-1]).narrow(0, 0, 1));
      const value = first.item();
      for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
        noGrad(() => first.fill_(broken));
        expect(() => writeCheckpoint(folder, gan, 0)).toThrow(`step 2: ${name} is not finite`);
      }
      noGrad(() => first.fill_(value));
    }
    expect(filesIn(folder)).toEqual(before);
  });

  it("is not written when a technique keeps a number that JSON would lose", () => {
    const folder = temporaryFolder();
    const lossy = technique("lossy", () => ({
      state: () => ({ tensors: new Map(), numbers: { best: Number.POSITIVE_INFINITY } }),
      load: () => {},
    }));
    expect(() => writeCheckpoint(folder, trained({ techniques: [lossy] }), 0)).toThrow("technique.lossy/best is not");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("takes the place of a folder of its name that cannot be loaded", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "step-000002"));
    writeFileSync(join(folder, "step-000002", "state.json"), "{");
    const path = writeCheckpoint(folder, trained(), 0);
    expect(readCheckpointState(path).step).toBe(2);
  });

  it("that the disk refuses leaves those before as they are", () => {
    const folder = temporaryFolder();
    const gan = trained();
    writeCheckpoint(folder, gan, 0);
    const before = filesIn(folder);
    trainingStep(gan).dispose();
    const blocked = join(folder, "step-000002", "state.json", "checkpoints");
    expect(() => writeCheckpoint(blocked, gan, 0)).toThrow(UserError);
    expect(() => writeCheckpoint(blocked, gan, 0)).toThrow("a part of the path is a file");
    expect(filesIn(folder)).toEqual(before);
  });
});

describe("the list of checkpoints", () => {
  it("is of the whole ones, by step, also beyond six digits", () => {
    const folder = temporaryFolder();
    for (const name of [
      "step-1000500",
      "step-000500",
      "step-999999",
      ".step-000600.12-0123456789ab.tmp",
      "step-7.bak",
    ]) {
      mkdirSync(join(folder, name));
    }
    expect(listCheckpoints(folder).map(({ step }) => step)).toEqual([500, 999_999, 1_000_500]);
    pruneCheckpoints(folder, 2, []);
    expect(listCheckpoints(folder).map(({ step }) => step)).toEqual([999_999, 1_000_500]);
    // What is not a checkpoint is not ours to remove.
    expect(readdirSync(folder)).toContain("step-7.bak");
    pruneCheckpoints(folder, 5, []);
    expect(listCheckpoints(folder).length).toBe(2);
    expect(listCheckpoints(join(folder, "absent"))).toEqual([]);
  });
});

describe("a run's folder of checkpoints", () => {
  const recipe = tinyRecipe({ steps: 6, checkpoint: { every: 2, keep: 2 }, log: { every: 1 } });
  const stepsIn = (directory: string): number[] =>
    listCheckpoints(join(directory, "checkpoints")).map(({ step }) => step);

  it("keeps the last ones through interruptions", async () => {
    const directory = join(temporaryFolder(), "run");
    const stop = new AbortController();
    const seen: number[][] = [];
    const events: TrainingEvents = {
      saved: (_file, kind) => kind === "checkpoint" && void seen.push(stepsIn(directory)),
      tick: ({ step }) => step === 3 && stop.abort(),
    };
    await startRun(recipe, { directory }).train({ stop: stop.signal, events });
    expect(stepsIn(directory)).toEqual([2, 3]);
    await (await openRun(directory, ["steps=9", "checkpoint.keep=1"])).train({ events });
    // Saved at 4, 6, 8 and at the end, and each time reported once the old one is gone.
    expect(seen).toEqual([[2], [2, 3], [4], [6], [8], [9]]);
    expect(stepsIn(directory)).toEqual([9]);
  });

  it("loses what interrupted writes have left when training continues, and nothing else", async () => {
    const directory = join(temporaryFolder(), "run");
    await startRun(recipe, { directory }).train();
    const checkpoints = join(directory, "checkpoints");
    const half = ".step-000009.4711-0123456789ab.tmp";
    cpSync(join(checkpoints, "step-000006"), join(checkpoints, half), { recursive: true });
    rmSync(join(checkpoints, half, "state.json"));
    writeFileSync(join(directory, "samples", ".000009.png.4711-0123456789ab.tmp"), "half");
    writeFileSync(join(directory, ".recipe.json.4711-0123456789ab.tmp"), "half");
    writeFileSync(join(directory, "notes.tmp"), "the user's");
    const run = await openRun(directory, ["steps=7"]);
    expect(run.step).toBe(6);
    expect((await run.train()).step).toBe(7);
    const names = readdirSync(directory, { recursive: true }).map(String);
    expect(names.filter((name) => name.endsWith(".tmp"))).toEqual(["notes.tmp"]);
    expect(stepsIn(directory)).toEqual([6, 7]);
  });

  it("says which file is damaged and how to continue without it", async () => {
    const directory = join(temporaryFolder(), "run");
    await startRun(recipe, { directory }).train();
    const [before, newest] = listCheckpoints(join(directory, "checkpoints")).map(({ path }) => ({ path }));
    if (before === undefined || newest === undefined) throw new Error("two checkpoints were expected");
    const damage: [string, (file: string) => void, string][] = [
      ["generator.safetensors", (file) => truncateSync(file, 100), "generator.safetensors"],
      ["state.json", (file) => truncateSync(file, 40), "state.json is not JSON"],
      [
        "state.json",
        (file) => writeFileSync(file, readFileSync(file, "utf8").replace('"format": 1', '"format": 2')),
        "format",
      ],
      ["discriminator.safetensors", (file) => rmSync(file), "there is no such file"],
    ];
    const whole = join(directory, "whole");
    cpSync(newest.path, whole, { recursive: true });
    for (const [name, spoil, message] of damage) {
      rmSync(newest.path, { recursive: true });
      cpSync(whole, newest.path, { recursive: true });
      spoil(join(newest.path, name));
      const failure = (await openRun(directory, ["steps=8"])).train();
      await expect(failure).rejects.toThrow(UserError);
      await expect(failure).rejects.toThrow(message);
      await expect(failure).rejects.toThrow(`to continue from step 4 instead, remove ${newest.path}`);
    }
    rmSync(newest.path, { recursive: true });
    expect((await (await openRun(directory, ["steps=8"])).train()).step).toBe(8);
    expect(existsSync(before.path)).toBe(false);
  });
});
