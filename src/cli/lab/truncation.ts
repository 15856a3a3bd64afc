/** `gantry lab truncation`: what smaller latents gain and cost. */

import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { watchInterrupts } from "../interrupt.ts";
import { StatusLine, throttled } from "../progress.ts";
import { scoring } from "../scoring-flags.ts";
import { THRESHOLDS, thresholdsOf } from "../thresholds.ts";

const args = {
  run: { type: "positional", required: false, description: "the run directory" },
  thresholds: {
    type: "string",
    valueHint: "A,B",
    default: THRESHOLDS,
    description: "latents beyond a threshold are drawn again; none: not truncated",
  },
  seeds: { type: "string", valueHint: "N", default: "3", description: "evaluations of each, with seeds 0 to N-1" },
  protocol: {
    type: "string",
    valueHint: "NAME",
    default: "quick",
    description: "of gantry evaluate: counts, resizer and options of the scores",
  },
  features: scoring.features,
  count: { type: "string", valueHint: "N", description: "samples of each point; default: the protocol's" },
  realCount: scoring.realCount,
  checkpoint: scoring.checkpoint,
  averaged: scoring.averaged,
  threads: { type: "string", valueHint: "N", description: "CPU threads; default: all cores" },
  out: { type: "string", valueHint: "DIR", default: "lab/truncation", description: "the folder of the results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "measure nothing: make table and figures in --out from the records in this folder",
  },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** The command. */
export const truncationCommand = defineCommand({
  meta: {
    name: "truncation",
    description:
      "Scores a run with truncated latents: Inception Score against FID, precision against recall, and how much of the images saturates, threshold by threshold. The same command goes on where it was.",
  },
  args,
  examples: [
    { line: "gantry lab truncation runs/x --features mnist-classifier", does: "nine thresholds, three seeds" },
    { line: "gantry lab truncation runs/x --thresholds none,1,0.5 --count 2000 --seeds 1", does: "a first look" },
    {
      line: "gantry lab truncation --records lab/truncation/records --out /tmp/again",
      does: "table and figures again",
    },
  ],
  async run({ args: flags }) {
    const { protocol, features, checkpoint } = flags;
    const measured = {
      thresholds: thresholdsOf("--thresholds", flags.thresholds),
      seeds: wholeNumber("--seeds", flags.seeds, 1)!,
      count: wholeNumber("--count", flags.count, 10),
      realCount: wholeNumber("--real-count", flags.realCount, 10),
    };
    const threads = wholeNumber("--threads", flags.threads, 1);
    if ((flags.run === undefined) === (flags.records === undefined)) {
      throw new UsageError("gantry lab truncation needs a run, or --records DIR; see gantry lab truncation --help");
    }
    const { configureEngine } = await import("../../tensor/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const lab = await import("../../experiments/index.ts");
    if (flags.run !== undefined) {
      const experiment = {
        ...measured,
        run: flags.run,
        protocol,
        features,
        checkpoint,
        averaged: flags.averaged ?? true,
      };
      const status = new StatusLine(process.stderr);
      const show = throttled((text: string) => status.update(text));
      const interrupt = watchInterrupts(() => status.print("Stopping."));
      const noted = new Set<string>();
      try {
        await lab.runTruncation(experiment, join(flags.out, "records"), {
          stop: interrupt.signal,
          events: {
            preparing: ({ name, done, total }) => show(`preparing ${name}: ${done} of ${total} images`),
            evaluating: ({ threshold, seed }, { name, done, total }) =>
              show(`threshold ${threshold ?? "none"}, seed ${seed}: ${done} of ${total} images of ${name}`),
            measured: ({ threshold, seed, scores }, done, total) => {
              const values = scores.map(({ name, value }) => `${name.split("@")[0]} ${value.toPrecision(4)}`);
              status.print(`${done} of ${total}: threshold ${threshold ?? "none"}, seed ${seed}: ${values.join(", ")}`);
            },
            note: (message) => {
              if (!noted.has(message)) status.print(`note: ${message}`);
              noted.add(message);
            },
          },
        });
      } catch (error) {
        if (interrupt.signal.aborted && error === interrupt.signal.reason) return interrupt.exitCode();
        throw error;
      } finally {
        status.end();
        interrupt.dispose();
      }
    }
    const records = lab.readTruncationRecords(flags.records ?? join(flags.out, "records"));
    const tables = await lab.writeTruncationPage(flags.out, records);
    const end = { event: "end", directory: flags.out };
    process.stdout.write(
      flags.json ? `${JSON.stringify(end)}\n` : `${tables}\nResults: ${join(flags.out, "tables.md")}\n`,
    );
    return exitCodes.success;
  },
});
