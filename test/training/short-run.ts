/** A short run of tiny networks, and what its tests ask of its folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "../../src/training/index.ts";
import { temporaryFolder, tinyRecipe } from "./tiny.ts";

/** Six steps, with lines of the log, samples and checkpoints on the way. */
export const recipe = tinyRecipe({
  steps: 6,
  checkpoint: { every: 2 },
  log: { every: 2 },
  samples: { every: 3, count: 4 },
});

/** A folder that does not exist yet. */
export const newDirectory = (): string => join(temporaryFolder(), "run");

/** The lines of a log. */
export const linesOf = (directory: string): Record<string, unknown>[] =>
  readFileSync(join(directory, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** The events of a log with their steps, such as "resume 4"; without D's outputs, which come with every grid. */
export const eventsOf = (directory: string): unknown[] =>
  linesOf(directory).flatMap(({ event, step }) =>
    event === undefined || event === "outputs" ? [] : [`${event} ${step}`],
  );

/** Trains until after step `last`. */
export async function stopAfter(run: Run, last: number): Promise<void> {
  const stop = new AbortController();
  await run.train({ stop: stop.signal, events: { tick: ({ step }) => step >= last && stop.abort() } });
}
