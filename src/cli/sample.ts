/** `gantry sample`: a grid of new images from a trained generator, as one PNG file. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PlainDescriptor } from "../base/descriptor.ts";
import { nearest, UserError } from "../base/errors.ts";
import type { PlainRecipe } from "../recipe/plain.ts";
import { defineCommand } from "./command.ts";
import { positiveNumber, wholeNumber } from "./flags.ts";

const args = {
  run: { type: "positional", required: true, description: "the run directory, such as runs/mnist-20250131-174503" },
  out: {
    type: "string",
    valueHint: "FILE",
    description: "the PNG file to write; default: a new one in the run directory",
  },
  count: { type: "string", valueHint: "N", default: "64", description: "how many images" },
  columns: { type: "string", valueHint: "N", description: "images in a row; default: the side of the smallest square" },
  seed: { type: "string", valueHint: "N", default: "0", description: "the same seed draws the same images" },
  class: { type: "string", valueHint: "NAME", description: "only this class, by name or number; default: all in turn" },
  truncation: {
    type: "string",
    valueHint: "T",
    description: "draw latents beyond T standard deviations again: fewer freaks, less variety; such as 1.5",
  },
  averaged: {
    type: "boolean",
    negativeDescription: "the weights of the last step",
    description: "the averaged weights, if the run keeps them (the default), or those of the last step",
  },
  checkpoint: {
    type: "string",
    valueHint: "WHICH",
    default: "last",
    description: "last, best (by the score of the recipe's `evaluate`), or the number of a step",
  },
  threads: { type: "string", valueHint: "N", description: "CPU threads; default: all cores" },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** The number of a class that is given by name or number. Throws UserError when the run's data has no such class. */
export function classIndex(wanted: string, classes: readonly string[]): number {
  if (classes.length === 0) throw new UserError(`--class ${wanted}: the data of this run has no classes`);
  const byName = classes.findIndex((name) => name.toLowerCase() === wanted.toLowerCase());
  if (byName >= 0) return byName;
  if (/^\d+$/.test(wanted) && Number(wanted) < classes.length) return Number(wanted);
  const likely = nearest(wanted, classes);
  const list = `${classes.join(", ")}, or a number from 0 to ${classes.length - 1}`;
  throw new UserError(
    `--class (=${wanted}) is no class of this run${likely ? `; did you mean ${likely}?` : `; it has ${list}`}`,
  );
}

/** A generator that never saw labels would draw any class, whatever was asked for. */
function refuseUnconditional(recipe: PlainRecipe, wanted: string): void {
  const generator = recipe.generator as PlainDescriptor | undefined;
  if (generator?.options.conditional !== false) return;
  throw new UserError(
    `--class ${wanted}: the generator of this run was trained without classes; to have them, train with ` +
      "--set generator.conditional=true --set discriminator.conditional=true",
  );
}

/** A name in the run directory that is not taken. */
function freshFile(directory: string, seed: number): string {
  for (let number = 1; ; number++) {
    const candidate = join(directory, `sample-seed${seed}${number === 1 ? "" : `-${number}`}.png`);
    if (!existsSync(candidate)) return candidate;
  }
}

/** The command, for the shell to mount. */
export const sample = defineCommand({
  meta: { name: "sample", description: "Draws new images with a trained generator and writes them as one PNG grid." },
  args,
  examples: [
    { line: "gantry sample runs/x", does: "64 images" },
    {
      line: "gantry sample runs/x --count 100 --columns 10 --seed 7 --out digits.png",
      does: "others, and more of them",
    },
    { line: "gantry sample runs/x --truncation 1.2 --checkpoint 1500", does: "safer ones, from an earlier step" },
  ],
  async run({ args: flags }) {
    const count = wholeNumber("--count", flags.count, 1)!;
    const columns = wholeNumber("--columns", flags.columns, 1);
    const seed = wholeNumber("--seed", flags.seed, 0)!;
    const threads = wholeNumber("--threads", flags.threads, 1);
    const truncation = positiveNumber("--truncation", flags.truncation);
    const { configureEngine } = await import("../tensor/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const { RunDirectory, sampleRun, writeRunPicture } = await import("../training/index.ts");
    const description = new RunDirectory(flags.run).description();
    const { data, recipe } = description;
    if (flags.class !== undefined) refuseUnconditional(recipe, flags.class);
    const images = await sampleRun(flags.run, {
      count,
      seed,
      truncation,
      classIndex: flags.class === undefined ? undefined : classIndex(flags.class, data?.classes ?? []),
      averaged: flags.averaged,
      checkpoint: flags.checkpoint,
    });
    const file = flags.out ?? freshFile(flags.run, seed);
    const { width, height } = await writeRunPicture(
      description,
      file,
      images,
      columns === undefined ? {} : { columns },
    );
    const result = { file, count, seed, width, height };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(result)}\n`
        : `${count} ${data && "features" in data.sample ? "samples" : "images"}: ${file}\n`,
    );
  },
});
