/** `gantry export`: writes a run in a form that other tools read. */
import { join } from "node:path";
import { nearest } from "../base/errors.ts";
import { exportTargets } from "../export/index.ts";
import { RunDirectory } from "../training/index.ts";
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { flag } from "./flags.ts";

const names = Object.keys(exportTargets);
const described = Object.entries(exportTargets).map(([name, { summary }]) => `${name} (${summary})`);

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  to: flag("WHAT", described.join(" or ")),
  out: flag("DIR", "the folder to write into; default: one with the name of WHAT in the run"),
  json: { type: "boolean", description: "print the result as JSON" },
} as const;

/** The command, for the shell to mount. */
export const exportCommand = defineCommand({
  meta: { name: "export", description: "Writes a run in a form that other tools read. The run may still be training." },
  args,
  examples: [
    { line: "gantry export runs/digits --to tensorboard", does: "then: tensorboard --logdir runs" },
    { line: "gantry export runs/digits --to csv --out tables", does: "ticks.csv, scores.csv and outputs.csv" },
  ],
  async run({ args: flags }) {
    const run = new RunDirectory(flags.run);
    const target = targetOf(flags.to);
    run.description();
    const folder = flags.out ?? join(flags.run, flags.to!);
    const files = await target.write(run, folder);
    if (flags.json) process.stdout.write(`${JSON.stringify({ to: flags.to, files })}\n`);
    else process.stdout.write(files.map((file) => `${file}\n`).join(""));
  },
});

function targetOf(name: string | undefined): (typeof exportTargets)[string] {
  if (name === undefined) throw new UsageError(`--to is missing; it must be ${names.join(" or ")}`);
  const target = Object.hasOwn(exportTargets, name) ? exportTargets[name] : undefined;
  if (target !== undefined) return target;
  const likely = nearest(name, names);
  throw new UsageError(`--to (=${name}) must be ${names.join(" or ")}${likely ? `; did you mean ${likely}?` : ""}`);
}
