/** Sheets: samples in rows, where each row has something in common. */
import { UserError } from "../../base/errors.ts";
import { type Generator, scope, Tensor } from "../../tensor/index.ts";
import type { Samplable } from "../trainable.ts";
import { type Interpolation, interpolate } from "./interpolation.ts";
import { drawSamples, newLatents, refuseBlind, type SampleInputs, truncateLatents } from "./sample.ts";

/** Options of all sheets. */
export interface SheetOptions {
  /** The random stream of latents. */
  readonly random: Generator;
  /** Averaged weights and standing statistics, where the run keeps them. */
  readonly averaged: boolean;
}

/** Samples in rows of one length. */
export interface Sheet {
  /** [rows x columns, C, S, S] in [-1, 1], row by row. */
  readonly images: Tensor;
  readonly columns: number;
  /** A title for each row; may be empty. */
  readonly titles: readonly string[];
}

/** What {@link interpolationSheet} draws. */
export interface InterpolationOptions extends SheetOptions {
  readonly kind: Interpolation;
  readonly rows: number;
  /** Images in a row, with both ends. */
  readonly steps: number;
  readonly truncation?: number | undefined;
  /** One class for all rows; default: one class per row, in turn. */
  readonly classIndex?: number | undefined;
  /** Each row goes from the first class to the second; the generator gets shares of both. */
  readonly between?: readonly [number, number] | undefined;
}

/**
 * Rows from one latent to another, of one class each or from class to class.
 *
 * @throws UserError for a path that does not fit the run: an arc between uniform latents, or a path between classes for
 * a generator that takes no shares of classes.
 */
export function interpolationSheet(gan: Samplable, options: InterpolationOptions): Sheet {
  const { kind, rows, steps, random, truncation, classIndex, between } = options;
  refuseVectors(gan);
  if (kind === "spherical" && gan.recipe.latentDistribution !== "normal") {
    throw new UserError("spherical: the latents of this run are uniform on a cube, whose arcs leave it; take linear");
  }
  if (between !== undefined && gan.generator.takesLabels !== "shares") {
    throw new UserError(
      "the generator of this run takes no shares of classes, so there is nothing between two of them",
    );
  }
  if (classIndex !== undefined) refuseBlind(gan, `class (=${classIndex})`);
  const classes = gan.shape.classes;
  const classOf = (row: number): number => classIndex ?? row % classes.length;
  return drawSheet(gan, options, steps, () => {
    const [from, to] = [0, 1].map(() => newLatents(gan, rows, random, truncation)) as [Tensor, Tensor];
    const latents = interpolate(from, to, steps, kind);
    if (between !== undefined) {
      const [a, b] = between;
      const titles = Array.from({ length: rows }, () => `${classes[a]} to ${classes[b]}`);
      return { latents, labels: sharesBetween(between, classes.length, rows, steps), titles };
    }
    const all = Array.from({ length: rows * steps }, (_, i) => classOf(Math.floor(i / steps)));
    return { latents, labels: labelsOf(gan, all), titles: titled(gan, rows, (row) => classes[classOf(row)]!) };
  });
}

/**
 * A row for each of the classes; samples of one column have the same z.
 * @throws UserError for a class that is not there.
 */
export function classSheet(
  gan: Samplable,
  options: SheetOptions & {
    readonly classes: readonly number[];
    readonly columns: number;
    readonly truncation?: number | undefined;
  },
): Sheet {
  const { classes, columns, random, truncation } = options;
  refuseVectors(gan);
  refuseBlind(gan, "a sheet of classes");
  const names = gan.shape.classes;
  const wrong = classes.find((label) => names[label] === undefined);
  if (wrong !== undefined) throw new UserError(`class ${wrong} is not among the ${names.length} of this run`);
  return drawSheet(gan, options, columns, () => {
    const row = newLatents(gan, columns, random, truncation);
    const labels = classes.flatMap((label) => Array<number>(columns).fill(label));
    return {
      latents: Tensor.cat(classes.map(() => row)),
      labels: labelsOf(gan, labels),
      titles: classes.map((label) => names[label]!),
    };
  });
}

/**
 * A row for each threshold (undefined: not truncated), by falling thresholds. Samples of one column have the same z.
 * From row to row only its entries beyond the threshold are drawn again.
 *
 * @throws UserError for thresholds that rise.
 */
export function truncationSheet(
  gan: Samplable,
  options: SheetOptions & {
    readonly thresholds: readonly (number | undefined)[];
    readonly columns: number;
    readonly classIndex?: number | undefined;
  },
): Sheet {
  const { thresholds, columns, random, classIndex } = options;
  refuseVectors(gan);
  const numbers = thresholds.map((threshold) => threshold ?? Number.POSITIVE_INFINITY);
  if (numbers.some((threshold, i) => threshold >= (numbers[i - 1] ?? Number.POSITIVE_INFINITY) && i > 0)) {
    throw new UserError(`thresholds (=${thresholds.map(thresholdText).join(",")}) must fall from one to the next`);
  }
  if (classIndex !== undefined) refuseBlind(gan, `class (=${classIndex})`);
  const classes = gan.shape.classes;
  return drawSheet(gan, options, columns, () => {
    let row = newLatents(gan, columns, random, undefined);
    const rows = thresholds.map((threshold) => {
      if (threshold !== undefined) row = truncateLatents(gan, row, random, threshold);
      return row;
    });
    const labels = Array.from(
      { length: rows.length * columns },
      (_, i) => classIndex ?? (i % columns) % classes.length,
    );
    return { latents: Tensor.cat(rows), labels: labelsOf(gan, labels), titles: thresholds.map(thresholdText) };
  });
}

/** A threshold as it is typed. */
const thresholdText = (threshold: number | undefined): string => (threshold === undefined ? "none" : String(threshold));

function drawSheet(
  gan: Samplable,
  { averaged, random }: SheetOptions,
  columns: number,
  make: () => SampleInputs & { readonly titles: readonly string[] },
): Sheet {
  return scope(() => {
    const { latents, labels, titles } = make();
    const { device } = gan.recipe;
    const inputs = { latents: latents.to({ device }), labels: labels?.to({ device }) };
    const images = drawSamples(gan, { count: latents.shape[0]!, random, averaged, inputs });
    return { images, columns, titles };
  });
}

function refuseVectors({ shape }: Samplable): void {
  if (!("features" in shape.sample)) return;
  throw new UserError(`this run makes vectors of ${shape.sample.features} numbers, and sheets are of images`);
}

/** Whether the generator ignores labels. */
const blind = ({ generator, shape }: Samplable): boolean =>
  shape.classes.length === 0 || generator.takesLabels === "none";

function titled(gan: Samplable, rows: number, name: (row: number) => string): string[] {
  return Array.from({ length: rows }, (_, row) => (blind(gan) ? "" : name(row)));
}

function labelsOf({ shape }: Samplable, labels: readonly number[]): Tensor | undefined {
  return shape.classes.length === 0 ? undefined : Tensor.fromArray(BigInt64Array.from(labels, BigInt));
}

/** Float [rows x steps, classes]: 1 - t of the one class and t of the other. */
function sharesBetween([a, b]: readonly [number, number], classes: number, rows: number, steps: number): Tensor {
  const values = new Float32Array(rows * steps * classes);
  for (let i = 0; i < rows * steps; i++) {
    const t = (i % steps) / (steps - 1);
    values[i * classes + a]! += 1 - t;
    values[i * classes + b]! += t;
  }
  return Tensor.fromArray(values, [rows * steps, classes]);
}
