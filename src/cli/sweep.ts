/** `gantry sweep`: a grid of runs, and the table of their scores with intervals over seeds. */
import { counted } from "../base/counted.ts";
import {
  type Cell,
  type CellDifference,
  type LoadedSweep,
  type RunSweepOptions,
  type ScoresAt,
  type Shard,
  type SweepOutcome,
  type SweepTable,
  shippedSweeps,
} from "../experiments/index.ts";
import { defineCommand } from "./command.ts";
import { asUsage, exitCodes, UsageError } from "./errors.ts";
import { flag, valuesOf, wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { near, programName, quoted } from "./program.ts";
import { outputFlags } from "./reporter.ts";
import { sweepReporter } from "./sweep-reporter.ts";

/** How runs are spread over cores and machines, and what is printed. */
export const runFlags = {
  jobs: flag("N", "runs at a time; default: 1. They share the cores"),
  threads: flag("N", "CPU threads of each run, as the sweep began; default: the cores divided by --jobs"),
  shard: flag(
    "I/N",
    "only every N-th run, from the I-th: machines that share the folder take one share each, 1/4 to 4/4",
  ),
  retry: { type: "boolean", description: "try the runs again that have failed" },
  quiet: { type: "boolean", description: "print only the folder, when it is done" },
  json: outputFlags.json,
} as const;

const args = {
  recipe: {
    type: "positional",
    required: true,
    description: `a shipped recipe or sweep (${Object.keys(shippedSweeps).join(", ")}), the path of a recipe's file or of a file that exports defineSweep({ ... }), or the folder of a sweep to continue`,
  },
  over: flag(
    "KEY=A,B,C",
    "vary this key, such as batchSize=32,64 or loss=hinge,wasserstein or techniques=[],[topK]; may be repeated for a grid",
  ),
  set: flag("KEY=VALUE", "change a key of the recipe in every run; may be repeated"),
  seeds: flag("N", "runs of each cell, with seeds 0 to N-1; default: 3"),
  out: flag("DIR", "the sweep's folder; default: sweeps/<recipe>"),
  ...runFlags,
  at: flag("WHICH", "the scores that count: final (the default), or best, of each run's best evaluation"),
  against: flag(
    "CELL",
    "also print what each cell differs by from this one, such as loss=hinge, with runs of equal seed paired",
  ),
  dryRun: { type: "boolean", description: "train nothing: print every run with its state, and the table as it stands" },
} as const;

/**
 * `2/4` as a share.
 * @throws UsageError when it is none.
 */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError(`--shard (=${text}) must be I/N with I from 1 to N, such as 1/4`);
}

function parseAt(text: string | undefined): "final" | "best" {
  if (text === undefined || text === "final" || text === "best") return text ?? "final";
  throw new UsageError(`--at (=${text}) must be final or best`);
}

const emphasised = (): ((text: string) => string) | undefined =>
  process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb"
    ? (text) => `\u001b[1m${text}\u001b[22m`
    : undefined;

/** What to type next, where something is left. */
function lastWords(folder: string, { failed, open, elsewhere }: SweepOutcome): string {
  const command = `${programName()} sweep ${quoted(near(folder))}`;
  const lines = [`Results: ${near(folder)}/table.md, table.csv, table.json, runs.csv`];
  if (elsewhere > 0) lines.push(`${counted(elsewhere, "run")} left to other processes.`);
  if (open > 0) lines.push(`${counted(open, "run")} not finished; to continue: ${command}`);
  if (failed > 0) lines.push(`${counted(failed, "run")} failed; to try again: ${command} --retry`);
  return `\n${lines.join("\n")}\n`;
}

/** The flags of {@link runFlags} as they are given. */
type RunFlagValues = {
  readonly [N in keyof typeof runFlags]?:
    | ((typeof runFlags)[N]["type"] extends "boolean" ? boolean : string)
    | undefined;
};

/** The number of runs, and the recipe or sweep of them. */
interface Watched {
  readonly cells: number;
  readonly runs: number;
  /** Called before anything is shown. */
  begin?(): void;
  run(how: RunSweepOptions): Promise<{
    readonly outcome: SweepOutcome;
    readonly text: string;
    readonly table: SweepTable;
    readonly differences?: readonly CellDifference[] | undefined;
  }>;
}

/**
 * Runs what the flags ask for to its end or to the first signal, shows progress and results, and gives the exit code.
 */
