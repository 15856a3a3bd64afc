/**
 * What the names of arrays say: which split they belong to, and whether they are images or labels.
 *
 * A split is a group or part of a name: `train/images`, `images/train`, `train_images`, `x_train`, `Xtrain`.
 */
import { isSplit, SPLIT_NAMES } from "../split-names.ts";

const IMAGES = "images?|imgs?|x|data|samples";
const LABELS = "labels?|targets?|y";

const before = new RegExp(`^(${SPLIT_NAMES})(?:[_-]+(.+)|(${IMAGES}|${LABELS}))$`, "i");
const after = new RegExp(`^(?:(.+?)[_-]+|(${IMAGES}|${LABELS}))(${SPLIT_NAMES})$`, "i");

/** A name in two parts: the split in lower case, and what is left without it. */
export interface ArrayName {
  readonly split: string | undefined;
  readonly rest: string;
}

/** Reads the name of an array. Of several splits the innermost counts. */
export function readArrayName(name: string): ArrayName {
  let split: string | undefined;
  const rest = name.split("/").flatMap((part) => {
    if (isSplit(part)) {
      split = part.toLowerCase();
      return [];
    }
    const [, first, long, short] = before.exec(part) ?? [];
    const [, longer, shorter, last] = first === undefined ? (after.exec(part) ?? []) : [];
    split = (first ?? last)?.toLowerCase() ?? split;
    return [long ?? short ?? longer ?? shorter ?? part];
  });
  return { split, rest: rest.join("/") };
}

/** The folder of a name without its split. */
export const folderOf = ({ rest }: ArrayName): string => rest.slice(0, rest.lastIndexOf("/") + 1);

const endsAs = (name: string, words: string): boolean =>
  new RegExp(`(^|/)(${words})$`, "i").test(readArrayName(name).rest);

/** Whether an array is called like images. */
export const isImages = (name: string): boolean => endsAs(name, `${IMAGES}|arr_0`);

/** Whether an array is called like labels. */
export const isLabels = (name: string): boolean => endsAs(name, LABELS);

/** Whether a name has a word for labels in it, such as `train_set_y`, `labels_fine` and `FineLabels`. */
export const mentionsLabels = (name: string): boolean =>
  name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .split(/[^a-z]+/i)
    .some((word) => /^(labels?|targets?|y|class(es)?|categor(y|ies))$/i.test(word));

/** Whether an array's name is that of the images of a split. */
export const hasSplit = (name: string): boolean => isImages(name) && readArrayName(name).split !== undefined;

/** Whether an array is called like the names of the classes, such as `class_names`, and `list_classes` of catvnoncat. */
export const isClassNames = (name: string): boolean =>
  /(^|[/_])(class|label|category)_?names?$|(^|\/)list_(of_)?(classes|labels)$/i.test(name);
