/**
 * `gantry lab`: the laboratory. Every experiment of the registry is a sub-command, whose flags, help and examples
 * follow from its definition.
 */
import type { ArgDef, ArgsDef } from "citty";
import { defaultText, type Experiment, experiments, hintOf, makePage, parseOption } from "../experiments/index.ts";
import { type Command, defineCommand } from "./command.ts";
import { asUsage, exitCodes, UsageError } from "./errors.ts";
import { flag, kebab } from "./flags.ts";
import { isMeasured, isRecorded, type LabFlags, printEnd, runInLab } from "./lab-run.ts";
import { outputFlags } from "./reporter.ts";
import { runFlags } from "./sweep.ts";

type Options = Record<string, unknown>;

const isArgument = (option: { meta(): Options | undefined }): boolean => option.meta()?.argument === true;

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
function optionsOf(experiment: Experiment, flags: LabFlags): Options {
  const options = Object.entries(experiment.options as Record<string, never>).map(([name, option]) => {
    const given = flags[name];
    if (typeof given !== "string")
      return [name, given ?? (option as { parse(value: unknown): unknown }).parse(undefined)];
    const flag = isArgument(option) ? `<${name}>` : `--${kebab(name)}`;
    return [name, asUsage(() => parseOption(flag, option, given))];
  });
  return Object.fromEntries(options);
}

async function run(experiment: Experiment, flags: LabFlags): Promise<number> {
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
  return runInLab(experiment, options, flags);
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
    run: ({ args }) => run(experiment, args as LabFlags),
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
