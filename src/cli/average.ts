/** `gantry average`: the average of a generator's weights of any length, chosen after training. */
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { flag, positiveNumber, wholeNumber } from "./flags.ts";
import { refuseOccupied } from "./occupied.ts";
import { near, programName, quoted } from "./program.ts";

const args = {
  run: { type: "positional", required: true, description: "a run that was trained with the technique powerAveraging" },
  std: flag("STD", "length of the average in parts of the run, above 0 and below 0.2887, such as 0.05"),
  step: flag("N", "the step whose average it is, one that has a checkpoint; default: the newest"),
  out: flag("DIR", "the run folder, which must be new; default: RUN-std-STD"),
  json: { type: "boolean", description: "print the result as JSON" },
} as const;

/** The command, for the shell to mount. */
export const average = defineCommand({
  meta: {
    name: "average",
    description:
      "Makes an average of the generator's weights of any length from those that training has stored, and writes it as a run.",
  },
  args,
  examples: [
    {
      line: "gantry train mnist --set 'techniques=[powerAveraging]' --out runs/x",
      does: "stores averages while it trains",
    },
    { line: "gantry average runs/x --std 0.08", does: "another length: runs/x-std-0.08" },
    { line: "gantry evaluate runs/x-std-0.08", does: "its scores, to choose the length by" },
  ],
  async run({ args: flags }) {
    const std = positiveNumber("--std", flags.std);
    if (std === undefined) throw new UsageError("--std is missing: the length of the average, such as --std 0.05");
    const step = wholeNumber("--step", flags.step, 0);
    const { averageRun } = await import("../training/index.ts");
    const out = flags.out ?? `${flags.run.replace(/[\\/]+$/, "")}-std-${std}`;
    refuseOccupied(out);
    const result = await averageRun(flags.run, { std, out, step });
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    const error = result.error < 0.0005 ? "less than 0.1" : (100 * result.error).toFixed(1);
    process.stdout.write(
      `std ${std} at step ${result.step}, made of ${result.snapshots} stored averages (its profile is met to ${error} %)\n` +
        `${near(result.directory)}: sample from it with \`${programName()} sample ${quoted(near(result.directory))}\`\n`,
    );
  },
});
