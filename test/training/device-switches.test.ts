/** Settings of GPUs, which a CPU keeps without effect; and memory that is not there. */
import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { defineRecipe } from "../../src/recipe/recipe.ts";
import { binding, deviceMemory, Generator, Tensor } from "../../src/tensor/index.ts";
import { RunConvolutions } from "../../src/training/run/convolutions.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { inMemory, memoryOf } from "../../src/training/trainer/device-memory.ts";
import { startRun } from "../../src/training/trainer/run.ts";
import { ganOf, technique, temporaryFolder, tinyRecipe } from "./tiny.ts";

/** Whether TF32 is allowed now. */
function tf32(): boolean {
  const before = binding().setTf32(false);
  binding().setTf32(before);
  return before;
}

it.each([
  ["on", true],
  ["off", undefined],
])("TF32 is %s in a step where the recipe says so, and off in samples and after the step", (_, flag) => {
  const seen: boolean[] = [];
  const watcher = technique("watcher", () => ({
    afterStep: () => void seen.push(tf32()),
    sampler: (sample) => {
      seen.push(tf32());
      return sample();
    },
  }));
  const gan = ganOf({ techniques: [watcher], tf32: flag });
  expect(tf32()).toBe(false);
  trainingStep(gan).dispose();
  expect(seen).toEqual([flag === true, flag === true]);
  expect(tf32()).toBe(false);
  drawSamples(gan, { count: 2, random: new Generator(1), averaged: true }).dispose();
  expect(seen.slice(2)).toEqual([false]);
});

it("cuDNN measures its algorithms where a run measures Gantry's, and no longer after it", () => {
  const benchmark = (): boolean => {
    const before = binding().setCudnnBenchmark(false);
    binding().setCudnnBenchmark(before);
    return before;
  };
  for (const mode of ["measure", "exact", "rules"] as const) {
    const convolutions = new RunConvolutions(mode, temporaryFolder());
    expect(benchmark()).toBe(mode === "measure");
    convolutions.end();
    expect(benchmark()).toBe(false);
  }
});

it("a CPU's memory is not counted", () => {
  expect(deviceMemory("cpu")).toBeUndefined();
  expect(memoryOf("cpu")).toEqual({});
});

it("a step without memory ends with a sentence that says what to reduce", async () => {
  const greedy = technique("greedy", () => ({ afterStep: () => void Tensor.zeros([2 ** 30, 2 ** 13]) }));
  const run = startRun(tinyRecipe({ techniques: [greedy] }), { directory: `${temporaryFolder()}/run` });
  await expect(run.train()).rejects.toThrow(
    /^step 1 needs more memory than there is on the device cpu \(.*33554432 MiB were asked for.*\); take accumulate=2, which computes the batch in parts, or a `batchSize` below 8, or narrower networks; there is no checkpoint yet$/,
  );
});

it("a GPU's message is cut to its beginning, and other errors stay", () => {
  const message =
    "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.10 GiB of which 9.94 MiB is free. See documentation for Memory Management  (https://pytorch.org/docs)";
  const settings = { ...tinyRecipe({ batchSize: 9, accumulate: 3 }), device: "cuda:1" };
  const error = inMemory(new Error(message), 6, settings) as UserError;
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toBe(
    "step 7 needs more memory than there is on the device cuda:1 (CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.10 GiB of which 9.94 MiB is free.); take accumulate=9, which computes the batch in parts, or a `batchSize` below 9, or narrower networks, or precision=bf16",
  );
  const other = new Error("something else");
  expect(inMemory(other, 0, settings)).toBe(other);
});

it("a recipe names its switches", () => {
  const { name: _, ...recipe } = tinyRecipe();
  expect(defineRecipe({ ...recipe, tf32: true, precision: "bf16" } as never)).toMatchObject({
    tf32: true,
    precision: "bf16",
  });
  expect(() => defineRecipe({ ...recipe, precision: "fp8" } as never)).toThrow(/precision.*float32.*bf16.*fp16/);
});
