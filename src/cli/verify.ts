/** `gantry verify`: whether the files of a run are as they were written. */
import { visible } from "../base/visible.ts";
import { defineCommand } from "./command.ts";
import { exitCodes } from "./errors.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  json: { type: "boolean", description: "print JSON: a list of { path, problem, note }" },
} as const;

/** The command, for the shell to mount. */
export const verify = defineCommand({
  meta: {
    name: "verify",
    description:
      "Checks the files of a run against the checksums that were written with them: settings, log, samples and checkpoints. Runs and changes nothing. Exit code 1 when a file is damaged.",
  },
  args,
  examples: [{ line: "gantry verify runs/x", does: "check a run that was copied, or lay on a disk for long" }],
  async run({ args: flags }) {
    const { verifyRun } = await import("../training/index.ts");
    const found = verifyRun(flags.run);
    const damaged = found.filter(({ problem }) => problem !== undefined);
    if (flags.json) process.stdout.write(`${JSON.stringify(found)}\n`);
    else {
      for (const { path, problem, note } of found) {
        if (problem !== undefined) process.stdout.write(`${visible(path)}: ${visible(problem)}\n`);
        else if (note !== undefined) process.stdout.write(`${visible(path)}: ${visible(note)}\n`);
      }
      const intact = `${found.length - damaged.length} of ${found.length} files and checkpoints are as they were written`;
      process.stdout.write(`${intact}${damaged.length > 0 ? `, ${damaged.length} damaged` : ""}.\n`);
    }
    return damaged.length > 0 ? exitCodes.failure : exitCodes.success;
  },
});
