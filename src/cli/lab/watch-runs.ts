/** The runs of an experiment under watch: progress, Ctrl-C, and the exit code. */
import { join } from "node:path";
import type { RunSweepOptions, Sweep, SweepOutcome } from "../../experiments/index.ts";
import { exitCodes } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { watchInterrupts } from "../interrupt.ts";
import { parseShard } from "../sweep.ts";
import { sweepReporter } from "../sweep-reporter.ts";

/** The values of the flags that matter here: `runFlags`, and the folder. */
interface RunFlagValues {
  readonly out: string;
  readonly jobs?: string | undefined;
  readonly threads?: string | undefined;
  readonly shard?: string | undefined;
  readonly retry?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** An experiment: how its runs are made, and its records as a page of tables. */
interface Experiment<R> {
  readonly sweep: Sweep;
  run(options: RunSweepOptions): Promise<{ readonly outcome: SweepOutcome; readonly records: readonly R[] }>;
  tables(records: readonly R[]): string;
}

/** Runs an experiment to its end or to the first signal, prints its tables, and gives the exit code. */
export async function watchRuns<R>(flags: RunFlagValues, { sweep, run, tables }: Experiment<R>): Promise<number> {
  const jobs = wholeNumber("--jobs", flags.jobs, 1) ?? 1;
  const threads = wholeNumber("--threads", flags.threads, 1);
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
  const reporter = sweepReporter(flags, jobs);
  const interrupt = watchInterrupts(() => reporter.stopping());
  try {
    const cells = sweep.axes.reduce((product, { values }) => product * values.length, 1);
    reporter.start(flags.out, cells, cells * sweep.seeds);
    const { retry } = flags;
    const { events } = reporter;
    const { outcome, records } = await run({ jobs, threads, shard, retry, stop: interrupt.signal, events });
    reporter.close();
    const text = records.length > 0 ? `${tables(records)}\nResults: ${join(flags.out, "tables.md")}\n` : "";
    reporter.end(flags.out, outcome, text, { axes: [], columns: [], rows: [], notes: [] });
    if (outcome.finished === outcome.runs) return exitCodes.success;
    return interrupt.exitCode() || exitCodes.failure;
  } finally {
    reporter.close();
    interrupt.dispose();
  }
}
