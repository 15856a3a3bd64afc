/** Images for the page: grids, paths between samples, neighbours in the data, and pairs for the blind test. */
import { UserError } from "../../base/errors.ts";
import type { DataDescriptor, Dataset } from "../../data/index.ts";
import { encodePng, type PixelBatch, quantise, tile } from "../../formats/index.ts";
import { Generator, scope, Tensor } from "../../tensor/index.ts";
import {
  changedData,
  conditionsFor,
  drawSamples,
  interpolate,
  nearestImages,
  newLatents,
  RunDirectory,
  storedTrainer,
} from "../../training/index.ts";
import type { Opened } from "./checkpoints.ts";
import type { DrawnImages, Task } from "./messages.ts";

type TaskOf<Name extends Task["task"]> = Extract<Task, { readonly task: Name }>;

/** Samples of a grid are drawn with the latents of the largest grid, so that a sample does not depend on the count. */
const GRID = 100;

/** A grid of samples. */
export function drawGrid(opened: Opened, task: TaskOf<"grid">): Promise<DrawnImages> {
  const batch = scope(() => {
    const { trained } = opened;
    const latents = latentsOf(opened, task, task.seed).narrow(0, 0, task.count);
    return drawn(trained, latents, task, (i) => i);
  });
  return asImages(batch, Math.ceil(Math.sqrt(task.count)), opened.step, labelsOf(opened, task, batch.count));
}

/** The images on the way from stop to stop. All have the class of the task, or that of the first stop. */
export function drawPath(opened: Opened, task: TaskOf<"path">): Promise<DrawnImages> {
  if (task.kind === "spherical" && opened.trained.recipe.latentDistribution !== "normal") {
    throw new UserError("the latents of this run are uniform on a cube, whose arcs leave it: take straight lines");
  }
  const batch = scope(() => {
    const stops = task.stops.map(({ seed, index }) => latentsOf(opened, task, seed).narrow(0, index, 1));
    const ways = stops.slice(1).map((to, i) => interpolate(stops[i]!, to, task.steps, task.kind));
    return drawn(opened.trained, Tensor.cat(ways), task, () => task.stops[0]!.index);
  });
  return asImages(batch, task.steps, opened.step);
}

/** A sample and the images of the data nearest to it. */
export async function drawNeighbours(opened: Opened, task: TaskOf<"neighbours">): Promise<DrawnImages> {
  const { seed, index } = task.sample;
  const sample = scope(() => {
    const latents = latentsOf(opened, task, seed).narrow(0, index, 1);
    return drawn(opened.trained, latents, task, () => index);
  });
  const { dataset, changed } = await datasetOf(opened);
  const [near] = nearestImages(sample, dataset, task.count);
  const images = near!.map(({ index: place }) => realImages(dataset, [place]));
  const all = joined([sample, ...images]);
  return {
    ...(await asImages(all, all.count, opened.step)),
    distances: near!.map(({ distance }) => distance),
    labels: near!.map(({ label }) => label),
    note: changed && `${changed}: the nearest are of the images that are there now`,
  };
}

/** Generated and real images in the order of a blind test: numbers below `count` are generated ones, the others real. */
export async function drawTest(opened: Opened, task: TaskOf<"test">): Promise<DrawnImages> {
  const { dataset, changed } = await datasetOf(opened);
  if (changed !== undefined) throw new UserError(`${changed}: a test would show other images than those`);
  const needed = task.firstReal + task.count;
  if (dataset.count < needed) {
    throw new UserError(`the data of this run has ${dataset.count} images, and this test needs ${needed}`);
  }
  const random = new Generator(task.seed);
  const generated = scope(() =>
    drawn(opened.trained, latentsOf(opened, task, task.seed).narrow(0, 0, task.count), task, (i) => i),
  );
  const places = scope(() =>
    Array.from(
      Tensor.randperm(dataset.count, { generator: random }).narrow(0, task.firstReal, task.count).toArray(),
      Number,
    ),
  );
  const all = joined([generated, realImages(dataset, places)]);
  const size = all.channels * all.height * all.width;
  const pixels = new Uint8Array(
    Buffer.concat(task.order.map((image) => all.pixels.subarray(image * size, (image + 1) * size))),
  );
  return asImages({ ...all, pixels }, 10, opened.step);
}

