/** `gantry sample`: draws new images with a trained generator, as a grid or a sheet in one PNG file. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { visible } from "../base/visible.ts";
import { defineCommand } from "./command.ts";
import { fileNamed, flag, positiveNumber, wholeNumber } from "./flags.ts";
import { StatusLine } from "./progress.ts";
import { classIndex, conditionValues, sheetFlags, subjectOf } from "./sample/flags.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  out: flag("FILE", "the PNG file to write; default: a new one in the run folder"),
  count: flag("N", "how many images; default: 64, with --neighbours 8"),
  columns: flag("N", "images in a row; default: as square as possible; sheets: 10"),
  seed: flag("N", "the same seed draws the same images", "0"),
  class: flag("NAME", "only this class, by its name, or by its place as '#0'; default: all in turn"),
  condition: flag("A=1,B=0", "values of conditions, where the data have these; default: those of real images, drawn"),
  truncation: flag(
    "T",
    "draw again the latent values beyond T standard deviations, such as 1.5: fewer bad samples, less variety",
  ),
  ...sheetFlags,
  averaged: {
    type: "boolean",
    negativeDescription: "the weights of the last step",
    description: "the averaged weights, if the run keeps them (the default), or those of the last step",
  },
  checkpoint: flag("WHICH", "last, best (by the score of the recipe's `evaluate`), or the number of a step", "last"),
  threads: flag("N", "CPU threads; default: all cores"),
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** A new file name in the run folder. */
function freshFile(directory: string, seed: number): string {
  for (let number = 1; ; number++) {
    const candidate = join(directory, `sample-seed${seed}${number === 1 ? "" : `-${number}`}.png`);
    if (!existsSync(candidate)) return candidate;
  }
}

/** The command, for the shell to mount. */
export const sample = defineCommand({
  meta: {
    name: "sample",
    description: "Draws new images with a trained generator and writes them as one PNG: a grid, or a sheet of rows.",
  },
  args,
  examples: [
    { line: "gantry sample runs/x", does: "64 images" },
    {
      line: "gantry sample runs/x --count 100 --columns 10 --seed 7 --out digits.png",
      does: "100 images from another seed",
    },
    {
      line: "gantry sample runs/x --truncation 1.2 --checkpoint 1500",
      does: "truncated samples of an earlier checkpoint",
    },
    { line: "gantry sample runs/x --interpolate spherical --class 3", does: "from one sample to another" },
    { line: "gantry sample runs/x --interpolate fixed --classes 3,8", does: "from one class to another" },
    {
      line: "gantry sample runs/x --condition smiling=1,male=0",
      does: "samples with these attributes, where the data have them",
    },
    {
      line: "gantry sample runs/x --sheet truncation",
      does: "the same samples with smaller and smaller thresholds",
    },
    {
      line: "gantry sample runs/x --neighbours 5",
      does: "the nearest training images, to see whether samples are copies",
    },
  ],
  async run({ args: flags }) {
    const subject = subjectOf(flags);
    const count = wholeNumber("--count", flags.count, 1) ?? (subject === "neighbours" ? 8 : 64);
    const columns = wholeNumber("--columns", flags.columns, 1);
    const seed = wholeNumber("--seed", flags.seed, 0)!;
    const threads = wholeNumber("--threads", flags.threads, 1);
    const truncation = positiveNumber("--truncation", flags.truncation);
    const neighbours = wholeNumber("--neighbours", flags.neighbours, 1);
    const { configureEngine } = await import("../tensor/index.ts");
    const { gridSize } = await import("../formats/index.ts");
    const { requireRowsFit } = await import("../figures/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const { RunDirectory, sampleRun, writeRunImage } = await import("../training/index.ts");
    const description = new RunDirectory(flags.run).description();
    const { data } = description;
    const only = flags.class === undefined ? undefined : classIndex(flags.class, data?.classes ?? []);
    const known = data?.conditions?.map(({ name }) => name) ?? [];
    const condition = flags.condition === undefined ? undefined : conditionValues(flags.condition, known);
    const drawn = only === undefined ? undefined : data!.classes[only]!;
    const settings = Object.entries(condition ?? {}).map(([name, value]) => `${name}=${value}`);
    const withValues = settings.length === 0 ? "" : ` with ${visible(settings.join(", "))}`;
    const ofClass = drawn === undefined ? withValues : ` of class ${visible(drawn)}`;
    const vectors = data && "features" in data.sample;
    if (vectors && subject !== "grid") throw new UserError(`${flags.run} makes vectors, and a sheet shows images`);
    const file = flags.out === undefined ? freshFile(flags.run, seed) : fileNamed("--out", flags.out, ".png");
    const finish = ({ count, ...rest }: { count: number; width: number; height: number }, text: string): void => {
      const chosen = {
        ...(drawn === undefined ? {} : { class: drawn }),
        ...(condition === undefined ? {} : { condition }),
      };
      const line = flags.json ? JSON.stringify({ file, count, seed, ...chosen, ...rest }) : text;
      process.stdout.write(`${line}\n`);
    };
    if (subject !== "grid" && subject !== "neighbours") {
      const { writeSheet } = await import("./sample/sheet.ts");
      const averaged = flags.averaged ?? true;
      const sheet = { ...flags, averaged, seed, truncation, columns, classIndex: only, condition };
      const written = await writeSheet(subject, sheet, file);
      finish(written, `${written.count} images${ofClass}: ${file}`);
      return;
    }
    if (data && "size" in data.sample) {
      const side = data.sample.size;
      if (neighbours !== undefined) requireRowsFit({ rows: count, columns: 1 + neighbours, side, captions: true });
      else gridSize({ count, width: side, height: side }, columns === undefined ? {} : { columns });
    }
    const images = await sampleRun(flags.run, {
      count,
      seed,
      truncation,
      classIndex: only,
      condition,
      averaged: flags.averaged,
      checkpoint: flags.checkpoint,
    });
    if (neighbours === undefined) {
      const size = await writeRunImage(description, file, images, columns === undefined ? {} : { columns });
      finish({ count, ...size }, `${count} ${vectors ? "samples" : "images"}${ofClass}: ${file}`);
      return;
    }
    const { writeNeighbours } = await import("./sample/sheet.ts");
    const status = new StatusLine(process.stderr);
    const written = await writeNeighbours(flags.run, images, neighbours, file, ({ name, done, total }) =>
      status.update(`preparing ${name}: ${done} of ${total} images`),
    );
    status.end();
    const nearest = Math.min(...written.neighbours.map(([first]) => first!.distance));
    finish(
      written,
      `${count} images${ofClass} and ${neighbours} neighbours of each, the nearest at ${nearest.toPrecision(3)}: ${file}`,
    );
  },
});
