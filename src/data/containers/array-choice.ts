/**
 * Which arrays of a file are the images and which the labels.
 *
 * Known names: those of MedMNIST (`train_images`, `train_labels`, and the same of `val` and `test`), of Keras (`x_train`,
 * `y_train`, `x_test`, `y_test`), groups of HDF5 (`train/images`, `train/labels`), `images` and `labels` and the like, and
 * `arr_0` with `arr_1`. Other arrays are found by their shape, or named by `entry` and `labelEntry`.
 *
 * Without a wanted split the images are those of the training split or of none, never those of another split.
 */
import { suggestion, UserError } from "../../base/errors.ts";
import { quoted } from "../../formats/index.ts";
import { isTrainingSplit, splitsCalled } from "../split-names.ts";
import { type ArrayFile, type ArrayForm, IMAGE_TYPES, type Layout, layoutOf, type Unfit } from "./array-form.ts";
import { folderOf, isImages, isLabels, mentionsLabels, readArrayName } from "./array-names.ts";
import type { ContainerOptions } from "./container.ts";

/** An array of images. */
export interface Chosen {
  readonly name: string;
  readonly form: ArrayForm;
  readonly layout: Layout;
  readonly split: string | undefined;
  /** The name of the labels, if there are any. */
  readonly labels: string | undefined;
  /** Arrays that may be labels of these images and are not taken. */
  readonly leftOut: readonly string[];
  /** Other arrays of images of the same split, which are not taken. */
  readonly otherImages: readonly string[];
  /** The names of the labels of the other splits. */
  readonly otherLabels: readonly string[];
}

/** The array of images and that of labels. @throws UserError when there is no one choice. */
export function chooseArrays(file: ArrayFile, options: ContainerOptions, where: string): Chosen {
  const wanted = splitIn(file, options.split, where);
  const name = options.entry ?? imagesIn(file, wanted, where);
  const form = named(file, name, "entry", where);
  const layout = layoutOf(form, file.arrays);
  if (typeof layout !== "string")
    throw new UserError(`${where}: array ${quoted(name)} holds no images: ${layout.reason}`);
  const { split } = readArrayName(name);
  if (wanted !== undefined && split !== wanted.toLowerCase()) {
    throw new UserError(
      `${where}: \`split\` (=${options.split}) is not that of array ${quoted(name)}; leave one of the two out`,
    );
  }
  const labels = labelsFor(file, name, options, where);
  if (labels !== undefined && options.labelEntry === undefined) refuseUnreadOthers(file, labels, where);
  const otherImages = fittingIn(file).filter(
    (other) => other !== name && !isLabels(other) && readArrayName(other).split === split,
  );
  return {
    name,
    form,
    layout,
    split,
    labels,
    leftOut: options.labels ? likeLabels(file, name, labels) : [],
    otherImages,
    otherLabels: labels === undefined ? [] : labelsLike(file, labels, options.labelEntry !== undefined),
  };
}

/** The wanted split by the name that the arrays have for it. */
function splitIn({ arrays, refused }: ArrayFile, wanted: string | undefined, where: string): string | undefined {
  if (wanted === undefined) return undefined;
  const names = [...arrays.keys(), ...(refused?.keys() ?? [])];
  const called = splitsCalled(wanted.toLowerCase(), [
    ...new Set(names.flatMap((name) => readArrayName(name).split ?? [])),
  ]);
  if (called.length > 1) {
    throw new UserError(`${where}: \`split\` (=${wanted}) may be ${called.join(" or ")}; give one of these names`);
  }
  return called[0] ?? wanted;
}

/** Said where a file holds rows of numbers. */
export const VECTORS = "points and other vectors: docs/how-to/data/vectors.md";

/** Why an array is no array of images. The element types that tensors may have are more than those of images. */
const forImages = (reason: string): string =>
  /element type/.test(reason) ? `${reason.split("; accepted: ")[0]}; ${IMAGE_TYPES}` : reason;

