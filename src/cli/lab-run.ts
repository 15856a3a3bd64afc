/** Running an experiment of the laboratory under watch: progress, Ctrl-C, results. */
import { join } from "node:path";
import {
  type Experiment,
  type MeasuredExperiment,
  type RecordedExperiment,
  runExperiment,
  type Sweep,
  SweepFolder,
  type SweptExperiment,
  type TrainedExperiment,
} from "../experiments/index.ts";
import { loadRecipe } from "../recipe/index.ts";
import { configureEngine } from "../tensor/index.ts";
import { asUsage, exitCodes } from "./errors.ts";
import { wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { noteOnce, StatusLine, throttled } from "./progress.ts";
import { watchRuns, watchSweep } from "./sweep.ts";

/** Flags as they are given. */
export type LabFlags = Readonly<Record<string, string | boolean | undefined>>;
type Options = Record<string, unknown>;

export const isMeasured = (experiment: Experiment): experiment is MeasuredExperiment<never, object, never> =>
  "prepare" in experiment;
export const isRecorded = (experiment: Experiment): experiment is RecordedExperiment => "record" in experiment;
export const isTrained = (experiment: Experiment): experiment is TrainedExperiment<never, object, never> =>
  "run" in experiment;

/** The result of an experiment, as it is printed. */
export function printEnd(flags: LabFlags, out: string, tables: string, file = "tables.md"): void {
  if (flags.json) process.stdout.write(`${JSON.stringify({ event: "end", directory: out })}\n`);
  else if (flags.quiet) process.stdout.write(`${out}\n`);
  // Without records there is no page.
  else if (tables !== "") process.stdout.write(`${tables}\nResults: ${join(out, file)}\n`);
}

/** Trains the runs of an experiment and measures each, under watch. */
async function trained(
  experiment: TrainedExperiment<never, object, never>,
  flags: LabFlags,
  options: never,
): Promise<number> {
  const out = flags.out as string;
  const { axes, seeds } = asUsage(() => experiment.sweep(options));
  const cells = axes.reduce((product, { values }) => product * values.length, 1);
  return watchRuns(flags, out, {
    cells,
    runs: cells * seeds,
    async run(how) {
      const { sweep, records, tables } = await runExperiment(experiment, options, out, how);
      const file = join(out, experiment.file ?? "tables.md");
      const text = records.length > 0 ? `${tables}\nResults: ${file}\n` : "";
      return { outcome: sweep!, text, table: { axes: [], columns: [], rows: [], notes: [] } };
    },
  });
}

/** Measures in this process, under watch. */
async function measured(
  experiment: MeasuredExperiment<never, object, never>,
  flags: LabFlags,
  options: never,
): Promise<number> {
  const out = flags.out as string;
  const status = new StatusLine(process.stderr);
  const interrupt = watchInterrupts(() => status.print("Stopping."));
  try {
    const { tables } = await runExperiment(experiment, options, out, {
      stop: interrupt.signal,
      progress: throttled((text: string) => status.update(text)),
      note: noteOnce(status),
      measured: (record, done, total) => {
        const about = experiment.key.map((name) => `${name} ${JSON.stringify((record as Options)[name])}`);
        status.print(`${done} of ${total}: ${about.join(", ")}`);
      },
    });
    printEnd(flags, out, tables, experiment.file);
    return exitCodes.success;
  } catch (error) {
    if (interrupt.signal.aborted && error === interrupt.signal.reason) return interrupt.exitCode();
    throw error;
  } finally {
    status.end();
    interrupt.dispose();
  }
}

/** Runs an experiment with its options, checked; `flags` are those of `gantry lab`. Gives the exit code. */
export async function runInLab(
  experiment: Exclude<Experiment, { report: unknown }>,
  options: Options,
  flags: LabFlags,
): Promise<number> {
  const threads =
    wholeNumber("--threads", flags.threads as string | undefined, 1) ??
    (isMeasured(experiment) ? experiment.threads : undefined);
  if (threads !== undefined) configureEngine({ threads });
  if (isMeasured(experiment)) return measured(experiment, flags, options as never);
  if (isTrained(experiment)) return trained(experiment, flags, options as never);
  return sweepInLab(
    asUsage(() => (experiment as SweptExperiment<never>).sweep(options as never)),
    flags,
  );
}

/** Runs a sweep in the folder of `--out`. */
export async function sweepInLab(sweep: Sweep, flags: LabFlags): Promise<number> {
  const { recipe: base, source } = await loadRecipe(sweep.recipe);
  return watchSweep(flags, { sweep, base, source, folder: new SweepFolder(flags.out as string) });
}
