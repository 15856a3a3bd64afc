/** Sheets: samples in rows, where each row has something in common. */
import { suggestion, UserError } from "../../base/errors.ts";
import { type Generator, scope, Tensor } from "../../tensor/index.ts";
import type { DataConditions } from "../step/gan.ts";
import type { Samplable } from "../trainable.ts";
import { type ConditionValues, conditionsFor, refuseWithoutConditions } from "./conditions.ts";
import { type Interpolation, interpolate } from "./interpolation.ts";
import { drawSamples, newLatents, refuseBlind, type SampleInputs, truncateLatents } from "./sample.ts";

/** Options of all sheets. */
export interface SheetOptions {
  /** Values of conditions for all samples; default: those of real samples, drawn. */
  readonly condition?: ConditionValues | undefined;
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
  /** One class for all rows; default: one class per row, in turn. With conditions a row has those of one real sample. */
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
  const { kind, rows, steps, random, truncation, classIndex, between, condition } = options;
  refuseVectors(gan);
  if (condition !== undefined) refuseWithoutConditions(gan, condition);
  refuseUnfitPath(gan, kind, between !== undefined);
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
    const ofRows = drawnConditions(gan, rows, options);
    if (ofRows !== undefined) {
      const width = ofRows.shape[1]!;
      const labels = ofRows
        .unsqueeze(1)
        .expand([rows, steps, width])
        .reshape([rows * steps, width]);
      return { latents, labels, titles: Array<string>(rows).fill("") };
    }
    const all = Array.from({ length: rows * steps }, (_, i) => classOf(Math.floor(i / steps)));
    return { latents, labels: labelsOf(gan, all), titles: titled(gan, rows, (row) => classes[classOf(row)]!) };
  });
}

/** @throws UserError for an arc between uniform latents, and for a path between classes where there is nothing between. */
export function refuseUnfitPath(gan: Samplable, kind: Interpolation, betweenClasses: boolean): void {
  if (kind === "spherical" && gan.recipe.latentDistribution !== "normal") {
    throw new UserError("spherical: the latents of this run are uniform on a cube, whose arcs leave it; take linear");
  }
  if (betweenClasses && gan.shape.conditions !== undefined) refuseBlind(gan, "a path between classes");
  if (betweenClasses && gan.generator.takesLabels !== "shares") {
    throw new UserError(
      "the generator of this run takes no shares of classes, so there is nothing between two of them",
    );
  }
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
  const { thresholds, columns, random, classIndex, condition } = options;
  refuseVectors(gan);
  if (condition !== undefined) refuseWithoutConditions(gan, condition);
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
    const titles = thresholds.map(thresholdText);
    const ofColumns = drawnConditions(gan, columns, options);
    if (ofColumns !== undefined) {
      return { latents: Tensor.cat(rows), labels: Tensor.cat(rows.map(() => ofColumns)), titles };
    }
    const labels = Array.from(
      { length: rows.length * columns },
      (_, i) => classIndex ?? (i % columns) % classes.length,
    );
    return { latents: Tensor.cat(rows), labels: labelsOf(gan, labels), titles };
  });
}

/**
 * Two rows for each of the conditions: a flag of 0 and of 1, a number at two deviations below and above its mean, as far as the
 * data go. Samples of one column have the same z, and otherwise the conditions of one real sample.
 *
 * @throws UserError when the run has no conditions, or not those.
 */
export function conditionSheet(
  gan: Samplable,
  options: SheetOptions & {
    /** Names of conditions; default: the first ten. */
    readonly conditions?: readonly string[] | undefined;
    readonly columns: number;
    readonly truncation?: number | undefined;
  },
): Sheet {
  const { conditions: names, columns, random, truncation, condition = {} } = options;
  refuseVectors(gan);
  refuseWithoutConditions(gan, Object.fromEntries((names ?? ["all"]).map((name) => [name, 0])));
  const { conditions } = gan.shape;
  const chosen = names ?? conditions!.columns.slice(0, MOST_CONDITIONS).map(({ name }) => name);
  const settings = chosen.flatMap((name) => endsOf(conditions!, name).map((value) => ({ name, value })));
  return drawSheet(gan, options, columns, () => {
    const row = newLatents(gan, columns, random, truncation);
    const seed = random.getState();
    const labels = settings.map(({ name, value }) => {
      // The same draws for every row.
      random.setState(seed);
      return conditionsFor(conditions!, columns, random, { ...condition, [name]: value });
    });
    return {
      latents: Tensor.cat(settings.map(() => row)),
      labels: Tensor.cat(labels),
      titles: settings.map(({ name, value }) => `${name} = ${Number(value.toPrecision(3))}`),
    };
  });
}

/** The most conditions of a sheet whose conditions are not named. */
export const MOST_CONDITIONS = 10;

/** The two values of a condition that a sheet shows. */
function endsOf({ columns }: DataConditions, name: string): [number, number] {
  const found = columns.find((one) => one.name === name);
  if (found === undefined) {
    throw new UserError(
      `\`${name}\` is no condition of this run${suggestion(
        name,
        columns.map((one) => one.name),
      )}`,
    );
  }
  const { kind, mean, deviation, least, most } = found;
  return kind === "flag" ? [0, 1] : [Math.max(least, mean - 2 * deviation), Math.min(most, mean + 2 * deviation)];
}

/** Conditions of real samples with the given values set; undefined where the data has none. */
function drawnConditions({ shape }: Samplable, count: number, { random, condition }: SheetOptions): Tensor | undefined {
  return shape.conditions && conditionsFor(shape.conditions, count, random, condition);
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

export function refuseVectors({ shape }: Samplable): void {
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
