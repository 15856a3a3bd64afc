/** Classes of labels that are numbers without names. */
import { UserError } from "../../base/errors.ts";

/** Labels as indices into classes. */
export interface NumberedClasses {
  readonly labels: Uint32Array;
  readonly classes: readonly string[];
}

/** No dataset has as many classes; a larger number is no class. */
const MOST_CLASSES = 10_000_000;

/** Whether a number may be that of a class. */
export const isClass = (value: number | bigint): boolean =>
  Number.isInteger(Number(value)) && value >= 0 && value <= MOST_CLASSES;

/**
 * @param remedy what else can be done, after a semicolon
 * @throws UserError for a label that is no number of a class.
 */
export function requireClass(value: number, index: number, where: string, remedy = ""): void {
  if (isClass(value)) return;
  throw new UserError(`${where}: label ${index} is ${value}; labels are whole numbers from 0${remedy}`);
}

/**
 * The classes of labels: their numbers, from 0, or from the smallest label where that is more (EMNIST's letters count from
 * 1), to the largest. So a class has its number as its name, whatever it is counted from. A number between that no label
 * has is a class without images.
 *
 * @param where opens the messages
 * @param others labels of other splits, which count for the smallest and the largest, so that a class has one number in all
 * @throws UserError for labels that are no whole numbers from 0.
 */
export function numberedClasses(
  values: ArrayLike<number | bigint>,
  where: string,
  others: readonly ArrayLike<number | bigint>[] = [],
): NumberedClasses {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    requireClass(value, i, where);
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  for (const list of others) {
    for (let i = 0; i < list.length; i++) {
      smallest = Math.min(smallest, Number(list[i]));
      largest = Math.max(largest, Number(list[i]));
    }
  }
  const labels = Uint32Array.from(values, (value) => Number(value) - smallest);
  return { labels, classes: Array.from({ length: largest - smallest + 1 }, (_, i) => String(smallest + i)) };
}
