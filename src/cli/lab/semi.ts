/** `gantry lab semi`: semi-supervised MNIST with few labels. */
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { asUsage, exitCodes } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { listOf } from "./lists.ts";
import { runFlags } from "./run-flags.ts";
import { watchRuns } from "./watch-runs.ts";

const args = {
  labels: { type: "string", valueHint: "A,B", default: "100", description: "numbers of labels, multiples of 10" },
  draws: {
    type: "string",
    valueHint: "N",
    default: "3",
    description: "draws of the labelled images, what intervals are over",
  },
  seeds: {
    type: "string",
    valueHint: "N",
    default: "1",
    description: "runs of each draw, with seeds 0 to N-1; several make an ensemble",
  },
  epochs: { type: "string", valueHint: "N", default: "100", description: "length of a run; the paper's is 300" },
  out: { type: "string", valueHint: "DIR", default: "lab/semi", description: "the folder of runs and results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "train nothing: make table and figure in --out from the records in this folder",
  },
  ...runFlags,
} as const;

/** The command. */
export const semiCommand = defineCommand({
  meta: {
    name: "semi",
    description:
      "Trains the recipe semi-mnist with few labels, over several draws of the labelled images: test errors, ensembles, the curve over epochs. The same command goes on where it was.",
  },
  args,
  examples: [
    { line: "gantry lab semi --labels 20,50,100,200 --out lab/few", does: "three label draws each: 12 runs" },
    { line: "gantry lab semi --draws 1 --seeds 10 --out lab/ensemble", does: "ten runs that share 100 labels" },
    { line: "gantry lab semi --records docs/results/data/semi --out /tmp/again", does: "table and figure again" },
  ],
  async run({ args: flags }) {
    const lab = await import("../../experiments/index.ts");
    if (flags.records !== undefined) {
      const tables = await lab.writeSemiPage(flags.out, lab.readSemiRecords(flags.records));
      if (flags.json) process.stdout.write(`${JSON.stringify({ event: "end", directory: flags.out })}\n`);
      else process.stdout.write(flags.quiet ? `${flags.out}\n` : `${tables}\nFigures: ${join(flags.out, "figures")}\n`);
      return exitCodes.success;
    }
    const experiment = {
      labels: listOf(flags.labels).map((text) => wholeNumber("--labels", text, 1)!),
      draws: wholeNumber("--draws", flags.draws, 1),
      seeds: wholeNumber("--seeds", flags.seeds, 1),
      epochs: wholeNumber("--epochs", flags.epochs, 1),
    };
    const sweep = asUsage(() => lab.semiSweep(experiment));
    return watchRuns(flags, {
      sweep,
      run: async (options) => {
        const { outcome, records } = await lab.runSemi(sweep, flags.out, options);
        return { outcome, records: records.runs.length > 0 ? [records] : [] };
      },
      tables: ([records]) => lab.semiTables(records!),
    });
  },
});
