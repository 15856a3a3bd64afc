/** Classes of labels that are numbers without names. */
import { UserError } from "../../base/errors.ts";

/** Labels as indices into classes. */
export interface NumberedClasses {
  readonly labels: Uint32Array;
  readonly classes: readonly string[];
}

/** No dataset has as many classes; a larger number is no class. */
const MOST_CLASSES = 10_000_000;

/**
 * The classes of labels: their numbers, from 0, or from the smallest label where that is more (EMNIST's letters count from
 * 1), to the largest. So a class has its number as its name, whatever it is counted from.
 *
 * @param where opens the messages
 * @throws UserError for labels that are no whole numbers from 0.
 */
export function numberedClasses(values: ArrayLike<number | bigint>, where: string): NumberedClasses {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isInteger(value) || value < 0 || value > MOST_CLASSES) {
      throw new UserError(`${where}: label ${i} is ${value}; labels are whole numbers from 0`);
    }
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  const labels = Uint32Array.from(values, (value) => Number(value) - smallest);
  return { labels, classes: Array.from({ length: largest - smallest + 1 }, (_, i) => String(smallest + i)) };
}
