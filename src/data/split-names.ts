/** What splits are called, in folders, arrays, shards and tables. */

/** The names of each split, the usual one first. */
const splits: readonly (readonly string[])[] = [
  ["train", "training"],
  ["val", "valid", "validation", "dev"],
  ["test", "testing"],
  ["eval"],
  ["unlabeled"],
];

/** The names, as alternatives of a pattern. */
export const SPLIT_NAMES = splits.flat().join("|");

const numberOf = (name: string): number => splits.findIndex((names) => names.includes(name.toLowerCase()));

/** Whether a name is that of the training split. */
export const isTrainingSplit = (name: string): boolean => numberOf(name) === 0;

/** Whether a name is that of a split. */
export const isSplit = (name: string): boolean => numberOf(name) >= 0;

/**
 * The names that a wanted split may mean, of those that there are: the same name, else those that differ by case alone, else
 * other names of the same split, such as `Testing` for `test` and `val` for `validation`.
 *
 * @param wordOf - the split in a name, where it is a part of it
 */
export function splitsCalled(
  wanted: string,
  names: readonly string[],
  wordOf: (name: string) => string = (name) => name,
): string[] {
  if (names.includes(wanted)) return [wanted];
  const byCase = names.filter((name) => name.toLowerCase() === wanted.toLowerCase());
  if (byCase.length > 0) return byCase;
  return isSplit(wanted) ? names.filter((name) => numberOf(wordOf(name)) === numberOf(wanted)) : [];
}
