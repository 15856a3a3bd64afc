/** What a run ends with, for comparing an interrupted one with one that was not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listCheckpoints, RunDirectory } from "../../src/training/index.ts";

function contents(folder: string): [string, string][] {
  return readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name), "base64")]);
}

/**
 * The last checkpoint, all pictures, and the log without times, as one text. A kill or a stop may add ticks between those of the
 * settings, so only steps that are multiples of `every` are compared.
 */
export function endOf(path: string, every: number): string {
  const run = new RunDirectory(path);
  const last = listCheckpoints(run.checkpoints).at(-1)!;
  const files = contents(last.path).filter(([name]) => name !== "state.json");
  const { seconds: _, crc32: __, ...state } = JSON.parse(readFileSync(join(last.path, "state.json"), "utf8"));
  const scores = run
    .evaluations()
    .map(({ step, scores: found }) => [step, found.map(({ name, value }) => [name, value])]);
  const steps = run
    .ticks()
    .filter(({ step }) => step % every === 0)
    .map(({ step, epoch, k }) => [step, epoch, k]);
  return JSON.stringify({ step: last.step, files, state, samples: contents(run.samples), scores, steps });
}
