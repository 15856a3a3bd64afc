/** `gantry lab anomaly`: does top-k training make a GAN a better judge of what it has never seen? */
import { defineCommand } from "../command.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { listOf, namesOf } from "./lists.ts";
import { runFlags } from "./run-flags.ts";
import { watchRuns } from "./watch-runs.ts";

const args = {
  digits: {
    type: "string",
    valueHint: "A,B",
    default: "0,1,2,3,4,5,6,7,8,9",
    description: "the digits to leave out, each once",
  },
  gans: {
    type: "string",
    valueHint: "A,B",
    default: "dcgan,sn-dcgan",
    description: "dcgan, lsgan, wgan, wgan-gp, sn-dcgan, sngan, sagan, as in the sweeps of top-k training",
  },
  seeds: { type: "string", valueHint: "N", default: "3", description: "runs of each cell, with seeds 0 to N-1" },
  steps: {
    type: "string",
    valueHint: "N",
    default: "600",
    description: "generator steps of a run; k reaches half of the batch at half of them",
  },
  subset: {
    type: "string",
    valueHint: "N",
    default: "200",
    description: "test images that are searched, half of them of the digit left out; an even number",
  },
  searchSteps: {
    type: "string",
    valueHint: "N",
    default: "100",
    description: "gradient steps of the latent search (the paper takes 500)",
  },
  out: { type: "string", valueHint: "DIR", default: "lab/anomaly", description: "the folder of runs and results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "train nothing: make the tables in --out from the records in this folder",
  },
  ...runFlags,
} as const;

/**
 * The digits that a list names.
 * @throws UsageError for what is none, or comes twice.
 */
function digitsOf(text: string): number[] {
  const words = listOf(text);
  const wrong = words.find((word, i) => !/^\d$/.test(word) || words.indexOf(word) < i);
  if (wrong === undefined && words.length > 0) return words.map(Number);
  throw new UsageError(`--digits (=${text}) must be digits from 0 to 9, each once, such as 1,4,9`);
}

/** An even number. */
function subsetOf(text: string): number {
  const subset = wholeNumber("--subset", text, 2)!;
  // The rarest digit of the test split, 5, is there 892 times.
  if (subset % 2 === 0 && subset <= 1_784) return subset;
  throw new UsageError(`--subset (=${text}) must be an even number from 2 to 1784`);
}

/** The command. */
export const anomalyCommand = defineCommand({
  meta: {
    name: "anomaly",
    description:
      "Trains GANs on nine digits, from all samples of a batch and from the top k, and measures how well each tells the tenth: by the discriminator, by latent search, and by both. The same command goes on where it was.",
  },
  args,
  examples: [
    { line: "gantry lab anomaly", does: "ten digits, two GANs, both updates, three seeds: 120 runs" },
    { line: "gantry lab anomaly --digits 1,4,9 --seeds 5 --out lab/three", does: "three digits" },
    { line: "gantry lab anomaly --records docs/results/data/anomaly --out /tmp/again", does: "the tables again" },
  ],
  async run({ args: flags }) {
    const lab = await import("../../experiments/index.ts");
    if (flags.records !== undefined) {
      const tables = lab.writeAnomalyTables(flags.out, lab.readAnomalyRecords(flags.records));
      if (flags.json) process.stdout.write(`${JSON.stringify({ event: "end", directory: flags.out })}\n`);
      else process.stdout.write(flags.quiet ? `${flags.out}\n` : tables);
      return exitCodes.success;
    }
    const threads = wholeNumber("--threads", flags.threads, 1);
    const measuring = {
      subset: subsetOf(flags.subset),
      searchSteps: wholeNumber("--search-steps", flags.searchSteps, 1)!,
    };
    const sweep = lab.anomalySweep({
      digits: digitsOf(flags.digits),
      gans: namesOf("--gans", flags.gans, lab.unlabelledGans),
      seeds: wholeNumber("--seeds", flags.seeds, 1),
      steps: wholeNumber("--steps", flags.steps, 1),
    });
    if (threads !== undefined) {
      const { configureEngine } = await import("../../tensor/index.ts");
      configureEngine({ threads });
    }
    return watchRuns(flags, {
      sweep,
      run: (options) => lab.runAnomaly(sweep, flags.out, measuring, options),
      tables: lab.anomalyTables,
    });
  },
});
