/** `gantry resume`: a run goes on from its latest whole checkpoint. */
import { defineCommand } from "./command.ts";
import { valuesOf, wholeNumber } from "./flags.ts";
import { outputFlags } from "./reporter.ts";
import { trainWatched } from "./watched.ts";
import { workersFlag } from "./workers-flag.ts";

const args = {
  run: { type: "positional", required: true, description: "the run directory, such as runs/mnist-20250131-174503" },
  set: {
    type: "string",
    valueHint: "KEY=VALUE",
    description:
      "change what may change: steps or epochs, samples, log, evaluate, checkpoint (such as samples.every=500), threads, device",
  },
  steps: { type: "string", valueHint: "N", description: "the same as --set steps=N" },
  threads: {
    type: "string",
    valueHint: "N",
    description: "CPU threads; another count than before changes the last bits",
  },
  ...workersFlag,
  ...outputFlags,
} as const;

/** The command, for the shell to mount. */
export const resume = defineCommand({
  meta: {
    name: "resume",
    description:
      "Continues a run that was interrupted, or trains a finished one for longer. An interrupted run ends with the same bits as one that was never interrupted.",
  },
  args,
  examples: [
    { line: "gantry resume runs/x", does: "go on after Ctrl-C or a crash" },
    { line: "gantry resume runs/x --set steps=4000", does: "train a finished run for longer" },
  ],
  async run({ args: flags, rawArgs }) {
    const changes = [...valuesOf(rawArgs, args, "set")];
    const steps = wholeNumber("--steps", flags.steps, 1);
    const threads = wholeNumber("--threads", flags.threads, 1);
    if (steps !== undefined) changes.push(`steps=${steps}`);
    if (threads !== undefined) changes.push(`threads=${threads}`);
    const { openRun } = await import("../training/index.ts");
    const run = await openRun(flags.run, changes);
    const { amongWorkers } = await import("./local-workers.ts");
    return amongWorkers(flags.workers, run.trainer, (rendezvous) =>
      trainWatched(run, run.recipe.name ?? "run", flags.run, flags, { rendezvous, workers: flags.workers }),
    );
  },
});
