/**
 * D's outputs of one step for the log, and a picture of the generated batch in D's order. docs/reference/run-format.md describes
 * both for readers.
 */
import { encodePng, quantise, tile } from "../../formats/index.ts";
import { noGradScope, Tensor } from "../../tensor/index.ts";
import type { GeneratedBatch, Outputs } from "../step/observation.ts";
import type { OutputsEvent } from "./run-log.ts";

/** Bins of the histograms. */
const BINS = 32;
/** Rows of a batch that are written, at most. */
const ROWS = 256;
/** Pixels of a picture without its margins, at most: larger images are reduced. */
const PIXELS = 2 ** 18;
/** Vectors of at most this length are written as points. */
const POINT_LENGTH = 4;
const PADDING = 1;
const DIGITS = 5;

/** What is written of a step. */
export interface WrittenOutputs extends Pick<OutputsEvent, "histogram" | "batch"> {
  /** The bytes of a PNG file; undefined for vectors. */
  readonly png: Promise<Buffer> | undefined;
}

/**
 * Reads D's outputs from the device. Nothing is awaited before that is done: the caller may free the tensors.
 *
 * @param file - Where the picture will be, relative to the run's folder.
 */
export function writtenOutputs({ real, fake, batch }: Outputs, file: string): WrittenOutputs {
  const size = batch.scores.shape[0]!;
  const ordered = order(numbersOf(batch.realness));
  const count = Math.min(size, ROWS);
  // Evenly spaced, so that the kept ones have their share.
  const rows = Array.from({ length: count }, (_, i) => ordered[Math.floor((i * size) / count)]!);
  const scores = numbersOf(batch.scores);
  const kept = batch.rows === null ? undefined : new Set(numbersOf(batch.rows));
  const pictured = picture(batch, rows);
  return {
    histogram: histogramOf(numbersOf(real), numbersOf(fake)),
    batch: {
      size,
      kept: kept?.size ?? size,
      ...(batch.selectedBy === undefined ? {} : { selectedBy: batch.selectedBy }),
      scores: rows.map((row) => short(scores[row]!)),
      isKept: rows.map((row) => (kept === undefined || kept.has(row) ? 1 : 0)),
      ...labelsOf(batch, rows),
      ...pointsOf(batch, rows),
      ...(pictured === undefined ? {} : { images: { file, ...pictured.layout } }),
    },
    png: pictured?.png,
  };
}

const numbersOf = (tensor: Tensor): number[] => Array.from(tensor.toArray(), Number);

/** A number as the log has it: five digits are enough to draw. JSON has no infinity, and no NaN: they become null. */
const short = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null);

/** Row numbers, the largest value first; equal ones by row, and those that are not numbers last. */
function order(realness: readonly number[]): number[] {
  const rank = (value: number): number => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
  const compare = (a: number, b: number): number => (a === b ? 0 : b > a ? 1 : -1);
  return [...realness.keys()].sort((a, b) => compare(rank(realness[a]!), rank(realness[b]!)) || a - b);
}

/** How many finite values lie in each of equal bins, which both histograms share. */
export function histogramOf(real: readonly number[], fake: readonly number[]): OutputsEvent["histogram"] {
  const finite = [...real, ...fake].filter(Number.isFinite);
  const from = finite.length === 0 ? 0 : Math.min(...finite);
  const to = finite.length === 0 ? 0 : Math.max(...finite);
  const width = (to - from) / BINS;
  const counts = (values: readonly number[]): number[] => {
    const found = new Array<number>(BINS).fill(0);
    for (const value of values.filter(Number.isFinite)) {
      // The last bin has both its ends. Where all values are equal, they are in the first.
      const bin = width > 0 ? Math.min(BINS - 1, Math.floor((value - from) / width)) : 0;
      found[bin]!++;
    }
    return found;
  };
  return { from, to, real: counts(real), fake: counts(fake) };
}

/** Classes as numbers, or conditions as networks get them: [row][number]. */
function labelsOf(
  { labels }: GeneratedBatch,
  rows: readonly number[],
): Pick<OutputsEvent["batch"], "labels" | "conditions"> {
  if (labels === undefined) return {};
  const values = numbersOf(labels);
  if (labels.ndim === 1) return { labels: rows.map((row) => values[row]!) };
  const length = labels.shape[1]!;
  return {
    conditions: rows.map((row) =>
      values.slice(row * length, (row + 1) * length).map((value) => Number(value.toPrecision(DIGITS))),
    ),
  };
}

/** Vectors as points: [row][number]. */
function pointsOf({ images }: GeneratedBatch, rows: readonly number[]): { points?: (number | null)[][] } {
  const [, length] = images.shape;
  if (images.ndim !== 2 || length! > POINT_LENGTH) return {};
  const values = numbersOf(images);
  return { points: rows.map((row) => values.slice(row * length!, (row + 1) * length!).map(short)) };
}

/** The images of the rows as one picture. Large ones are reduced by a whole factor, each pixel a mean. */
function picture(
  { images }: GeneratedBatch,
  rows: readonly number[],
): { layout: Omit<NonNullable<OutputsEvent["batch"]["images"]>, "file">; png: Promise<Buffer> } | undefined {
  if (images.ndim !== 4) return undefined;
  const [height, width] = images.shape.slice(2) as [number, number];
  let factor = 1;
  while (rows.length * Math.floor(height / factor) * Math.floor(width / factor) > PIXELS) factor *= 2;
  const pixels = noGradScope(() => {
    const chosen = images.indexSelect(
      0,
      Tensor.fromArray(BigInt64Array.from(rows, BigInt)).to({ device: images.device }),
    );
    return quantise(factor === 1 ? chosen : chosen.avgPool2d(factor));
  });
  const columns = Math.ceil(Math.sqrt(rows.length));
  const grid = tile(pixels, { columns, padding: PADDING });
  const sides = { size: pixels.width, ...(pixels.height === pixels.width ? {} : { height: pixels.height }) };
  return { layout: { columns, ...sides, padding: PADDING }, png: encodePng(grid) };
}
