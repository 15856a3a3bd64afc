/** Checkpoints that training removes while they are read. */
import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { checkedJson } from "../../src/formats/index.ts";
import { Module } from "../../src/nn/index.ts";
import { openCheckpoint, sampleRun, startRun } from "../../src/training/index.ts";
import { flat } from "../nn/oracle.ts";
import { newDirectory, recipe } from "./short-run.ts";

/** A run with checkpoints of steps 4 and 6. */
async function trained(): Promise<string> {
  const directory = newDirectory();
  await startRun(recipe, { directory }).train();
  return directory;
}

/** Calls `meanwhile` after the first network of each checkpoint that is read: of the others nothing has been read then. */
function whileReading(meanwhile: (times: number) => void): void {
  const load = Module.prototype.loadStateDict;
  let first: Module | undefined;
  let times = 0;
  vi.spyOn(Module.prototype, "loadStateDict").mockImplementation(function (this: Module, ...args) {
    load.apply(this, args);
    first ??= this;
    if (this === first) meanwhile(++times);
  });
}

afterEach(() => vi.restoreAllMocks());

const folderOf = (directory: string, step: number): string =>
  join(directory, "checkpoints", `step-${String(step).padStart(6, "0")}`);

const remove = (directory: string, step: number): void =>
  renameSync(folderOf(directory, step), join(directory, `removed-${step}`));

it("the last that is still there takes the place of one that is gone, whole", async () => {
  const directory = await trained();
  const expected = flat(await sampleRun(directory, { count: 3, seed: 1, checkpoint: "4" }));
  whileReading((times) => times === 1 && remove(directory, 6));
  const { trained: opened, step } = await openCheckpoint(directory);
  opened.dispose();
  expect(step).toBe(4);
  vi.restoreAllMocks();
  expect(flat(await sampleRun(directory, { count: 3, seed: 1 }))).toEqual(expected);
});

it("one that was named by its step and is gone is said not to be there", async () => {
  const directory = await trained();
  whileReading(() => remove(directory, 6));
  await expect(openCheckpoint(directory, "6")).rejects.toThrow("checkpoint `6` does not exist; there are: last, 4");
});

it("a damaged one that is still there is not passed over", async () => {
  const directory = await trained();
  const file = join(folderOf(directory, 6), "generator.safetensors");
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  await expect(openCheckpoint(directory)).rejects.toThrow("is damaged");
});

it("training that removes each before it is read is said to do so", async () => {
  const directory = await trained();
  let newest = 6;
  whileReading(() => {
    const [before, after] = [folderOf(directory, newest), folderOf(directory, newest + 1)];
    cpSync(before, after, { recursive: true });
    const state = JSON.parse(readFileSync(join(after, "state.json"), "utf8"));
    writeFileSync(join(after, "state.json"), checkedJson({ ...state, step: newest + 1 }));
    remove(directory, newest++);
  });
  await expect(openCheckpoint(directory)).rejects.toThrow(
    "are removed sooner than they can be read, 20 of them so far",
  );
});
