/** `gantry lab anneal`: top-k training over gamma and nu on a mixture. */
import { defineCommand } from "../command.ts";
import { asUsage, exitCodes, UsageError } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { watchInterrupts } from "../interrupt.ts";
import { parseShard } from "../sweep.ts";
import { sweepReporter } from "../sweep-reporter.ts";
import { listOf } from "./lists.ts";
import { runFlags } from "./run-flags.ts";

const args = {
  gammas: { type: "string", valueHint: "A,B", description: "factors of k; default: 0.5,0.75,0.9,0.99,0.999" },
  floors: {
    type: "string",
    valueHint: "A,B",
    description: "smallest shares nu of the batch; 1 is learning from all samples; default: 0.125,0.25,0.5,0.75,1",
  },
  modes: { type: "string", valueHint: "N", default: "25", description: "number of modes, a square number" },
  seeds: { type: "string", valueHint: "N", default: "3", description: "runs of each cell, with seeds 0 to N-1" },
  steps: {
    type: "string",
    valueHint: "N",
    default: "100000",
    description: "generator steps of a run; k falls in proportion to them",
  },
  out: { type: "string", valueHint: "DIR", default: "lab/anneal", description: "the folder of runs and results" },
  ...runFlags,
} as const;

/**
 * A list of shares such as `0.5,0.75`.
 * @throws UsageError for anything outside (0, 1].
 */
function sharesOf(flag: string, text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const words = listOf(text);
  const wrong = words.find((word) => !(Number(word) > 0 && Number(word) <= 1));
  if (wrong === undefined && words.length > 0) return words.map(Number);
  throw new UsageError(`${flag} (=${wrong ?? text}) must be numbers above 0 and at most 1, such as 0.5,0.75`);
}

/** The command. */
export const annealCommand = defineCommand({
  meta: {
    name: "anneal",
    description:
      "Trains on a mixture of Gaussians with every pair of gamma (how fast k falls) and nu (how far), and tabulates the scores. The same command goes on where it was.",
  },
  args,
  examples: [
    {
      line: "gantry lab anneal --gammas 0.5,0.99 --floors 0.25,0.75,1 --steps 20000",
      does: "corners, and all samples",
    },
  ],
  async run({ args: flags }) {
    const lab = await import("../../experiments/index.ts");
    const { loadRecipe } = await import("../../recipe/index.ts");
    const jobs = wholeNumber("--jobs", flags.jobs, 1) ?? 1;
    const threads = wholeNumber("--threads", flags.threads, 1);
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    const experiment = {
      gammas: sharesOf("--gammas", flags.gammas),
      floors: sharesOf("--floors", flags.floors),
      modes: wholeNumber("--modes", flags.modes, 1),
      seeds: wholeNumber("--seeds", flags.seeds, 1),
      steps: wholeNumber("--steps", flags.steps, 1),
    };
    const sweep = asUsage(() => lab.annealSweep(experiment));
    const { recipe: base, source } = await loadRecipe(sweep.recipe);
    const grid = lab.expandGrid(sweep, base);
    const folder = new lab.SweepFolder(flags.out);
    folder.define(sweep, base);
    const reporter = sweepReporter(flags, jobs);
    const interrupt = watchInterrupts(() => reporter.stopping());
    try {
      reporter.start(flags.out, grid.cells.length, grid.runs.length);
      const outcome = await lab.runSweep(folder, grid, source, {
        jobs,
        threads,
        shard,
        retry: flags.retry,
        stop: interrupt.signal,
        events: reporter.events,
        update: () => void lab.writeResults(folder, grid),
      });
      reporter.close();
      const table = lab.writeResults(folder, grid);
      reporter.end(flags.out, outcome, lab.tableText(table), table);
      if (outcome.finished === outcome.runs) return exitCodes.success;
      return interrupt.exitCode() || exitCodes.failure;
    } finally {
      reporter.close();
      interrupt.dispose();
    }
  },
});
