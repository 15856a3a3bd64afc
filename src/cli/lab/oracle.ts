/** `gantry lab oracle`: whether updates on good and on bad samples move samples towards their modes. */
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { positiveNumber, wholeNumber } from "../flags.ts";
import { StatusLine } from "../progress.ts";
import { listOf } from "./lists.ts";

const args = {
  run: { type: "positional", required: false, description: "a run of the recipe mixture, with its checkpoints" },
  steps: { type: "string", valueHint: "A,B", description: "the checkpoints to look at; default: all of the run" },
  batches: { type: "string", valueHint: "N", default: "40", description: "batches of each snapshot" },
  lr: { type: "string", valueHint: "LR", default: "0.001", description: "learning rate of the plain gradient step" },
  threads: { type: "string", valueHint: "N", description: "CPU threads; default: all cores" },
  out: { type: "string", valueHint: "DIR", default: "lab/oracle", description: "the folder of the results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "measure nothing: make tables and figures in --out from the records in this folder",
  },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** The command. */
export const oracleCommand = defineCommand({
  meta: {
    name: "oracle",
    description:
      "From snapshots of a run on a mixture: one generator update on the top half of a batch, the bottom half, a random half and all of it, and the cosine between each sample's displacement and the way to its nearest mode.",
  },
  args,
  examples: [
    { line: "gantry lab oracle runs/mixture-20250131-174503", does: "all checkpoints of a run" },
    { line: "gantry lab oracle RUN --steps 1000,100000 --batches 100", does: "two of them, more precisely" },
  ],
  async run({ args: flags }) {
    const threads = wholeNumber("--threads", flags.threads, 1);
    const batches = wholeNumber("--batches", flags.batches, 2);
    const lr = positiveNumber("--lr", flags.lr);
    const steps =
      flags.steps === undefined ? undefined : listOf(flags.steps).map((text) => wholeNumber("--steps", text, 1)!);
    if ((flags.run === undefined) === (flags.records === undefined)) {
      throw new UsageError("gantry lab oracle needs a run, or --records DIR; see gantry lab oracle --help");
    }
    const { configureEngine } = await import("../../tensor/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const lab = await import("../../experiments/index.ts");
    if (flags.run !== undefined) {
      const status = new StatusLine(process.stderr);
      const record = await lab.measureOracle(flags.run, {
        batches,
        lr,
        steps,
        onProgress: (step, done, total) => status.update(`snapshot ${step}: batch ${done} of ${total}`),
      });
      status.end();
      lab.writeOracle(join(flags.out, "records"), record);
    }
    const folder = flags.records ?? join(flags.out, "records");
    const tables = await lab.writeOraclePage(flags.out, lab.readOracles(folder));
    const end = { event: "end", directory: flags.out };
    process.stdout.write(
      flags.json ? `${JSON.stringify(end)}\n` : `${tables}\nResults: ${join(flags.out, "oracle.md")}\n`,
    );
    return exitCodes.success;
  },
});
