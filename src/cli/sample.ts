/** `gantry sample`: draws new images with a trained generator: a grid or a sheet, single files, an animation. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { sidesOf } from "../base/image-size.ts";
import { visible } from "../base/visible.ts";
import { defineCommand } from "./command.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { fileNamed, flag, givenFlags, positiveNumber, wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { clock, Remaining, StatusLine, throttled } from "./progress.ts";
import { classIndex, conditionValues, outOfRange, sheetFlags, subjectOf } from "./sample/flags.ts";

const args = {
  run: { type: "positional", required: true, description: "the run folder, such as runs/mnist-20250131-174503" },
  out: flag("FILE", "the file to write (.png, or as --to says), or the folder; default: a new one in the run folder"),
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

/** A new name in the run folder. */
function freshFile(directory: string, seed: number, ending: string): string {
  for (let number = 1; ; number++) {
    const candidate = join(directory, `sample-seed${seed}${number === 1 ? "" : `-${number}`}${ending}`);
    if (!existsSync(candidate)) return candidate;
  }
}

const MOST_SCALE = 64;
/** More points than a picture can show. */
const MOST_POINTS = 1_000_000;

/** The command, for the shell to mount. */
export const sample = defineCommand({
  meta: {
    name: "sample",
    description:
      "Draws new images with a trained generator and writes them as one PNG (a grid, or a sheet of rows), as single files, or as an animation.",
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
    { line: "gantry sample runs/x --to npz --count 50000", does: "50,000 samples as arrays, for other tools" },
    { line: "gantry sample runs/x --to folder --count 100 --scale 4", does: "single PNG files, four times as large" },
    {
      line: "gantry sample runs/x --interpolate spherical --to gif --seeds 1,2,3",
      does: "from sample to sample, as an animation that is played without end",
    },
    {
      line: "gantry sample runs/x --neighbours 5",
      does: "the nearest training images, to see whether samples are copies",
    },
  ],
  async run({ args: flags, rawArgs }) {
    const subject = subjectOf(flags);
    const count = wholeNumber("--count", flags.count, 1) ?? (subject === "neighbours" ? 8 : 64);
    const columns = wholeNumber("--columns", flags.columns, 1);
    const seed = wholeNumber("--seed", flags.seed, 0)!;
    const scale = wholeNumber("--scale", flags.scale, 1);
    if (scale !== undefined && scale > MOST_SCALE)
      throw new UsageError(`--scale (=${scale}) must be at most ${MOST_SCALE}`);
    const threads = wholeNumber("--threads", flags.threads, 1);
    const truncation = positiveNumber("--truncation", flags.truncation);
    const neighbours = wholeNumber("--neighbours", flags.neighbours, 1);
    if (flags.seeds !== undefined && givenFlags(rawArgs, args).includes("seed")) {
      throw new UsageError("--seed and --seeds: give one of them");
    }
    const { configureEngine } = await import("../tensor/index.ts");
    const { gridSize, requireWritable } = await import("../formats/index.ts");
    const { requireRowsFit } = await import("../figures/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const { RunDirectory } = await import("../training/index.ts");
    const { data } = new RunDirectory(flags.run).description();
    const only = flags.class === undefined ? undefined : classIndex(flags.class, data?.classes ?? []);
    const known = data?.conditions?.map(({ name }) => name) ?? [];
    const condition = flags.condition === undefined ? undefined : conditionValues(flags.condition, known);
    for (const note of outOfRange(condition ?? {}, data?.conditions ?? [])) {
      process.stderr.write(`note: ${visible(note)}\n`);
    }
    const drawn = only === undefined ? undefined : data!.classes[only]!;
    const values = Object.entries(condition ?? {}).map(([name, value]) => `${name}=${value}`);
    const withValues = values.length === 0 ? "" : ` with ${visible(values.join(", "))}`;
    const ofClass = drawn === undefined ? withValues : ` of class ${visible(drawn)}`;
    const vectors = data !== undefined && "features" in data.sample;
    if (vectors && subject !== "grid" && subject !== "files") {
      throw new UserError(`${flags.run} makes vectors, and a sheet shows images`);
    }
    if (vectors && scale !== undefined) throw new UserError(`--scale enlarges images, and ${flags.run} makes vectors`);
    const ending = subject === "grid" || flags.to === undefined ? ".png" : flags.to === "folder" ? "" : `.${flags.to}`;
    const file =
      flags.out === undefined
        ? freshFile(flags.run, seed, ending)
        : ending === ""
          ? flags.out
          : fileNamed("--out", flags.out, ending as `.${string}`);
    const finish = (result: object, text: string): void => {
      const chosen = {
        ...(drawn === undefined ? {} : { class: drawn }),
        ...(condition === undefined ? {} : { condition }),
      };
      const line = flags.json ? JSON.stringify({ file, count, seed, ...chosen, ...result }) : text;
      process.stdout.write(`${line}\n`);
    };
    // What cannot be written is refused before anything is drawn. Single files see to it themselves.
    if (subject !== "files") requireWritable(file);
    const averaged = flags.averaged ?? true;
    if (subject === "interpolation" || subject === "classes" || subject === "conditions" || subject === "truncation") {
      const { writeSheet } = await import("./sample/sheet.ts");
      const sheet = { ...flags, averaged, seed, truncation, columns, scale, classIndex: only, condition };
      const written = await writeSheet(subject, sheet, file);
      finish(written, `${counted(written.count, "image")}${ofClass}: ${file}`);
      return;
    }
    if (data !== undefined && "size" in data.sample) {
      const { height, width } = sidesOf(data.sample.size);
      if (neighbours !== undefined) {
        requireRowsFit({ rows: count, columns: 1 + neighbours, height, width, captions: true, scale });
      } else if (subject === "grid") {
        const factor = scale ?? 1;
        gridSize({ count, width: width * factor, height: height * factor }, columns === undefined ? {} : { columns });
      }
    }
    if (vectors && subject === "grid" && count > MOST_POINTS) {
      throw new UserError(`--count ${count}: a picture shows at most ${MOST_POINTS} points; --to npz writes more`);
    }
    const { drawAll, writeAnimated, writeGrid, writeSingleFiles } = await import("./sample/files.ts");
    const settings = { ...flags, averaged, seed, count, truncation, columns, scale, classIndex: only, condition };
    const status = new StatusLine(process.stderr);
    const interrupt = watchInterrupts(() => status.print("Stopping; nothing is written."));
    const watching = {
      onProgress: progressOf(status),
      stop: interrupt.signal,
    };
    try {
      if (subject === "files") {
        await writeSingleFiles(settings, flags.to as "folder" | "npz" | "zip", file, watching);
        status.end();
        const seeds = count === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + count - 1}`;
        finish({ to: flags.to }, `${counted(count, vectors ? "sample" : "image")}${ofClass}, ${seeds}: ${file}`);
      } else if (subject === "animation") {
        const written = await writeAnimated(settings, flags.to as "gif" | "webp", file, watching);
        status.end();
        const through = `seed${written.seeds.length > 1 ? "s" : ""} ${written.seeds.join(", ")}`;
        const { length } = written.classes;
        const classes =
          length === 0 ? "" : ` of class${length > 1 ? "es" : ""} ${written.classes.map(visible).join(", ")}`;
        finish(written, `${counted(written.frames, "frame")} in ${written.seconds} s, ${through}${classes}: ${file}`);
      } else if (neighbours === undefined) {
        const written = await writeGrid(settings, file, watching);
        status.end();
        finish(written, `${counted(count, vectors ? "sample" : "image")}${ofClass}: ${file}`);
      } else {
        const images = await drawAll(settings, watching);
        const { writeNeighbours } = await import("./sample/sheet.ts");
        const show = throttled((text: string) => status.update(text));
        const written = await writeNeighbours(flags.run, images, neighbours, file, {
          scale,
          stop: interrupt.signal,
          onProgress: ({ name, done, total }) => show(`preparing ${name}: ${done} of ${counted(total, "image")}`),
        });
        status.end();
        if (written.changed !== undefined) {
          process.stderr.write(`note: ${visible(written.changed)}: the nearest are of the images that are there now\n`);
        }
        const nearest = Math.min(...written.neighbours.map(([first]) => first!.distance));
        finish(
          written,
          `${counted(count, "image")}${ofClass} and ${counted(neighbours, "neighbour")} of each, the nearest at ${nearest.toPrecision(3)}: ${file}`,
        );
      }
      return exitCodes.success;
    } catch (error) {
      if (interrupt.signal.aborted && error === interrupt.signal.reason) return interrupt.exitCode();
      throw error;
    } finally {
      status.end();
      interrupt.dispose();
    }
  },
});

/** Shows how many samples are drawn, with the time that is left; nothing where all are drawn at once. */
function progressOf(status: StatusLine): (done: number, total: number) => void {
  const remaining = new Remaining();
  const begun = performance.now() / 1000;
  let started = false;
  const show = throttled((text: string) => status.update(text));
  return (done, total) => {
    if (!started) remaining.update(0, total, begun);
    started = true;
    const left = clock(remaining.update(done, total, performance.now() / 1000));
    if (done < total) show(`drawn: ${done} of ${total}, ${left} left`);
  };
}
