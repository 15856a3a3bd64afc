/**
 * Many steps of a run with everything that one does: lines, pictures, scores, checkpoints. Promised: live tensors, descriptors and
 * memory stay, and the log grows by its lines alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { loadRecipe } from "../../src/recipe/index.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import { liveTensors } from "../../src/tensor/index.ts";
import { startRun } from "../../src/training/index.ts";
import { type Outcome, Tally } from "./trial.ts";

interface Reading {
  readonly step: number;
  readonly live: number;
  readonly descriptors: number;
  readonly megabytes: number;
  readonly logKilobytes: number;
}

/** Growth of the resident memory after the first fifth that counts as none: heaps breathe. */
const BREATH = 24;

/** Trains for `count` steps. */
export async function steps(count: number): Promise<Outcome> {
  const tally = new Tally();
  const folder = mkdtempSync(join(tmpdir(), "gantry-steps-"));
  const readings: Reading[] = [];
  const every = Math.max(1, Math.floor(count / 10));
  const changes = [
    ...["generator.hidden=[8]", "discriminator.hidden=[8]", "batchSize=16", "threads=1", `steps=${count}`],
    ...["log.every=50", "samples.every=2000", "samples.count=50", "checkpoint.every=500"],
    ...["evaluate.every=1000", "evaluate.samples=100"],
  ];
  try {
    const { recipe } = await loadRecipe("mixture");
    const directory = join(folder, "run");
    const run = startRun(applyOverrides(recipe, changes), { directory });
    const read = async (step: number): Promise<void> => {
      await setImmediate();
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))!;
      readings.push({
        step,
        live: liveTensors(),
        descriptors: readdirSync("/proc/self/fd").length,
        megabytes: Number(kilobytes) / 1024,
        logKilobytes: statSync(join(directory, "metrics.jsonl")).size / 1024,
      });
    };
    await run.train({ events: { tick: ({ step }) => void (step % every === 0 && step < count && void read(step)) } });
    tally.count("steps", count);
    const [first, last] = [readings[1]!, readings.at(-1)!];
    const line = ({ step, live, descriptors, megabytes, logKilobytes }: Reading): string =>
      `step ${step}: ${live} live tensors, ${descriptors} descriptors, ${megabytes.toFixed(0)} MB, log ${logKilobytes.toFixed(0)} kB`;
    tally.notes.push(line(first), line(last));
    if (last.live !== first.live) tally.problems.push(`live tensors grew: ${first.live} to ${last.live}`);
    if (last.descriptors !== first.descriptors)
      tally.problems.push(`descriptors: ${first.descriptors} to ${last.descriptors}`);
    if (last.megabytes - first.megabytes > BREATH)
      tally.problems.push(`memory grew from ${first.megabytes.toFixed(0)} to ${last.megabytes.toFixed(0)} MB`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tally.outcome("steps");
}
