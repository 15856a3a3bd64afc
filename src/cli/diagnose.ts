/** `gantry diagnose`: looks for the usual faults of GANs in a run. */
import { counted } from "../base/counted.ts";
import { visible } from "../base/visible.ts";
import type { Diagnosis } from "../diagnosis/index.ts";
import { defineCommand } from "./command.ts";
import { exitCodes } from "./errors.ts";
import { near } from "./program.ts";
import { wrap } from "./usage.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  json: { type: "boolean", description: "print the result as JSON" },
} as const;

const WIDTH = 100;

/** The command, for the shell to mount. */
export const diagnoseCommand = defineCommand({
  meta: {
    name: "diagnose",
    description:
      "Looks for the usual faults of GANs in a run, which may still be training: D or G wins, mode collapse, memorising, saturation, divergence, overfitting. Ends with exit code 3 when it finds one.",
  },
  args,
  examples: [
    { line: "gantry diagnose runs/digits", does: "what is wrong, since which step, and what shows it" },
    { line: "gantry diagnose runs/digits --json", does: "the same for a program" },
  ],
  async run({ args: flags }) {
    const { diagnose } = await import("../diagnosis/index.ts");
    const diagnosis = await diagnose(flags.run);
    process.stdout.write(flags.json ? `${JSON.stringify(diagnosis)}\n` : textOf(diagnosis));
    return diagnosis.findings.length === 0 ? exitCodes.success : exitCodes.found;
  },
});

function textOf({ step, unreadable, findings, clear, unknown }: Diagnosis): string {
  const indented = (text: string): string[] => wrap(visible(text), WIDTH - 2).map((line) => `  ${line}`);
  const found = findings.flatMap(({ title, since, evidence, picture, page, measured }) => [
    `${title}, since step ${since}`,
    ...indented(evidence),
    ...(picture === undefined ? [] : indented(`Picture: ${near(picture)}`)),
    ...indented(`What it means and what can be done: docs/${page}`),
    ...(measured.length === 0
      ? indented("What helps against it has not been measured here.")
      : measured.flatMap(({ page: results, text }) => indented(`Measured here (docs/${results}): ${text}`))),
    "",
  ]);
  const head =
    findings.length > 0
      ? `Step ${step}: ${counted(findings.length, "fault")} found.`
      : clear.length > 0
        ? `Step ${step}: nothing found in ${counted(clear.length, "check")}.`
        : `Step ${step}: nothing could be checked.`;
  const lost = unreadable === 0 ? [] : [`${counted(unreadable, "line")} of the log cannot be read.`];
  const without = clear.length === 0 ? [] : indented(`checked and found clear: ${clear.join(", ")}`);
  const rest = unknown.flatMap(({ title, reason }) => indented(`not checked: ${title} (${reason})`));
  return `${[head, ...lost, "", ...found, ...without, ...rest].join("\n").trimEnd()}\n`;
}
