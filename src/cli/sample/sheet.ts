/** Sheets of a run as PNG files: interpolations, classes, thresholds, and samples next to their nearest real images. */
import { sidesOf } from "../../base/image-size.ts";
import type { DataContext, DataDescriptor } from "../../data/index.ts";
import { type ImageRow, imageRows, requireRowsFit, writePng } from "../../figures/index.ts";
import { imagesOf, joinImages, type PixelBatch, quantise } from "../../formats/index.ts";
import { Generator, type Tensor } from "../../tensor/index.ts";
import {
  changedData,
  classSheet,
  conditionSheet,
  INTERPOLATIONS,
  type Interpolation,
  interpolationSheet,
  MOST_CONDITIONS,
  type NearImage,
  nearestImages,
  openCheckpoint,
  RunDirectory,
  type Sheet,
  storedTrainer,
  truncationSheet,
} from "../../training/index.ts";
import { UsageError } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { listedNames } from "../listed-names.ts";
import { THRESHOLDS, thresholdsOf } from "../thresholds.ts";
import { classIndices, conditionNamed, type Subject } from "./flags.ts";

/** A written image file. */
export interface Written {
  /** Images that were drawn by the generator. */
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/** The values of the flags; texts are not parsed yet. */
export interface SheetFlags {
  readonly run: string;
  readonly checkpoint: string;
  readonly averaged: boolean;
  readonly seed: number;
  readonly classIndex: number | undefined;
  readonly condition: Readonly<Record<string, number>> | undefined;
  readonly truncation: number | undefined;
  readonly columns: number | undefined;
  readonly scale?: number | undefined;
  readonly interpolate?: string | undefined;
  readonly rows?: string | undefined;
  readonly steps?: string | undefined;
  readonly classes?: string | undefined;
  readonly conditions?: string | undefined;
  readonly thresholds?: string | undefined;
}

const COLUMNS = 10;
/** The most classes of a sheet whose classes are not named. */
const MOST_CLASSES = 20;

/**
 * Draws a sheet and writes it.
 * @throws UsageError and UserError where flags do not fit the run.
 */
export async function writeSheet(subject: Subject, flags: SheetFlags, file: string): Promise<Written> {
  const draw = readSheetFlags(subject, flags);
  const { trained } = await openCheckpoint(flags.run, flags.checkpoint);
  let sheet: Sheet | undefined;
  try {
    sheet = draw(trained);
    const bytes = quantise(sheet.images);
    const { columns, titles } = sheet;
    const rows = titles.map((title, i): ImageRow => ({ images: imagesOf(bytes, i * columns, columns), title }));
    return { count: bytes.count, ...(await writePng(file, await imageRows(rows, flags))) };
  } finally {
    sheet?.images.dispose();
    trained.dispose();
  }
}

type Trained = Awaited<ReturnType<typeof openCheckpoint>>["trained"];

function readSheetFlags(subject: Subject, flags: SheetFlags): (gan: Trained) => Sheet {
  const { seed, averaged, classIndex, condition, truncation, columns = COLUMNS, scale } = flags;
  const random = new Generator(seed);
  if (subject === "truncation") {
    const thresholds = thresholdsOf("--thresholds", flags.thresholds ?? THRESHOLDS);
    return (gan) => {
      requireFit(gan, thresholds.length, columns, scale);
      return truncationSheet(gan, { random, averaged, thresholds, columns, classIndex, condition });
    };
  }
  if (subject === "conditions") {
    return (gan) => {
      const known = gan.shape.conditions?.columns.map(({ name }) => name) ?? [];
      if (known.length === 0) throw new UsageError("--sheet conditions: the data of this run has no conditions");
      const conditions =
        flags.conditions === undefined
          ? undefined
          : listedNames(flags.conditions).map((name) => conditionNamed(name, known));
      requireFit(gan, 2 * (conditions ?? known.slice(0, MOST_CONDITIONS)).length, columns, scale);
      return conditionSheet(gan, { random, averaged, conditions, columns, truncation, condition });
    };
  }
  const named = (gan: Trained): number[] | undefined =>
    flags.classes === undefined ? undefined : classIndices(flags.classes, gan.shape.classes);
  if (subject === "classes") {
    return (gan) => {
      const classes = named(gan) ?? gan.shape.classes.slice(0, MOST_CLASSES).map((_, label) => label);
      if (classes.length === 0) throw new UsageError("--sheet classes: the data of this run has no classes");
      requireFit(gan, classes.length, columns, scale);
      return classSheet(gan, { random, averaged, classes, columns, truncation });
    };
  }
  const kind = interpolationOf(flags.interpolate);
  const rows = wholeNumber("--rows", flags.rows, 1) ?? 8;
  const steps = wholeNumber("--steps", flags.steps, 2) ?? 9;
  if (kind === "fixed" && flags.classes === undefined) {
    throw new UsageError("--interpolate fixed needs --classes A,B: all images of a row would be the same");
  }
  return (gan) => {
    const ends = named(gan);
    if (ends !== undefined && ends.length !== 2) {
      throw new UsageError(`--classes (=${flags.classes}) must be two for --interpolate: from which to which`);
    }
    const between = ends && ([ends[0]!, ends[1]!] as const);
    requireFit(gan, rows, steps, scale);
    return interpolationSheet(gan, { random, averaged, kind, rows, steps, truncation, classIndex, between, condition });
  };
}

/** @throws UsageError when it is no kind of interpolation. */
export function interpolationOf(text: string | undefined): Interpolation {
  const kind = INTERPOLATIONS.find((way) => way === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`--interpolate (=${text}) must be one of ${INTERPOLATIONS.join(", ")}`);
}

/** @throws UserError before anything is drawn, when the sheet would be too large for a picture. */
function requireFit({ shape: { sample } }: Trained, rows: number, columns: number, scale?: number): void {
  if ("size" in sample) requireRowsFit({ rows, columns, ...sidesOf(sample.size), scale });
}

/** The nearest images of each sample, in the samples' order. */
export type Neighbours = readonly (readonly NearImage[])[];

/**
 * Writes samples of a run, each with the nearest images of its data next to it. `changed` says in words that these are not
 * those that it was trained on.
 *
 * @throws UserError when the data is not there or holds no images, and the reason of `stop` when that is raised.
 */
export async function writeNeighbours(
  run: string,
  samples: Tensor,
  k: number,
  file: string,
  { scale, ...preparing }: Pick<DataContext, "onProgress" | "stop"> & { readonly scale?: number | undefined } = {},
): Promise<Written & { readonly neighbours: Neighbours; readonly changed: string | undefined }> {
  const directory = new RunDirectory(run);
  const { settings } = await storedTrainer(directory);
  const data = settings.data as DataDescriptor;
  const dataset = await data.build(preparing);
  const changed = changedData(run, directory.description().data, dataset);
  const drawn = quantise(samples);
  const neighbours = nearestImages(drawn, dataset, k);
  const real = (index: number): PixelBatch => quantisedRow(dataset.images, index);
  const rows = neighbours.map((near, i): ImageRow => {
    const images = joinImages([imagesOf(drawn, i, 1), ...near.map(({ index }) => real(index))]);
    return { images, captions: ["sample", ...near.map(({ distance }) => distance.toPrecision(3))] };
  });
  return { count: drawn.count, neighbours, changed, ...(await writePng(file, await imageRows(rows, { scale }))) };
}

function quantisedRow(images: Tensor, index: number): PixelBatch {
  const [, channels, height, width] = images.shape as [number, number, number, number];
  const row = images.narrow(0, index, 1);
  const pixels = row.toArray() as Uint8Array;
  row.dispose();
  return { pixels, count: 1, channels, height, width };
}
