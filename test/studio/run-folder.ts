/** Run folders as training writes them, made by hand: for tests of what reads them. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { recipe } from "./recipe.ts";

/** An empty folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gantry-studio-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export { recipe };

/** Writes a run with these lines in its log; objects are written as JSON, texts as they are. */
export function writeRun(path: string, lines: readonly (object | string)[] = [], changes: object = {}): void {
  mkdirSync(join(path, "samples"), { recursive: true });
  mkdirSync(join(path, "checkpoints"), { recursive: true });
  const description = {
    format: 1,
    source: "mnist",
    overrides: [],
    modules: [],
    recipe,
    hash: "0123456789abcdef",
    engine: {},
  };
  writeFileSync(join(path, "recipe.json"), JSON.stringify({ ...description, ...changes }));
  if (lines.length > 0) appendLines(path, lines);
}

/** Adds lines to a run's log. */
export function appendLines(path: string, lines: readonly (object | string)[]): void {
  const text = lines.map((line) => (typeof line === "string" ? line : `${JSON.stringify(line)}\n`)).join("");
  appendFileSync(join(path, "metrics.jsonl"), text);
}

/** A line of numbers. */
export const tick = (step: number, numbers: object = {}) => ({
  step,
  epoch: step / 100,
  lossD: 1 / step,
  lossG: step,
  imagesPerSecond: 100,
  seconds: step / 10,
  ...numbers,
});

/** A line with one score. */
export const scores = (step: number, value: number | null, samples = 1_000) => ({
  event: "scores",
  step,
  time: "2026-01-01T00:00:00.000Z",
  seconds: 1,
  chosenBy: "fid",
  scores: [
    {
      name: "fid",
      value,
      better: "lower",
      protocol: {
        features: "inception",
        featuresHash: "abc",
        resizer: "none",
        quantiser: "bytes",
        real: null,
        fakeCount: samples,
        drawing: null,
        options: {},
        seeds: [0],
      },
    },
  ],
});

/** A line about a session. */
export const event = (name: string, step: number, more: object = {}) => ({
  event: name,
  step,
  time: "2026-01-01T00:00:00.000Z",
  ...more,
});

/** A page of one line, for servers whose page does not matter. */
export function writePage(folder: string): string {
  const page = join(folder, "page", "index.html");
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, "<!doctype html><title>page</title>");
  return dirname(page);
}
