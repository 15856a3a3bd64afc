/**
 * Which folders are splits by their names: `train`, `val`, `test` and the like in any case; with numbers, as COCO's
 * `train2017` and `val2017`; or with one text around all of them, as DIV2K's `DIV2K_train_HR` and `DIV2K_valid_HR`.
 */
import { UserError } from "../../base/errors.ts";
import { isSplit, isTrainingSplit, SPLIT_NAMES, splitsCalled } from "../split-names.ts";

const numbered = new RegExp(`^(${SPLIT_NAMES})[-_ ]?\\d+$`, "i");
const around = new RegExp(`^(|.*[-_ ])(${SPLIT_NAMES})(|[-_ ].*)$`, "i");

/** The split in a folder's name, in lower case, without what stands around it. */
const wordOf = (name: string): string | undefined =>
  (numbered.exec(name)?.[1] ?? around.exec(name)?.[2])?.toLowerCase();

const isTraining = (name: string): boolean => isTrainingSplit(wordOf(name) ?? "");

/** Whether names are those of splits, one of them the training split: no classes are called so. */
export const areSplits = (names: readonly string[]): boolean =>
  isSet(names) && splitsAmong(names).length === names.length;

/** The names of splits among those of folders. Names with numbers or other text are some only where several fit together. */
export function splitsAmong(names: readonly string[]): string[] {
  const certain = names.filter(isSplit);
  const likely = names.filter((name) => isSplit(name) || numbered.test(name));
  if (likely.length > certain.length && isSet(likely)) return likely;
  const frames = new Set(names.map((name) => around.exec(name)).map((found) => found && `${found[1]}/${found[3]}`));
  const [frame] = frames;
  return frames.size === 1 && frame !== null && isSet(names) ? [...names] : certain;
}

/** Whether names are several, one of them that of a training split. */
const isSet = (names: readonly string[]): boolean => names.length > 1 && names.some(isTraining);

/**
 * The folder of a wanted split: the one of this name, else the only one that differs by case alone, else the only one of the same
 * split, such as `Testing`, `test2017` or `DIV2K_test_HR` for `test`.
 * @throws UserError when several are.
 */
export function splitCalled(wanted: string, names: readonly string[], where: string): string | undefined {
  const splits = splitsAmong(names);
  const word = (name: string): string => (splits.includes(name) ? wordOf(name) : undefined) ?? "";
  return onlyOne(splitsCalled(wanted, names, word), where);
}

/**
 * The folder of the training split, before others one that is called `train`. Undefined where there is none.
 * @throws UserError when there are several.
 */
export function trainingSplit(names: readonly string[], where: string): string | undefined {
  const exact = names.filter((name) => name.toLowerCase() === "train");
  return onlyOne(exact.length > 0 ? exact : names.filter(isTraining), where);
}

function onlyOne(names: readonly string[], where: string): string | undefined {
  if (names.length > 1) {
    throw new UserError(
      `${where}: ${names.join(" and ")} are ${names.length} sets of images, and one is wanted; \`split\` chooses one`,
    );
  }
  return names[0];
}
