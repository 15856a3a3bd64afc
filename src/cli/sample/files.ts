/** Samples of a run that are drawn group by group: a grid, single files, an animation. */
import {
  encodePng,
  enlarge,
  joinImages,
  type PixelBatch,
  quantise,
  tile,
  writeFileAtomic,
} from "../../formats/index.ts";
import { Generator, Tensor } from "../../tensor/index.ts";
import {
  drawInGroups,
  type FileForm,
  openCheckpoint,
  RunDirectory,
  type Watching,
  writePathAnimation,
  writeRunImage,
  writeSamples,
} from "../../training/index.ts";
import { UsageError } from "../errors.ts";
import { positiveNumber, wholeNumber } from "../flags.ts";
import { classIndices } from "./flags.ts";
import { interpolationOf, type Written } from "./sheet.ts";

/** The values of the flags. */
export interface DrawnFlags {
  readonly run: string;
  readonly checkpoint: string;
  readonly averaged: boolean;
  readonly seed: number;
  readonly count: number;
  readonly classIndex: number | undefined;
  readonly condition: Readonly<Record<string, number>> | undefined;
  readonly truncation: number | undefined;
  readonly scale: number | undefined;
}

type Trained = Awaited<ReturnType<typeof openCheckpoint>>["trained"];

async function withTrained<T>({ run, checkpoint }: DrawnFlags, body: (trained: Trained) => Promise<T>): Promise<T> {
  const { trained } = await openCheckpoint(run, checkpoint);
  try {
    return await body(trained);
  } finally {
    trained.dispose();
  }
}

/** Draws all samples of a grid or of a picture of neighbours, as `sampleRun` does. The caller disposes of them. */
export function drawAll(flags: DrawnFlags, watching: Watching): Promise<Tensor> {
  return withTrained(flags, async (trained) => {
    const groups: Tensor[] = [];
    try {
      for await (const { samples } of drawInGroups(
        trained,
        { ...flags, random: new Generator(flags.seed) },
        watching,
      )) {
        groups.push(samples.clone());
      }
      return Tensor.cat(groups);
    } finally {
      for (const group of groups) group.dispose();
    }
  });
}

/** Draws a grid of images, or a scatter plot of vectors, and writes it. */
export async function writeGrid(
  flags: DrawnFlags & { readonly columns: number | undefined },
  file: string,
  watching: Watching,
): Promise<Written> {
  const { run, count, columns, scale = 1 } = flags;
  const description = new RunDirectory(run).description();
  if (description.data !== undefined && "features" in description.data.sample) {
    const samples = await drawAll(flags, watching);
    const size = await writeRunImage(description, file, samples);
    samples.dispose();
    return { count, ...size };
  }
  return withTrained(flags, async (trained) => {
    const drawn: PixelBatch[] = [];
    for await (const { samples } of drawInGroups(trained, { ...flags, random: new Generator(flags.seed) }, watching)) {
      drawn.push(enlarge(quantise(samples), scale));
    }
    const grid = tile(joinImages(drawn), columns === undefined ? {} : { columns });
    writeFileAtomic(file, [await encodePng(grid)]);
    return { count, width: grid.width, height: grid.height };
  });
}

/** Draws single files. */
export function writeSingleFiles(flags: DrawnFlags, to: FileForm, path: string, watching: Watching): Promise<void> {
  return withTrained(flags, (trained) => writeSamples(trained, { ...flags, to, path }, watching));
}

/** The flags of an animation; texts are not parsed yet. */
export interface AnimationFlags extends DrawnFlags {
  readonly interpolate?: string | undefined;
  readonly seeds?: string | undefined;
  readonly classes?: string | undefined;
  readonly frames?: string | undefined;
  readonly duration?: string | undefined;
}

/** A written animation. */
export interface WrittenAnimation extends Written {
  readonly frames: number;
  readonly seconds: number;
  readonly seeds: readonly number[];
  /** The names of the classes that it goes through; none for a generator that takes no labels. */
  readonly classes: readonly string[];
}

/** Frames a second, if nothing is said. */
const PACE = 20;

/**
 * Draws a path between samples and writes it as an animation.
 * @throws UsageError and UserError where flags do not fit each other or the run.
 */
export async function writeAnimated(
  flags: AnimationFlags,
  format: "gif" | "webp",
  file: string,
  watching: Watching,
): Promise<WrittenAnimation> {
  const kind = interpolationOf(flags.interpolate);
  const frames = wholeNumber("--frames", flags.frames, 2) ?? 60;
  const seconds = positiveNumber("--duration", flags.duration) ?? frames / PACE;
  const given = flags.seeds?.split(",").map((seed) => wholeNumber("--seeds", seed.trim(), 0)!);
  if (given !== undefined && given.length < 2 && kind !== "fixed") {
    throw new UsageError(`--seeds (=${flags.seeds}) must be two or more: a path goes from one to another`);
  }
  if (kind === "fixed" && flags.classes === undefined) {
    throw new UsageError("--interpolate fixed needs --classes A,B: all frames would be the same");
  }
  if (kind === "fixed" && (given?.length ?? 1) > 1) {
    throw new UsageError(`--seeds (=${flags.seeds}) must be one for --interpolate fixed: only the class changes`);
  }
  return withTrained(flags, async (trained) => {
    const names = trained.shape.classes;
    const classes = flags.classes === undefined ? undefined : classIndices(flags.classes, names);
    if (classes !== undefined && classes.length < 2) {
      throw new UsageError(`--classes (=${flags.classes}) must be two or more: a path goes from one to another`);
    }
    const points = kind === "fixed" ? 1 : (classes?.length ?? 2);
    const seeds = given ?? Array.from({ length: points }, (_, i) => flags.seed + i);
    if (classes !== undefined && kind !== "fixed" && seeds.length !== classes.length) {
      throw new UsageError(`--seeds (=${flags.seeds}) and --classes (=${flags.classes}) must be as many`);
    }
    const path = { ...flags, kind, seeds, classes, frames, seconds, format };
    const written = await writePathAnimation(trained, file, path, watching);
    const blind = names.length === 0 || trained.generator.takesLabels === "none";
    const shown = blind ? [] : (classes ?? [flags.classIndex ?? 0]);
    return { ...written, count: frames, seeds, classes: shown.map((label) => names[label]!) };
  });
}
