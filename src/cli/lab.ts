/**
 * `gantry lab`: the laboratory. Every experiment of the registry is a sub-command, whose flags, help and examples
 * follow from its definition.
 */
import { join } from "node:path";
import type { ArgDef, ArgsDef } from "citty";
import {
  defaultText,
  type Experiment,
  experiments,
  hintOf,
  type MeasuredExperiment,
  makePage,
  parseOption,
  type RecordedExperiment,
  runExperiment,
  SweepFolder,
  type SweptExperiment,
  type TrainedExperiment,
} from "../experiments/index.ts";
import { loadRecipe } from "../recipe/index.ts";
import { configureEngine } from "../tensor/index.ts";
import { type Command, defineCommand } from "./command.ts";
import { asUsage, exitCodes, UsageError } from "./errors.ts";
import { flag, kebab, wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { noteOnce, StatusLine, throttled } from "./progress.ts";
import { outputFlags } from "./reporter.ts";
import { runFlags, watchRuns, watchSweep } from "./sweep.ts";

type Flags = Readonly<Record<string, string | boolean | undefined>>;
type Options = Record<string, unknown>;

const isArgument = (option: { meta(): Options | undefined }): boolean => option.meta()?.argument === true;
const isMeasured = (experiment: Experiment): experiment is MeasuredExperiment<never, object, never> =>
  "prepare" in experiment;
const isRecorded = (experiment: Experiment): experiment is RecordedExperiment => "record" in experiment;
const isTrained = (experiment: Experiment): experiment is TrainedExperiment<never, object, never> =>
  "run" in experiment;

/** An option of an experiment as the command line takes it. */
function flagOf(option: Experiment["options"][string], optional: boolean): ArgDef {
  const description = option.description ?? "";
  if (isArgument(option)) return { type: "positional", required: !optional, description };
  const negative = option.meta()?.negative as string | undefined;
  if (negative !== undefined) return { type: "boolean", negativeDescription: negative, description };
  const standard = defaultText(option);
  return standard === undefined ? flag(hintOf(option), description) : flag(hintOf(option), description, standard);
}

function flagsOf(experiment: Experiment): ArgsDef {
  const recorded = isRecorded(experiment);
  const flags: ArgsDef = {};
  for (const [name, option] of Object.entries(experiment.options as Record<string, never>))
    flags[name] = flagOf(option, recorded);
  if (!("report" in experiment))
    flags.out = flag("DIR", "the folder of the results, where the same command continues", `lab/${experiment.name}`);
  if (recorded)
    flags.records = flag("PATH", "measure nothing: make the page in --out from this file or folder of records");
  if ("sweep" in experiment) Object.assign(flags, runFlags);
  if (isMeasured(experiment)) {
    if (experiment.threads === undefined) flags.threads = flag("N", "CPU threads; default: all cores");
    flags.json = outputFlags.json;
  }
  return flags;
}

/** The options that the flags give, checked. */
function optionsOf(experiment: Experiment, flags: Flags): Options {
  const options = Object.entries(experiment.options as Record<string, never>).map(([name, option]) => {
    const given = flags[name];
    if (typeof given !== "string")
      return [name, given ?? (option as { parse(value: unknown): unknown }).parse(undefined)];
    const flag = isArgument(option) ? `<${name}>` : `--${kebab(name)}`;
    return [name, asUsage(() => parseOption(flag, option, given))];
  });
  return Object.fromEntries(options);
}

/** The result of an experiment, as it is printed. */
function printEnd(flags: Flags, out: string, tables: string, file = "tables.md"): void {
  if (flags.json) process.stdout.write(`${JSON.stringify({ event: "end", directory: out })}\n`);
  else process.stdout.write(flags.quiet ? `${out}\n` : `${tables}\nResults: ${join(out, file)}\n`);
}

/** Trains the runs of an experiment and measures each, under watch. */
async function trained(
  experiment: TrainedExperiment<never, object, never>,
  flags: Flags,
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
  flags: Flags,
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

async function run(experiment: Experiment, flags: Flags): Promise<number> {
  const argument = Object.keys(experiment.options).find((name) => isArgument(experiment.options[name]));
  const path = `gantry lab ${experiment.name}`;
  if (isRecorded(experiment) && flags.records !== undefined) {
    if (argument !== undefined && flags[argument] !== undefined)
      throw new UsageError(`${path} takes a ${argument} or --records, not both; see ${path} --help`);
    const tables = await makePage(experiment, flags.records as string, flags.out as string);
    printEnd(flags, flags.out as string, tables, experiment.file);
    return exitCodes.success;
  }
  if (argument !== undefined && flags[argument] === undefined)
    throw new UsageError(`${path} needs a ${argument}, or --records PATH; see ${path} --help`);
  const options = optionsOf(experiment, flags);
  if ("report" in experiment) {
    process.stdout.write(experiment.report(options));
    return exitCodes.success;
  }
  const threads =
    wholeNumber("--threads", flags.threads as string | undefined, 1) ??
    (isMeasured(experiment) ? experiment.threads : undefined);
  if (threads !== undefined) configureEngine({ threads });
  if (isMeasured(experiment)) return measured(experiment, flags, options as never);
  if (isTrained(experiment)) return trained(experiment, flags, options as never);
  const sweep = asUsage(() => (experiment as SweptExperiment<never>).sweep(options as never));
  const { recipe: base, source } = await loadRecipe(sweep.recipe);
  return watchSweep(flags, { sweep, base, source, folder: new SweepFolder(flags.out as string) });
}

function commandOf(experiment: Experiment): Command {
  const again = {
    line: `gantry lab ${experiment.name} --records lab/${experiment.name}/records.jsonl --out again`,
    does: "tables and figures again, from the raw numbers",
  };
  return defineCommand({
    meta: { name: experiment.name, description: experiment.description },
    args: flagsOf(experiment),
    examples: [...experiment.examples, ...(isRecorded(experiment) ? [again] : [])],
    run: ({ args }) => run(experiment, args as Flags),
  });
}

/** The command, for the shell to mount. */
export const lab = defineCommand({
  meta: {
    name: "lab",
    description:
      "Experiments: what top-k training does and why, and what other techniques do on problems whose answer is known.",
  },
  subCommands: Object.fromEntries(
    Object.entries(experiments).map(([name, experiment]) => [name, commandOf(experiment)]),
  ),
  examples: [{ line: "gantry lab mixture --steps 5000 --seeds 2", does: "a short version of the main experiment" }],
});
