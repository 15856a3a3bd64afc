/** Labels of samples in memory: a class of each, or several conditions. */
import { UserError } from "../../base/errors.ts";
import { firstTwice } from "../../base/twice.ts";
import { quoted } from "../../formats/index.ts";
import { keep, Tensor } from "../../tensor/index.ts";
import { type Condition, type RawConditions, scaleConditions } from "../conditions.ts";
import { isClass } from "../containers/numbered-classes.ts";

/** Conditions in memory: by the name of each, a number for every sample. */
export type ConditionArrays = Readonly<Record<string, ArrayLike<number> | Tensor>>;

/** Labels as they are kept. */
export interface ArrayLabels {
  readonly labels: BigInt64Array | undefined;
  readonly conditions: RawConditions | undefined;
}

/** Labels as they are given. */
interface GivenLabels {
  readonly labels?: ArrayLike<number | bigint> | Tensor | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly conditions?: ConditionArrays | undefined;
}

export const refuse = (message: string): UserError => new UserError(`dataFromArrays: ${message}`);

/**
 * The labels of `count` samples, checked, and the names of the classes.
 * @throws UserError when they do not fit the samples or each other.
 */
export function labelled(
  { labels, classes, conditions }: GivenLabels,
  count: number,
  what: string,
): ArrayLabels & { readonly classes: readonly string[] } {
  if (conditions !== undefined && (labels ?? classes) !== undefined) {
    throw refuse("`labels` and `conditions` are both given: samples have a class, or conditions");
  }
  const classOf = labels === undefined ? undefined : labelsOf(labels, count, what);
  return {
    labels: classOf,
    classes: namesOf(classOf, classes),
    conditions: conditions && rawConditions(conditions, count, what),
  };
}

/** Conditions, row by row. */
function rawConditions(given: ConditionArrays, count: number, what: string): RawConditions {
  const columns = Object.entries(given);
  if (columns.length === 0)
    throw refuse("`conditions` is empty; give numbers by name, such as { smiling: [0, 1, ...] }");
  const values = new Float64Array(count * columns.length);
  for (const [column, [name, array]] of columns.entries()) {
    const given = valuesIn(array);
    if (given.length !== count) {
      throw refuse(`the condition ${quoted(name)} has ${given.length} numbers for ${count} ${what}`);
    }
    for (const [row, value] of given.entries()) {
      const number = numberOf(value);
      if (!Number.isFinite(number)) {
        throw refuse(`the condition ${quoted(name)} of sample ${row} is ${said(value)}; conditions are finite numbers`);
      }
      values[row * columns.length + column] = number;
    }
  }
  return { names: columns.map(([name]) => name), values };
}

const valuesIn = (array: ArrayLike<unknown> | Tensor): unknown[] =>
  Array.from<unknown>(array instanceof Tensor ? array.toArray() : array);

/** The number that a value is, and NaN of all others: an empty text or null is not 0. */
const numberOf = (value: unknown): number =>
  typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;

/** A value in a message. */
function said(value: unknown): string {
  if (value === "") return "an empty text";
  if (typeof value === "string") return `the text ${quoted(value)}`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function labelsOf(labels: ArrayLike<number | bigint> | Tensor, count: number, what: string): BigInt64Array {
  if (labels instanceof Tensor && labels.ndim !== 1) {
    throw refuse(
      `\`labels\` has the shape [${labels.shape.join(", ")}]; it must be [N]; several numbers for each sample are \`conditions\``,
    );
  }
  const given = valuesIn(labels);
  if (given.length !== count) throw refuse(`there are ${given.length} \`labels\` for ${count} ${what}`);
  return BigInt64Array.from(given, (label, i) => {
    const number = numberOf(label);
    if (isClass(number)) return BigInt(number);
    const remedy =
      typeof label === "string"
        ? ", and `classes` has their names"
        : typeof label === "object" && label !== null
          ? "; of rows with a 1 for the class (one-hot) give the place of the 1"
          : "";
    throw refuse(`label ${i} is ${said(label)}; labels are whole numbers from 0${remedy}`);
  });
}

/** The names of the classes: the given ones, or the numbers from 0 to the largest label. */
function namesOf(labels: BigInt64Array | undefined, classes: readonly string[] | undefined): string[] {
  if (labels === undefined) {
    if (classes === undefined) return [];
    throw refuse("`classes` are given without `labels`; give the class of each image as `labels`");
  }
  const largest = Number(labels.reduce((most, label) => (label > most ? label : most), 0n));
  const names = classes ?? Array.from({ length: largest + 1 }, (_, i) => String(i));
  if (largest >= names.length)
    throw refuse(`a label is ${largest}; there are ${names.length} \`classes\`, numbered from 0`);
  refuseTwice(names);
  return [...names];
}

/** @throws UserError when two classes have one name. */
export function refuseTwice(classes: readonly string[]): void {
  const twice = firstTwice(classes);
  if (twice !== undefined) throw refuse(`\`classes\` has the name ${quoted(twice)} twice`);
}

/** Labels as a tensor, which is kept: scaled conditions, or classes, or zeros. */
export function labelTensor(
  { labels, conditions }: ArrayLabels,
  count: number,
): { labels: Tensor; conditions?: readonly Condition[] } {
  if (conditions !== undefined) {
    const scaled = scaleConditions(conditions);
    return {
      labels: keep(Tensor.fromArray(scaled.values, [count, conditions.names.length])),
      conditions: scaled.conditions,
    };
  }
  const classOf = labels === undefined ? Tensor.zeros([count], { dtype: "int64" }) : Tensor.fromArray(labels, [count]);
  return { labels: keep(classOf) };
}

/** How many samples each class has. */
export function classCounts(labels: BigInt64Array, classes: number): number[] {
  const counts = Array<number>(classes).fill(0);
  for (const label of labels) counts[Number(label)]!++;
  return counts;
}