export async function watchRuns(
  flags: RunFlagValues,
  directory: string,
  { cells, runs, begin, run }: Watched,
): Promise<number> {
  const jobs = wholeNumber("--jobs", flags.jobs, 1) ?? 1;
  const threads = wholeNumber("--threads", flags.threads, 1);
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
  const { retry } = flags;
  begin?.();
  const reporter = sweepReporter(flags, jobs);
  const interrupt = watchInterrupts(() => reporter.stopping());
  try {
    reporter.start(directory, cells, runs);
    const how = { jobs, threads, shard, retry, stop: interrupt.signal, events: reporter.events };
    const { outcome, text, table, differences } = await run(how);
    reporter.close();
    reporter.end(directory, outcome, text, table, differences);
    if (outcome.finished === outcome.runs) return exitCodes.success;
    return interrupt.exitCode() || exitCodes.failure;
  } finally {
    reporter.close();
    interrupt.dispose();
  }
}

/** The table as text, with the differences from a cell where one is named. */
function resultsText(
  { cellDifferences, differencesMarkdown, tableMarkdown }: typeof import("../experiments/index.ts"),
  table: SweepTable,
  base: Cell | undefined,
): { readonly text: string; readonly differences: readonly CellDifference[] | undefined } {
  const text = tableMarkdown(table, emphasised());
  if (base === undefined) return { text, differences: undefined };
  const differences = cellDifferences(table, base);
  return { text: `${text}\n${differencesMarkdown(table.axes, base, differences)}`, differences };
}

/** How the results of a sweep are shown. */
interface Shown {
  readonly at?: ScoresAt | undefined;
  /** The cell that the others are compared with. */
  readonly against?: string | undefined;
}

/** Runs a sweep in its folder. */
export async function watchSweep(
  flags: RunFlagValues,
  loaded: LoadedSweep,
  { at = "final", against }: Shown = {},
): Promise<number> {
  const { folder, base, source } = loaded;
  const lab = await import("../experiments/index.ts");
  const grid = asUsage(() => lab.expandGrid(loaded.sweep, base));
  const compared = asUsage(() => (against === undefined ? undefined : lab.cellNamed(grid.cells, against)));
  return watchRuns(flags, near(folder.path), {
    begin: () => folder.define(loaded.sweep, base),
    cells: grid.cells.length,
    runs: grid.runs.length,
    async run(how) {
      const outcome = await lab.runSweep(folder, grid, source, {
        ...how,
        update: () => void lab.writeResults(folder, grid, at),
      });
      const table = lab.writeResults(folder, grid, at);
      const { text, differences } = resultsText(lab, table, compared);
      return { outcome, table, differences, text: text + lastWords(folder.path, outcome) };
    },
  });
}

/** The command, for the shell to mount. */
export const sweep = defineCommand({
  meta: {
    name: "sweep",
    description:
      "Runs a recipe with every combination of values and several seeds, and tabulates the scores as mean ± 95% confidence interval. Ctrl-C or a crash loses nothing: the same command continues where it stopped.",
  },
  args,
  examples: [
    {
      line: "gantry sweep mnist --over 'techniques=[],[topK]' --seeds 5 --jobs 2",
      does: "is top-k better? two cells of five runs, two at a time",
    },
    {
      line: "gantry sweep mnist --over loss=hinge,wasserstein --over batchSize=32,64",
      does: "a grid of four cells",
    },
    { line: "gantry sweep sweeps/mnist", does: "continue it, or see its table" },
    {
      line: "gantry sweep sweeps/mnist --against loss=hinge",
      does: "and what the other cells differ by from this one, with p values",
    },
    { line: "gantry sweep ./sizes.sweep.ts --shard 2/4", does: "the second quarter, of a file that defines the sweep" },
  ],
  async run({ args: flags, rawArgs }) {
    const seeds = wholeNumber("--seeds", flags.seeds, 1);
    const at = parseAt(flags.at);
    const set = valuesOf(rawArgs, args, "set");
    const lab = await import("../experiments/index.ts");
    const axes = asUsage(() => valuesOf(rawArgs, args, "over").map(lab.parseAxis));
    const loaded = await lab.loadSweep(flags.recipe, { set, axes, seeds, out: flags.out });
    if (!flags.dryRun) return watchSweep(flags, loaded, { at, against: flags.against });
    const { folder, base } = loaded;
    const grid = asUsage(() => lab.expandGrid(loaded.sweep, base));
    const { against } = flags;
    const compared = asUsage(() => (against === undefined ? undefined : lab.cellNamed(grid.cells, against)));
    folder.check(loaded.sweep, base);
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    const runs = lab.runsOf(grid, shard).map((run) => ({ run: run.name, ...lab.stateOf(folder, run) }));
    if (flags.json) process.stdout.write(`${JSON.stringify({ event: "plan", directory: folder.path, runs })}\n`);
    else {
      const table = lab.sweepTable(grid, lab.runResults(folder, grid, at));
      const lines = runs.map(({ run, kind }) => `${kind.padEnd(8)}  ${run}\n`).join("");
      process.stdout.write(`${lines}\n${resultsText(lab, table, compared).text}`);
    }
    return exitCodes.success;
  },
});