/** What arrays there are, in words. */
function found({ arrays, refused = new Map() }: ArrayFile): string {
  const readable = Array.from(
    arrays,
    ([name, { dtype, shape }]) => `${quoted(name)} is ${dtype} [${shape.join(", ")}]`,
  );
  return [...readable, ...Array.from(refused.values(), forImages)].slice(0, 20).join("; ");
}

function named(file: ArrayFile, name: string, option: string, where: string): ArrayForm {
  const form = file.arrays.get(name);
  if (form !== undefined) return form;
  const reason = file.refused?.get(name);
  if (reason !== undefined) throw new UserError(option === "entry" ? forImages(reason) : reason);
  throw new UserError(`${where}: \`${option}\` (=${name}) is not one of its arrays: ${found(file)}`);
}

/** Whether a name may be that of the wanted images by its split. */
const isOfSplit = (name: string, wanted: string | undefined): boolean => {
  const { split } = readArrayName(name);
  if (wanted !== undefined) return split === wanted.toLowerCase();
  return split === undefined || isTrainingSplit(split);
};

/** How likely an array of this name is the images: called so before others, and in the training split before those of none. */
const rankOf = (name: string): number => (isImages(name) ? 2 : 0) + (readArrayName(name).split === undefined ? 0 : 1);

/** @throws UserError for an array that is called like the images more than the best that can be read; -1 for none. */
function refusePassedOver(file: ArrayFile, wanted: string | undefined, best: number, hint: string, where: string) {
  const unread = [
    ...Array.from(file.refused ?? [], ([name, reason]) => [name, forImages(reason)] as const),
    ...Array.from(file.arrays).flatMap(([name, form]) => {
      const layout = layoutOf(form, file.arrays);
      // Other shapes may be anything, such as features.
      const isOfImages = form.shape.length >= 3 && typeof layout !== "string";
      return isOfImages ? [[name, `${where}: array ${quoted(name)}: ${layout.reason}`] as const] : [];
    }),
  ];
  const least = best < 0 ? 1 : Math.max(best + 1, 2);
  const [passed] = unread
    .filter(([name]) => isOfSplit(name, wanted) && !isLabels(name) && rankOf(name) >= least)
    .sort(([one], [other]) => rankOf(other) - rankOf(one));
  if (passed !== undefined) throw new UserError(`${passed[1]}${hint}`);
}

/** @throws UserError for arrays that are images in a form that is not read: with other channels, or one array for each image. */
function refuseOtherForms(file: ArrayFile, wanted: string | undefined, where: string): void {
  for (const [name, form] of file.arrays) {
    const layout = layoutOf(form, file.arrays);
    if (isOfSplit(name, wanted) && typeof layout === "object" && layout.isOfChannels) {
      throw new UserError(`${where}: array ${quoted(name)}: ${layout.reason}`);
    }
  }
  const images = areSingle(file);
  if (images === undefined) return;
  throw new UserError(
    `${where}: its ${file.arrays.size} arrays are ${images}, so each seems to be one image; stack them to one array of ` +
      "all (numpy.stack), called images.npy, with labels.npy beside it",
  );
}

