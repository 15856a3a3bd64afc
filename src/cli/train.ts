/** `gantry train`: trains a recipe into a run folder. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileError } from "../base/file-error.ts";
import { makeFolder } from "../formats/index.ts";
import { shippedRecipes } from "../recipe/index.ts";
import type { LoadedTrainer, Run } from "../training/index.ts";
import { defineCommand } from "./command.ts";
import { asUsage, UsageError } from "./errors.ts";
import { evaluateFlag, flag, valuesOf, wholeNumber, withFlags, withoutEvaluation, workersFlag } from "./flags.ts";
import { outputFlags } from "./reporter.ts";
import { tensorboardFlag, trainRun } from "./train-run.ts";

const args = {
  recipe: {
    type: "positional",
    required: true,
    description: `a shipped recipe (${Object.keys(shippedRecipes).join(", ")}), the path of a TypeScript or JavaScript file that exports a recipe or a trainer, or a folder or zip of images`,
  },
  out: flag("DIR", "the run folder, which must be new; default: runs/<recipe>-<time>"),
  overwrite: { type: "boolean", description: "replace the run that --out names; says what is removed" },
  resumeOrStart: {
    type: "boolean",
    description: "continue the run that --out names, if it exists with these settings: for schedulers",
  },
  from: flag(
    "RUN",
    "begin with the networks of another run (or of one checkpoint's folder, or a file of weights), where layers fit",
  ),
  set: flag(
    "KEY=VALUE",
    "change a key of the recipe, such as batchSize=32 or techniques.topK.floor=0.5; may be repeated",
  ),
  steps: flag("N", "the same as --set steps=N"),
  threads: flag("N", "CPU threads; default: the recipe's, or all cores"),
  device: flag("NAME", "cpu, cuda, cuda:1 ... or mps; default: the recipe's"),
  seed: flag("N", "seed of every random draw; default: the recipe's"),
  ...evaluateFlag,
  ...workersFlag,
  studio: {
    type: "boolean",
    description: "show the run in the browser while it is trained; the address is printed",
  },
  ...tensorboardFlag,
  ...outputFlags,
} as const;

/** `20250131-174503`, in local time, so that runs sort by when they began. */
export function timeStamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

/**
 * Makes runs/<recipe>-<time>. Runs that begin in the same second get a number each, also in several processes.
 *
 * @throws UserError when the file system refuses.
 */
export function makeFreshDirectory(recipe: string, now = new Date()): string {
  const name = join("runs", `${recipe}-${timeStamp(now)}`);
  makeFolder("runs");
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    try {
      // Fails where it exists: of two processes one continues.
      mkdirSync(candidate);
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(error, "write", candidate);
    }
  }
}

/** The files that the run will name. */
const filesOf = ({ modules, source, trainer }: LoadedTrainer): string[] => [
  ...modules,
  ...(trainer.needsFile ? [source] : []),
];

/** The settings that --steps, --threads, --device and --seed are. */
function flagSettings(
  flags: Partial<Record<"steps" | "threads" | "device" | "seed", string | undefined>>,
): Record<string, string | number | undefined> {
  const steps = wholeNumber("--steps", flags.steps, 1);
  const threads = wholeNumber("--threads", flags.threads, 1);
  const seed = wholeNumber("--seed", flags.seed, 0);
  if (flags.device !== undefined && !/^(cpu|cuda|mps)(:\d+)?$/.test(flags.device))
    throw new UsageError(`--device (=${flags.device}) must be cpu, cuda, cuda:<number> or mps`);
  return { steps, threads, device: flags.device, seed };
}

/** The command, for the shell to mount. */
export const train = defineCommand({
  meta: { name: "train", description: "Trains a recipe and writes a run folder: samples, a log and checkpoints." },
  args,
  examples: [
    { line: "gantry train mnist", does: "the quickstart" },
    { line: "gantry train mnist --set steps=200 --out runs/x", does: "a short trial, in a place of your choice" },
    {
      line: "gantry train cifar10 --set generator.width=32 --set techniques+=topK",
      does: "another width, one technique more",
    },
    { line: "gantry train ./my-recipe.ts", does: "a recipe of your own, or a trainer (defineTrainer)" },
    { line: "gantry train photos/", does: "a folder or zip of images: a recipe is chosen for them" },
    { line: "gantry train fashion-mnist --from runs/digits", does: "new data for trained networks" },
    { line: "gantry train ./cats-128.ts --from runs/cats-64", does: "another size: layers that fit are taken" },
    { line: "gantry train mnist --studio", does: "and watch it in the browser" },
    {
      line: "gantry train cifar10 --out runs/x --resume-or-start",
      does: "start it, or continue it where it was stopped: the same line again and again",
    },
    { line: "gantry train cifar10 --workers 4", does: "four processes, each with a quarter of every batch" },
  ],
  async run({ args: flags, rawArgs }) {
    const overrides = withoutEvaluation(withFlags(valuesOf(rawArgs, args, "set"), flagSettings(flags)), flags.evaluate);
    const overwrite = flags.overwrite ?? false;
    if (overwrite && flags.out === undefined) throw new UsageError("--overwrite goes with --out, which names the run");
    const { resumeOrStart = false } = flags;
    if (resumeOrStart && flags.out === undefined)
      throw new UsageError("--resume-or-start goes with --out, which names the run");
    if (resumeOrStart && overwrite) throw new UsageError("--overwrite and --resume-or-start: give one of them");
    const { startRun } = await import("../training/index.ts");
    const { loadTraining } = await import("./train/load.ts");
    const loaded = await loadTraining(flags.recipe, overrides, flags);
    const trainer = asUsage(() => loaded.trainer.amended(overrides));
    const name = trainer.settings.name ?? "recipe";
    const { launchWorkers } = await import("./launch-workers.ts");
    return launchWorkers(flags.workers, trainer, async (rendezvous) => {
      if (resumeOrStart) {
        const { runToResume } = await import("./train/resume-or-start.ts");
        const run = await runToResume(flags.out!, { trainer, modules: filesOf(loaded), overrides });
        if (run !== undefined) {
          const settings = { rendezvous, workers: flags.workers, studioOf: flags.studio ? flags.out : undefined };
          return trainRun(run, name, flags.out!, flags, settings);
        }
      }
      const { overwriteNote, refuseExisting } = await import("./train/overwrite.ts");
      if (flags.out !== undefined) refuseExisting(flags.out, overwrite);
      const note = overwrite ? overwriteNote(flags.out!) : undefined;
      if (note !== undefined) process.stderr.write(`note: ${note}\n`);
      const existed = flags.out !== undefined && existsSync(flags.out);
      const directory = flags.out ?? makeFreshDirectory(name);
      // What has just been made is empty, and would stop the next try.
      const removeEmptyRun = () => {
        for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
        if (!existed) rmdirSync(directory);
      };
      const { modules, source } = loaded;
      let run: Run;
      try {
        run = startRun(trainer, { directory, modules, source, overrides, from: flags.from, overwrite });
      } catch (error) {
        if (flags.out === undefined) removeEmptyRun();
        throw error;
      }
      return trainRun(run, trainer.settings.name ?? loaded.source, directory, flags, {
        rendezvous,
        workers: flags.workers,
        onNotStarted: () => {
          if (!run.putBack()) removeEmptyRun();
        },
        // The other runs of `runs` are shown as well; a folder that the user chose may hold anything.
        studioOf: flags.studio ? (flags.out === undefined ? "runs" : directory) : undefined,
      });
    });
  },
});
