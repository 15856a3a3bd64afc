/** `gantry lab mixture`: top-k training and its controls on mixtures of Gaussians. */
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { asUsage, exitCodes } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { listOf, namesOf } from "./lists.ts";
import { runFlags } from "./run-flags.ts";
import { watchRuns } from "./watch-runs.ts";

const args = {
  modes: {
    type: "string",
    valueHint: "A,B",
    default: "25",
    description: "numbers of modes, square numbers: 25,64,100",
  },
  updates: {
    type: "string",
    valueHint: "A,B",
    default: "all,top,bottom,random",
    description:
      "the samples that the generator learns from: all of a batch, the k judged most real, least real, or any k",
  },
  seeds: { type: "string", valueHint: "N", default: "5", description: "runs of each cell, with seeds 0 to N-1" },
  steps: {
    type: "string",
    valueHint: "N",
    default: "100000",
    description: "generator steps of a run; k falls in proportion to them",
  },
  out: { type: "string", valueHint: "DIR", default: "lab/mixture", description: "the folder of runs and results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "train nothing: make tables and figures in --out from the records in this folder",
  },
  ...runFlags,
} as const;

/** The command. */
export const mixtureCommand = defineCommand({
  meta: {
    name: "mixture",
    description:
      "Trains on mixtures of Gaussians from all samples of a batch, the top k, the bottom k and any k, and compares: high-quality samples, modes recovered, films and densities. The same command goes on where it was.",
  },
  args,
  examples: [
    { line: "gantry lab mixture", does: "25 modes, 5 seeds, 100,000 steps: 20 runs of half an hour on a core" },
    {
      line: "gantry lab mixture --modes 64,100 --steps 20000 --jobs 2 --out lab/more",
      does: "more modes, shorter runs, two at a time",
    },
    {
      line: "gantry lab mixture --records docs/results/data/mixture --out /tmp/again",
      does: "tables and figures again",
    },
  ],
  async run({ args: flags }) {
    const lab = await import("../../experiments/index.ts");
    if (flags.records !== undefined) {
      const tables = await lab.writeMixturePage(flags.out, lab.readRecords(flags.records));
      if (flags.json) process.stdout.write(`${JSON.stringify({ event: "end", directory: flags.out })}\n`);
      else process.stdout.write(flags.quiet ? `${flags.out}\n` : `${tables}\nFigures: ${join(flags.out, "figures")}\n`);
      return exitCodes.success;
    }
    const experiment = {
      modes: listOf(flags.modes).map((text) => wholeNumber("--modes", text, 1)!),
      updates: namesOf("--updates", flags.updates, lab.updates),
      seeds: wholeNumber("--seeds", flags.seeds, 1),
      steps: wholeNumber("--steps", flags.steps, 1),
    };
    const sweep = asUsage(() => lab.mixtureSweep(experiment));
    return watchRuns(flags, {
      sweep,
      run: (options) => lab.runMixture(sweep, flags.out, options),
      tables: lab.mixtureTables,
    });
  },
});
