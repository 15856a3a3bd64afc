/** `gantry resume`: continues a run from its latest whole checkpoint. */
import { defineCommand } from "./command.ts";
import { evaluateFlag, flag, valuesOf, wholeNumber, withFlags, withoutEvaluation, workersFlag } from "./flags.ts";
import { outputFlags } from "./reporter.ts";
import { tensorboardFlag, trainRun } from "./train-run.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  set: flag(
    "KEY=VALUE",
    "change one of steps, epochs, samples, log, evaluate, checkpoint, threads and device, such as samples.every=500",
  ),
  data: flag("PATH", "where the run's data have been moved to; they must be the same"),
  steps: flag("N", "the same as --set steps=N"),
  threads: flag("N", "CPU threads; results differ in the last bits from those with another number"),
  ...evaluateFlag,
  ...workersFlag,
  ...tensorboardFlag,
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
    { line: "gantry resume runs/x", does: "continue after Ctrl-C or a crash" },
    { line: "gantry resume runs/x --set steps=4000", does: "train a finished run for longer" },
    { line: "gantry resume runs/x --data /new/photos", does: "continue after the photos were moved" },
  ],
  async run({ args: flags, rawArgs }) {
    const steps = wholeNumber("--steps", flags.steps, 1);
    const threads = wholeNumber("--threads", flags.threads, 1);
    const changes = withoutEvaluation(withFlags(valuesOf(rawArgs, args, "set"), { steps, threads }), flags.evaluate);
    const { openRun } = await import("../training/index.ts");
    const run = await openRun(flags.run, changes, { data: flags.data });
    const { launchWorkers } = await import("./launch-workers.ts");
    return launchWorkers(flags.workers, run.trainer, (rendezvous) =>
      trainRun(run, run.recipe.name ?? "run", flags.run, flags, { rendezvous, workers: flags.workers }),
    );
  },
});
