/**
 * A set of questions about a run's images, for people who do not know which are real:
 *
 *     index.html     the page, which works by itself
 *     images/        the images, named by question
 *     key.json       which are real: not for those who answer
 *     answers/       the files that the page gives, one for each person; put there by hand
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { DataDescriptor, Dataset } from "../../data/index.ts";
import {
  encodePng,
  makeFolder,
  type PixelBatch,
  quantise,
  readJsonFile,
  tile,
  writeFileAtomic,
} from "../../formats/index.ts";
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import {
  drawSamples,
  openCheckpoint,
  type RatedTest,
  RunDirectory,
  ratedTest,
  storedTrainer,
} from "../../training/index.ts";
import { questionPage } from "./question-page.ts";

/** What a set is made of. */
export interface QuestionOptions {
  /** One image at a time, or a real and a generated one next to each other. */
  readonly mode: "single" | "pairs";
  /** Images of each kind, or pairs. */
  readonly count: number;
  readonly seed: number;
  /** "last", "best" or a step. */
  readonly checkpoint: string;
  /** Side of an image on the screen. */
  readonly shown: number;
}

const keySchema = z.strictObject({
  format: z.literal(1),
  set: z.string(),
  run: z.string(),
  mode: z.enum(["single", "pairs"]),
  count: z.int(),
  seed: z.int(),
  step: z.int(),
  shown: z.int(),
  /** For each question: of `single` whether the image is real, of `pairs` whether the left one is. */
  truth: z.array(z.boolean()),
});

/** The contents of `key.json`. */
export type QuestionKey = z.output<typeof keySchema>;

const answersSchema = z.strictObject({
  format: z.literal(1),
  set: z.string(),
  person: z.string().min(1).max(100),
  time: z.iso.datetime(),
  answers: z.array(z.boolean().nullable()),
});

/** One image of a batch. */
function imageAt(batch: PixelBatch, i: number): PixelBatch {
  const size = batch.channels * batch.height * batch.width;
  return { ...batch, pixels: batch.pixels.subarray(i * size, (i + 1) * size), count: 1 };
}

/** Images of a run's data, drawn without replacement. */
async function realImages(run: string, count: number, random: Generator): Promise<PixelBatch> {
  const { settings } = await storedTrainer(new RunDirectory(run));
  const data = await (settings.data as DataDescriptor).build({});
  if (!("images" in data)) throw new UserError(`${run} is trained on vectors; people are asked about images`);
  const { images } = data as Dataset;
  try {
    const [total, channels, height, width] = images.shape as [number, number, number, number];
    if (count > total) throw new UserError(`count (=${count}) is more than the ${total} images of the run's data`);
    const places = scope(() => Array.from(Tensor.randperm(total, { generator: random }).toArray(), Number));
    const rows = places
      .slice(0, count)
      .map((place) => scope(() => Buffer.from(images.narrow(0, place, 1).toArray() as Uint8Array)));
    return { pixels: new Uint8Array(Buffer.concat(rows)), count, channels, height, width };
  } finally {
    images.dispose();
    data.labels.dispose();
  }
}

/**
 * Makes the set of a run in a folder, or finds the one that is there.
 *
 * @returns its folder and its key
 * @throws UserError when the run has no such checkpoint, or makes no images
 */
export async function questionSet(
  run: string,
  folder: string,
  options: QuestionOptions,
): Promise<{ readonly path: string; readonly key: QuestionKey; readonly made: boolean }> {
  const { mode, count, seed, shown } = options;
  const { trained, step } = await openCheckpoint(run, options.checkpoint);
  try {
    const about = { run: basename(resolve(run)), mode, count, seed, step, shown };
    const set = createHash("sha256").update(JSON.stringify(about)).digest("hex").slice(0, 12);
    const path = join(folder, `${about.run}-step-${step}-${mode}-${count}-seed-${seed}`);
    if (existsSync(join(path, "key.json"))) {
      const key = readKey(path);
      if (key.set !== set)
        throw new UserError(
          `${path} holds another set of questions (shown at ${key.shown} pixels); give another --out`,
        );
      return { path, key, made: false };
    }
    if (!("size" in trained.shape.sample)) throw new UserError(`${run} makes vectors; people are asked about images`);
    const random = new Generator(seedOf(seed, "realism.real"));
    const real = await realImages(run, count, random);
    const fake = scope(() => quantise(drawSamples(trained, { count, random: new Generator(seed), averaged: true })));
    // Of `single` the images in a random order; of `pairs` the sides are random.
    const order = scope(() => Array.from(Tensor.randperm(2 * count, { generator: random }).toArray(), Number));
    const truth = mode === "single" ? order.map((image) => image < count) : order.slice(0, count).map((i) => i < count);
    const at = (image: number) => (image < count ? imageAt(real, image) : imageAt(fake, image - count));
    const pictures =
      mode === "single"
        ? order.map((image) => [at(image)])
        : truth.map((left, i) => (left ? [imageAt(real, i), imageAt(fake, i)] : [imageAt(fake, i), imageAt(real, i)]));
    makeFolder(join(path, "images"));
    makeFolder(join(path, "answers"));
    const questions: string[][] = [];
    for (const [i, images] of pictures.entries()) {
      const number = String(i + 1).padStart(3, "0");
      const names = images.map(
        (_, side) => `images/${number}${images.length === 1 ? "" : ["-left", "-right"][side]}.png`,
      );
      for (const [side, image] of images.entries())
        writeFileAtomic(join(path, names[side]!), [await encodePng(tile(image, { padding: 0 }))]);
      questions.push(names);
    }
    const title = `Real or generated? ${about.run}, step ${step.toLocaleString("en")}`;
    writeFileAtomic(join(path, "index.html"), [questionPage({ title, set, questions, shown })]);
    const key: QuestionKey = { format: 1, set, ...about, truth };
    writeFileAtomic(join(path, "key.json"), [`${JSON.stringify(key)}\n`]);
    return { path, key, made: true };
  } finally {
    trained.dispose();
  }
}

const readKey = (path: string): QuestionKey => readJsonFile(join(path, "key.json"), keySchema);

/** The tests of the files in `answers/`, with who answered. */
export function readAnswers(path: string, key: QuestionKey): { readonly person: string; readonly test: RatedTest }[] {
  const folder = join(path, "answers");
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .sort()
    : [];
  return files.map((name) => {
    const file = join(folder, name);
    const { set, person, time, answers } = readJsonFile(file, answersSchema);
    if (set !== key.set)
      throw new UserError(`${file} has the answers of another set of questions (${set}, not ${key.set})`);
    if (answers.length !== key.truth.length)
      throw new UserError(`${file} has ${answers.length} answers to ${key.truth.length} questions`);
    const { mode, count, seed, step, shown } = key;
    const protocol = {
      mode,
      count,
      seed,
      step,
      shown,
      averaged: true,
      truncation: null,
      seconds: null,
      runs: 1,
      firstReal: 0,
    };
    return { person, test: ratedTest({ time, protocol, truth: key.truth, answers }) };
  });
}
