/** `gantry lab mine`: the estimator of mutual information against the truth. */
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { StatusLine } from "../progress.ts";
import { listOf } from "./lists.ts";

const args = {
  dimensions: { type: "string", valueHint: "A,B", default: "1,5,20", description: "columns of x and of y" },
  rhos: {
    type: "string",
    valueHint: "A,B",
    default: "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
    description: "correlations of the columns, between -1 and 1",
  },
  seeds: { type: "string", valueHint: "N", default: "3", description: "estimates of each, with seeds 0 to N-1" },
  pairs: {
    type: "string",
    valueHint: "N",
    default: "40000",
    description: "pairs to an estimate: half train, a quarter chooses when to stop, a quarter is estimated from",
  },
  steps: { type: "string", valueHint: "N", default: "3000", description: "updates of the statistics network" },
  threads: { type: "string", valueHint: "N", description: "CPU threads; default: all cores" },
  out: { type: "string", valueHint: "DIR", default: "lab/mine", description: "the folder of records and results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "estimate nothing: make tables and figures in --out from the records in this folder",
  },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

function correlation(word: string): number {
  const value = Number(word);
  if (word !== "" && value > -1 && value < 1) return value;
  throw new UsageError(`--rhos (=${word}) must be numbers between -1 and 1, such as 0.1,0.5`);
}

/** The command. */
export const mineCommand = defineCommand({
  meta: {
    name: "mine",
    description:
      "Estimates the mutual information of correlated Gaussians by MINE and compares with the closed form. The same command goes on where it was.",
  },
  args,
  examples: [
    { line: "gantry lab mine", does: "three dimensions, nine correlations, three seeds: 81 estimates of seconds each" },
    { line: "gantry lab mine --dimensions 1 --rhos 0.5 --seeds 10", does: "how much chance there is in one of them" },
    { line: "gantry lab mine --records docs/results/data/mine --out /tmp/again", does: "tables and figures again" },
  ],
  async run({ args: flags }) {
    const experiment = {
      dimensions: listOf(flags.dimensions).map((word) => wholeNumber("--dimensions", word, 1)!),
      rhos: listOf(flags.rhos).map(correlation),
      seeds: wholeNumber("--seeds", flags.seeds, 1)!,
      pairs: wholeNumber("--pairs", flags.pairs, 16)!,
      steps: wholeNumber("--steps", flags.steps, 1)!,
    };
    const threads = wholeNumber("--threads", flags.threads, 1);
    if (threads !== undefined) {
      const { configureEngine } = await import("../../tensor/index.ts");
      configureEngine({ threads });
    }
    const lab = await import("../../experiments/index.ts");
    if (flags.records === undefined) {
      const status = new StatusLine(process.stderr);
      lab.runMine(experiment, join(flags.out, "records"), ({ dimensions, rho, seed, truth, estimate }, done, total) => {
        const found = `${estimate.toFixed(4)} of ${truth.toFixed(4)} nats`;
        status.update(`${done} of ${total}: ${dimensions} dimensions, rho ${rho}, seed ${seed}: ${found}`);
      });
      status.end();
    }
    const records = lab.readMineRecords(flags.records ?? join(flags.out, "records"));
    const tables = await lab.writeMinePage(flags.out, records);
    const end = { event: "end", directory: flags.out };
    process.stdout.write(
      flags.json ? `${JSON.stringify(end)}\n` : `${tables}\nResults: ${join(flags.out, "tables.md")}\n`,
    );
    return exitCodes.success;
  },
});