/** The latents of the grid of a seed. */
function latentsOf({ trained }: Opened, { truncation }: Pick<Task, "truncation">, seed: number): Tensor {
  return newLatents(trained, GRID, new Generator(seed), truncation ?? undefined);
}

/** Bytes of the samples of latents; sample i has the class of the task, or class number `turn(i)`, counted in turn. */
function drawn(
  trained: Opened["trained"],
  latents: Tensor,
  task: Pick<Task, "averaged" | "classIndex">,
  turn: (i: number) => number,
): PixelBatch {
  const classes = trained.shape.classes.length;
  const count = latents.shape[0]!;
  if (!("size" in trained.shape.sample)) throw new UserError("this run makes vectors, not images");
  if (task.classIndex !== null && task.classIndex >= classes) {
    throw new UserError(`class ${task.classIndex}: this run has ${classes} classes`);
  }
  const rows = Array.from({ length: count }, (_, i) => turn(i));
  const labels = labelsAt(trained, rows, task.classIndex);
  const inputs = { latents, labels: labels?.to({ device: trained.recipe.device }) };
  return quantise(drawSamples(trained, { count, random: new Generator(0), averaged: task.averaged, inputs }));
}

/** What the generator is given besides latents: classes in turn or one of them, or the conditions of real samples. */
function labelsAt(
  { shape }: Opened["trained"],
  rows: readonly number[],
  classIndex: number | null,
): Tensor | undefined {
  const classes = shape.classes.length;
  if (shape.conditions !== undefined) {
    const drawn = conditionsFor(shape.conditions, GRID, new Generator(0));
    return Tensor.cat(rows.map((row) => drawn.narrow(0, row, 1)));
  }
  if (classes === 0) return undefined;
  return Tensor.fromArray(BigInt64Array.from(rows, (row) => BigInt(classIndex ?? row % classes)));
}

/** The class of each sample of a grid, where the generator looks at classes. */
function labelsOf({ trained }: Opened, { classIndex }: Pick<Task, "classIndex">, count: number): number[] | undefined {
  const classes = trained.shape.classes.length;
  if (classes === 0 || trained.generator.takesLabels === "none") return undefined;
  return Array.from({ length: count }, (_, i) => classIndex ?? i % classes);
}

async function asImages(
  batch: PixelBatch,
  columns: number,
  step: number,
  labels?: readonly number[],
): Promise<DrawnImages> {
  const png = await encodePng(tile(batch, { columns, padding: 0 }));
  return { png, count: batch.count, columns, side: batch.width, height: batch.height, step, labels };
}

/** The data of a run, prepared if that has not been done, and in words that they are others than those of its training. */
async function datasetOf({ path }: Opened): Promise<{ dataset: Dataset; changed: string | undefined }> {
  const directory = new RunDirectory(path);
  const { settings } = await storedTrainer(directory);
  const data = await (settings.data as DataDescriptor).build({});
  if (!("images" in data)) throw new UserError("this run is trained on vectors, not on images");
  return { dataset: data, changed: changedData("this run", directory.description().data, data) };
}

/** Images of a dataset by their numbers. */
function realImages(dataset: Dataset, places: readonly number[]): PixelBatch {
  const [, channels, height, width] = dataset.images.shape as [number, number, number, number];
  const rows = places.map((place) =>
    scope(() => new Uint8Array(dataset.images.narrow(0, place, 1).toArray() as Uint8Array)),
  );
  return { pixels: new Uint8Array(Buffer.concat(rows)), count: places.length, channels, height, width };
}

function joined(batches: readonly PixelBatch[]): PixelBatch {
  const pixels = new Uint8Array(Buffer.concat(batches.map((batch) => batch.pixels)));
  return { ...batches[0]!, pixels, count: batches.reduce((sum, { count }) => sum + count, 0) };
}