/** The form of arrays that seem to be one image each: several of one size, none called like images. */
function areSingle({ arrays }: ArrayFile): string | undefined {
  const forms = new Set(Array.from(arrays.values(), ({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`));
  const isOne = [...arrays].every(([name, form]) => !isImages(name) && !isLabels(name) && isSingle(form));
  return forms.size === 1 && arrays.size > 2 && isOne ? [...forms][0] : undefined;
}

/** Whether an array has the shape of one image: [H, W], [H, W, C] or [C, H, W]. */
const isSingle = ({ shape }: ArrayForm): boolean => {
  const large = shape.filter((size) => size > 4);
  return large.length === 2 && (shape.length === 2 || (shape.length === 3 && (shape[0]! <= 4 || shape[2]! <= 4)));
};

/** The arrays that may be images by their form. */
const fittingIn = ({ arrays }: ArrayFile): string[] =>
  [...arrays.keys()].filter((name) => typeof layoutOf(arrays.get(name)!, arrays) === "string");

function imagesIn(file: ArrayFile, wanted: string | undefined, where: string): string {
  const fitting = fittingIn(file);
  const own = fitting.filter((name) => isOfSplit(name, wanted));
  const best = Math.max(-1, ...own.map(rankOf));
  const choice = own.filter((name) => rankOf(name) === best);
  const hint = fitting.length === 0 ? "" : "; `entry` names another array of images";
  refusePassedOver(file, wanted, best, hint, where);
  if (choice.length === 1) return choice[0]!;
  if (choice.length > 1) {
    if (choice.every((name) => !isImages(name))) refuseOtherForms(file, wanted, where);
    throw new UserError(
      `${where}: it has ${choice.length} arrays of images, of which \`entry\` must name one: ${found(file)}`,
    );
  }
  const ambiguous = Array.from(file.arrays, ([name, form]) => [name, layoutOf(form, file.arrays)] as const).find(
    ([name, layout]) => isOfSplit(name, wanted) && typeof layout === "object" && layout.ambiguous,
  );
  if (ambiguous !== undefined) {
    throw new UserError(`${where}: array ${quoted(ambiguous[0])}: ${(ambiguous[1] as Unfit).reason}`);
  }
  refuseOtherForms(file, wanted, where);
  const splits = [...new Set(fitting.flatMap((name) => readArrayName(name).split ?? []))];
  if (wanted !== undefined) {
    const known = splits.length > 0 ? suggestion(wanted, splits) : `; its arrays: ${found(file)}`;
    throw new UserError(`${where}: there is no array of images of the split \`${wanted}\`${known}`);
  }
  if (splits.length > 0) {
    throw new UserError(
      `${where}: it has no array of images of the split \`train\`; \`split\` must name one that it has: ` +
        `${splits.join(", ")} (${found(file)})`,
    );
  }
  const isVectors = [...file.arrays.values()].some(({ shape }) => shape.length === 2);
  throw new UserError(
    `${where}: it has no array of images, which are uint8, float32 or float64 of [N, H, W], [N, H, W, 1 or 3] or ` +
      `[N, 1 or 3, H, W]: ${found(file)}${isVectors ? `; ${VECTORS}` : ""}`,
  );
}

function labelsFor(
  file: ArrayFile,
  images: string,
  { labels, labelEntry }: ContainerOptions,
  where: string,
): string | undefined {
  if (!labels) return undefined;
  if (labelEntry !== undefined) {
    refuseUnread(file, labelEntry);
    named(file, labelEntry, "labelEntry", where);
    return labelEntry;
  }
  const own = readArrayName(images);
  const inFolder = [...file.arrays.keys(), ...(file.refused?.keys() ?? [])].filter(
    (name) => name !== images && isLabels(name) && folderOf(readArrayName(name)) === folderOf(own),
  );
  const partners = inFolder.filter((name) => readArrayName(name).split === own.split);
  if (images === "arr_0" && (file.arrays.has("arr_1") || file.refused?.has("arr_1"))) partners.push("arr_1");
  if (partners.length > 1) {
    throw new UserError(
      `${where}: ${partners.map(quoted).join(" and ")} may be the labels; \`labelEntry\` must name one, or \`labels: false\` takes none`,
    );
  }
  const partner = partners[0] ?? labelsOfLength(file, images, inFolder);
  if (partner !== undefined) refuseUnread(file, partner);
  return partner;
}

/** Labels without a split in their name, such as `labels` next to `train_images` and `test_images`: by their length, which one split has. */
function labelsOfLength({ arrays }: ArrayFile, images: string, names: readonly string[]): string | undefined {
  const count = arrays.get(images)!.shape[0];
  const isOther = ([name, form]: readonly [string, ArrayForm]): boolean =>
    name !== images && form.shape[0] === count && typeof layoutOf(form, arrays) === "string";
  if ([...arrays].some(isOther)) return undefined;
  const fitting = names.filter((name) => {
    return readArrayName(name).split === undefined && arrays.get(name)?.shape[0] === count;
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

/**
 * The arrays that may be labels of the images and are not taken: those with a row of numbers for each image, in their split or in
 * none, and those that are called like labels. Where labels are taken, those of other splits are none.
 */
function likeLabels({ arrays, refused }: ArrayFile, images: string, labels: string | undefined): string[] {
  const own = readArrayName(images);
  const count = arrays.get(images)!.shape[0];
  const isLike = (name: string): boolean => {
    if (name === images || name === labels) return false;
    const { split } = readArrayName(name);
    if (labels === undefined && isLabels(name)) return true;
    if (split !== undefined && split !== own.split) return false;
    const form = arrays.get(name);
    if (form === undefined) return mentionsLabels(name);
    const isRows = form.shape.length <= 2 && labelTypes.has(form.dtype);
    return isRows && form.shape[0] === count;
  };
  return [...arrays.keys(), ...(refused?.keys() ?? [])].filter(isLike);
}

/** @throws UserError for labels that cannot be read, such as texts. */
function refuseUnread({ refused }: ArrayFile, labels: string): void {
  const reason = refused?.get(labels);
  if (reason === undefined) return;
  const advice = /`?u?int\d+/.test(reason.split("; accepted")[0]!)
    ? 'save the labels by `.astype("int64")`'
    : "labels are numbers, such as numpy.unique(labels, return_inverse=True)[1] gives for texts";
  throw new UserError(`${reason}; ${advice}; \`labels: false\` takes the images without`);
}

/** @throws UserError for labels of other splits that cannot be read: classes have one number in all splits. */
function refuseUnreadOthers({ arrays, refused }: ArrayFile, labels: string, where: string): void {
  const own = readArrayName(labels);
  if (own.split === undefined) return;
  const isOther = (name: string): boolean => {
    const { split, rest } = readArrayName(name);
    return split !== undefined && split !== own.split && rest === own.rest;
  };
  const types = Array.from(arrays, ([name, { dtype }]): [string, string] => [name, dtype]);
  const unread = [
    ...types.filter(([, dtype]) => !labelTypes.has(dtype)).map(([name, dtype]) => [name, `is ${dtype}`] as const),
    ...[...(refused?.keys() ?? [])].map((name) => [name, "has an element type that is not read"] as const),
  ].find(([name]) => isOther(name));
  if (unread === undefined) return;
  const [name, reason] = unread;
  throw new UserError(
    `${where}: array ${quoted(name)} ${reason}, and classes are counted over the labels of all splits; save it as int64, or name ` +
      `the labels of one split by \`labelEntry\` (=${labels})`,
  );
}

/** Element types of labels. */
export const labelTypes: ReadonlySet<string> = new Set([
  ...["uint8", "int8", "int16", "int32", "int64"],
  ...["bool", "float32", "float64"],
]);

/**
 * The arrays with the labels of other splits than that of `labels`: `val_labels` of `train_labels`, `test/y` of `train/y`.
 *
 * @param isNamed - whether `labels` were named by the user: then arrays of another width are none of them
 */
function labelsLike({ arrays }: ArrayFile, labels: string, isNamed: boolean): string[] {
  const own = readArrayName(labels);
  if (own.split === undefined) return [];
  const width = ({ shape }: ArrayForm) => shape.slice(1).join(" ") || "1";
  return [...arrays].flatMap(([name, form]) => {
    const { split, rest } = readArrayName(name);
    const isLike = split !== undefined && split !== own.split && rest === own.rest && form.shape.length <= 2;
    const isFit = !isNamed || width(form) === width(arrays.get(labels)!);
    return isLike && isFit && form.shape[0] !== 0 && labelTypes.has(form.dtype) ? [name] : [];
  });
}
