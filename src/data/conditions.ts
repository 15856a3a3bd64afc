/**
 * Conditions: several numbers for each image, such as attributes and angles, in place of a class.
 *
 * Networks get them scaled. A column whose values are all 0 and 1, or all -1 and 1 as CelebA has them, is a flag and becomes 0
 * and 1. Any other is a number and becomes (x - mean) / deviation over the images that are used, the deviation being that
 * of the whole population; of a column with one value this is 0.
 */
import { UserError } from "../base/errors.ts";
import { quoted } from "../formats/index.ts";

/** Raw conditions of some images. */
export interface RawConditions {
  /** Name of each of D conditions. */
  readonly names: readonly string[];
  /** [N, D], row by row. */
  readonly values: Float64Array;
}

/** Some rows of raw conditions. */
export function rowsOf({ names, values }: RawConditions, rows: ArrayLike<number>): RawConditions {
  const width = names.length;
  const chosen = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    chosen.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return { names, values: chosen };
}

/** One condition, and how it is scaled. */
export interface Condition {
  readonly name: string;
  readonly kind: "flag" | "number";
  /** Of the images that are used, before scaling. The mean of a flag is the share of images that have it. */
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

/** Scaled conditions. */
export interface ScaledConditions {
  readonly conditions: readonly Condition[];
  /** [N, D], row by row. */
  readonly values: Float32Array;
}

/**
 * Scales raw conditions by the rule above.
 * @throws UserError for numbers that are too large or too close to each other to have a deviation.
 */
export function scaleConditions({ names, values }: RawConditions): ScaledConditions {
  const width = names.length;
  const scaled = new Float32Array(values.length);
  const conditions = names.map((name, column): Condition => {
    const condition = conditionOf(
      name,
      Float64Array.from({ length: values.length / width }, (_, i) => values[i * width + column]!),
    );
    for (let i = column; i < values.length; i += width) {
      const value = values[i]!;
      scaled[i] = condition.kind === "flag" ? (value > 0 ? 1 : 0) : standardised(condition, value);
    }
    return condition;
  });
  return { conditions, values: scaled };
}

function conditionOf(name: string, values: Float64Array): Condition {
  const all = (low: number): boolean => values.every((value) => value === low || value === 1);
  const isFlag = all(0) || all(-1);
  const column = isFlag ? values.map((value) => (value > 0 ? 1 : 0)) : values;
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
  const least = column.reduce((low, value) => Math.min(low, value));
  const most = column.reduce((high, value) => Math.max(high, value));
  // The mean of equal values may differ from them by a rounding.
  const exact = least === most ? { mean: least, deviation: 0 } : { mean, deviation: Math.sqrt(variance) };
  if (least !== most && !(exact.deviation > 0 && exact.deviation < Number.POSITIVE_INFINITY)) {
    throw new UserError(
      `the condition ${quoted(name)} goes from ${least} to ${most}, and the deviation of such numbers cannot be computed; write it in another unit`,
    );
  }
  return { name, kind: isFlag ? "flag" : "number", ...exact, least, most };
}

const standardised = ({ mean, deviation }: Condition, value: number): number =>
  deviation === 0 ? 0 : (value - mean) / deviation;

/**
 * A value as networks get it.
 * @throws UserError for a flag that is not 0, 1 or between.
 */
export function scaledValue(condition: Condition, value: number): number {
  if (condition.kind === "number") return standardised(condition, value);
  if (value >= 0 && value <= 1) return value;
  const absent = value === -1 ? "; what is -1 in a table of attributes is 0" : "";
  throw new UserError(`the condition ${quoted(condition.name)} (=${value}) is a flag: 0, 1 or between${absent}`);
}
