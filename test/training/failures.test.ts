import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { listCheckpoints, openRun, RunDirectory, sampleRun, startRun, verifyRun } from "../../src/training/index.ts";
import { linesOf, newDirectory, recipe, stopAfter } from "./short-run.ts";
import { technique, tinyRecipe } from "./tiny.ts";

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

describe("a folder that cannot hold a run", () => {
  it("has a name that is too long", () => {
    const directory = join(newDirectory(), "x".repeat(300));
    expect(() => startRun(recipe, { directory })).toThrow(/^cannot write .*: the name is too long \(ENAMETOOLONG\)$/);
  });

  it("has a file in the place of its checkpoints", () => {
    const directory = newDirectory();
    startRun(recipe, { directory });
    rmSync(join(directory, "checkpoints"), { recursive: true });
    writeFileSync(join(directory, "checkpoints"), "");
    expect(() => listCheckpoints(join(directory, "checkpoints"))).toThrow(/^cannot read .*checkpoints: .*ENOTDIR/);
  });

  it("is used again where a process was killed before it had written recipe.json, and not where it may still write", async () => {
    const directory = newDirectory();
    const leave = (age: number): void => {
      for (const name of ["samples", "checkpoints"]) {
        mkdirSync(join(directory, name), { recursive: true });
        const then = new Date(Date.now() - age);
        utimesSync(join(directory, name), then, then);
      }
    };
    leave(0);
    expect(() => startRun(recipe, { directory })).toThrow("exists and is not an empty folder");
    leave(60_000);
    writeFileSync(join(directory, "samples", "mine.png"), "");
    leave(60_000);
    expect(() => startRun(recipe, { directory })).toThrow("exists and is not an empty folder");
    rmSync(join(directory, "samples", "mine.png"));
    leave(60_000);
    const { finished } = await startRun(recipe, { directory }).train();
    expect(finished).toBe(true);
  });
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

it("a clock that is set back while training changes no duration, and the run is resumed", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 6, 1) });
  onTestFinished(() => void vi.useRealTimers());
  const setBack = (): void => void vi.setSystemTime(Date.now() - 3_600_000);
  const directory = newDirectory();
  const run = startRun(recipe, { directory });
  const controller = new AbortController();
  const stopSoon = ({ step }: { readonly step: number }): void => {
    setBack();
    if (step >= 2) controller.abort();
  };
  await run.train({ events: { tick: stopSoon }, stop: controller.signal });
  const end = await (await openRun(directory)).train({ events: { tick: setBack } });
  expect(end).toMatchObject({ finished: true, step: 6 });
  const lines = new RunDirectory(directory).ticks();
  expect(lines.map(({ step }) => step)).toEqual([2, 4, 6]);
  const seconds = lines.map((line) => line.seconds as number);
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(seconds.every((value) => value > 0 && value < 600)).toBe(true);
  expect(lines.every(({ imagesPerSecond }) => (imagesPerSecond as number) > 0)).toBe(true);
  expect(verifyRun(directory).filter(({ problem }) => problem !== undefined)).toEqual([]);
});
