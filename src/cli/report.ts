/** `gantry report`: writes the report of a run as it stands, also while it is being trained. */
import { duration } from "../base/duration.ts";
import { visible } from "../base/visible.ts";
import { defineCommand } from "./command.ts";
import { near } from "./program.ts";
import { valueText } from "./progress.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** The command, for the shell to mount. */
export const report = defineCommand({
  meta: {
    name: "report",
    description:
      "Writes report.md of a run as it stands: settings, scores, losses and samples. Training writes it at every checkpoint.",
  },
  args,
  examples: [{ line: "gantry report runs/x", does: "at any time, also while the run is being trained" }],
  async run({ args: flags }) {
    const { RunDirectory, standingOf, writeReport } = await import("../training/index.ts");
    const directory = new RunDirectory(flags.run);
    const description = directory.description();
    writeReport(directory, description);
    const { step, seconds } = standingOf(directory.ticks());
    const scored = directory.evaluations().at(-1);
    const { steps } = description.recipe as { readonly steps?: number };
    if (flags.json) {
      const scores = scored === undefined ? {} : { scored: scored.step, scores: scored.scores };
      const result = { report: directory.report, step, ...(steps === undefined ? {} : { steps }), seconds, ...scores };
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    const scores = scored?.scores.map((score) => `${score.name} ${valueText(score)}`).join(", ");
    const lines = [
      `${flags.run}: step ${step}${steps === undefined ? "" : ` of ${steps}`}, after ${duration(seconds)} of training`,
      ...(scored === undefined ? [] : [`  scores  step ${scored.step}: ${scores}`]),
      `  report  ${near(directory.report)}`,
    ];
    process.stdout.write(`${lines.map(visible).join("\n")}\n`);
  },
});
