/** `gantry project`: finds the latents whose samples are nearest to given images. */
import { existsSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { visible } from "../base/visible.ts";
import { defineCommand } from "./command.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { flag, positionalsOf, wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { clock, Remaining, StatusLine, throttled } from "./progress.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder" },
  image: { type: "positional", required: true, valueHint: "FILE...", description: "one image file, or several" },
  out: flag("DIR", "the folder to write, which must be new or empty; default: a new one in the run folder"),
  class: flag("NAME", "the class of the images, by its name, or by its place as '#0'; for conditional generators"),
  condition: flag("A=1,B=0", "values of conditions, for runs on data with conditions; the others are a real image's"),
  steps: flag("N", "gradient steps", "500"),
  seed: flag("N", "of the samples that the search begins from", "0"),
  featureWeight: flag(
    "W",
    "from 0 to 1: the weight of the discriminator's features against the pixels; default: 0.1, and 0 for imported runs",
  ),
  averaged: {
    type: "boolean",
    negativeDescription: "the weights of the last step",
    description: "the averaged weights, if the run keeps them (the default), or those of the last step",
  },
  checkpoint: flag("WHICH", "last, best (by the score of the recipe's `evaluate`), or the number of a step", "last"),
  threads: flag("N", "CPU threads; default: all cores"),
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** A new folder in the run folder. */
function freshFolder(directory: string): string {
  for (let number = 1; ; number++) {
    const candidate = join(directory, `projection${number === 1 ? "" : `-${number}`}`);
    if (!existsSync(candidate)) return candidate;
  }
}

/** @throws UsageError unless the text is a number from 0 to 1. */
function weightOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new UsageError(`--feature-weight (=${text}) must be a number from 0 to 1`);
}

/** The name of the picture of the stages, without its ending. */
const STAGES = "stages";

/** The names of the images in the output, each once: their own, numbered where several files have one. */
export function outputNames(files: readonly string[]): string[] {
  const own = files.map((file) => basename(file, extname(file)));
  const used = (name: string): number =>
    [STAGES, ...own].filter((other) => other.toLowerCase() === name.toLowerCase()).length;
  return own.map((name, i) => (used(name) > 1 ? `${name}-${i + 1}` : name));
}

/** The command, for the shell to mount. */
export const project = defineCommand({
  meta: {
    name: "project",
    description:
      "Finds the latents whose samples are nearest to given images, by gradient steps on z, and writes the latents, the images, the stages of the search and the distances.",
  },
  args,
  examples: [
    { line: "gantry project runs/x photo.png", does: "the latent of an image" },
    { line: "gantry project runs/x a.png b.png --class 3 --steps 1000", does: "of two, with a conditional generator" },
    { line: "gantry project runs/x photo.png --feature-weight 0", does: "by the pixels alone" },
  ],
  async run({ args: flags, rawArgs }) {
    const [, ...files] = positionalsOf(rawArgs, args);
    const steps = wholeNumber("--steps", flags.steps, 1)!;
    const seed = wholeNumber("--seed", flags.seed, 0)!;
    const threads = wholeNumber("--threads", flags.threads, 1);
    const weight = weightOf(flags.featureWeight);
    const missing = files.find((file) => !existsSync(file));
    if (missing !== undefined) throw new UserError(`${missing} does not exist`);
    const { configureEngine } = await import("../tensor/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const { isImported, openCheckpoint, RunDirectory } = await import("../training/index.ts");
    const { classIndex, conditionValues, outOfRange } = await import("./sample/flags.ts");
    const { writeProjections } = await import("./project/write.ts");
    const description = new RunDirectory(flags.run).description();
    const { data } = description;
    const only = flags.class === undefined ? undefined : classIndex(flags.class, data?.classes ?? []);
    const known = data?.conditions?.map(({ name }) => name) ?? [];
    const condition = flags.condition === undefined ? undefined : conditionValues(flags.condition, known);
    const out = flags.out ?? freshFolder(flags.run);
    const status = new StatusLine(process.stderr);
    const show = throttled((text: string) => status.update(text));
    const remaining = new Remaining();
    remaining.update(0, 1, performance.now() / 1000);
    const interrupt = watchInterrupts(() => status.print("Stopping; nothing is written."));
    const onProgress = (done: number, total: number): void => {
      const left = clock(remaining.update(done, total, performance.now() / 1000));
      show(`searching: step ${done} of ${total}, ${left} left`);
    };
    const { trained, step } = await openCheckpoint(flags.run, flags.checkpoint);
    for (const note of outOfRange(condition ?? {}, data?.conditions ?? [])) status.print(`note: ${visible(note)}`);
    try {
      if (only === undefined && trained.generator.takesLabels !== "none" && trained.shape.classes.length > 0) {
        const classes = trained.shape.classes.slice(0, 20).map(visible).join(", ");
        throw new UsageError(`the generator of ${flags.run} draws images of a class: give --class, such as ${classes}`);
      }
      const result = await writeProjections(trained, {
        files,
        names: outputNames(files),
        out,
        title: { run: flags.run, step },
        steps,
        seed,
        // The discriminator of an imported run may have new weights.
        featureWeight: weight ?? (isImported(description) ? 0 : undefined),
        averaged: flags.averaged ?? true,
        classIndex: only,
        condition,
        note: (message) => status.print(`note: ${message}`),
        onProgress,
        stop: interrupt.signal,
      });
      status.end();
      if (flags.json) process.stdout.write(`${JSON.stringify({ out, ...result })}\n`);
      else {
        const lines = result.images.map(
          ({ file, distance, meanDifference }) =>
            `${file}: distance ${distance.toPrecision(4)}; a value differs by ${meanDifference.toPrecision(3)} of 255 in the mean`,
        );
        const text = [...lines, `distance: ${result.definition}`, `latents, images and stages: ${out}`];
        process.stdout.write(`${text.map(visible).join("\n")}\n`);
      }
      return exitCodes.success;
    } catch (error) {
      if (interrupt.signal.aborted && error === interrupt.signal.reason) return interrupt.exitCode();
      throw error;
    } finally {
      status.end();
      interrupt.dispose();
      trained.dispose();
    }
  },
});
