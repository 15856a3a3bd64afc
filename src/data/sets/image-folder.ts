/**
 * A dataset of image files: a folder, or a zip or tar archive, whose sub-folders are the classes.
 *
 * The layout is read from the paths. A single outer folder is looked through; folders named like splits (train, val,
 * test) above the classes select a part; without sub-folders the images have no classes. Images next to the folders of
 * classes are refused: whichever way they were taken, some would be gone.
 */
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { suggestion, UserError } from "../../base/errors.ts";
import type { RawConditions } from "../conditions.ts";
import { openContainer } from "../containers/index.ts";
import type { ContentsOptions } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { endingOf } from "../image-format.ts";
import type { ColumnChoice } from "../labels/columns.ts";
import { readLabels } from "../labels/label-file.ts";
import { type LabelledFiles, listedSource, refuseEmpty } from "../listed-source.ts";
import { byCodeUnit, filesIn, type Listed, type Listing, listImages } from "../listing.ts";
import { photographs } from "../options.ts";
import { type BrokenFile, type ImageSource, type LabelTable, type LostClass, takeTurns } from "../source.ts";
import { styleganLabels } from "./stylegan-labels.ts";

const splitNames = ["train", "training", "val", "valid", "validation", "test", "testing"];

/** Files sorted into classes. */
interface Arranged {
  /** Files with the index of their class, one of each class in turn. */
  readonly files: readonly { readonly file: Listed; readonly label: number }[];
  readonly classes: readonly string[];
  readonly split: string | undefined;
  /** Classes none of whose files can be used. */
  readonly lost: readonly LostClass[];
}

/** A file in its place, whether it can be used or not. */
type Placed = Listed | BrokenFile;

const pathOf = (placed: Placed): string => ("path" in placed ? placed.path : placed.file);

const parts = (placed: Placed): string[] => pathOf(placed).split("/");

/** How files are arranged. */
interface ArrangeOptions {
  /** The wanted split. */
  readonly split?: string | undefined;
  /** Whether classes are wanted; without them, images outside of folders are no problem. Default true. */
  readonly labels?: boolean | undefined;
}

/**
 * Finds split and classes in the paths, those of broken files and of folders without images too: a class does not disappear
 * with its files. Exported for its test.
 *
 * Classes are numbered in the order of their names' code units, as torchvision's ImageFolder does. The classes take
 * turns, so that the first N files hold every class.
 *
 * @throws UserError when the wanted split is not there, there are splits and none is named `train` or wanted, or images
 * lie next to the folders that are classes.
 */
export function arrange(
  { files: usable, broken = [], bare = new Set() }: Pick<Listing, "files"> & Partial<Listing>,
  { split: wanted, labels = true }: ArrangeOptions,
  where: string,
): Arranged {
  let depth = 0;
  let files: readonly Placed[] = [...usable, ...broken];
  let folder = "";
  let split: string | undefined;
  while (true) {
    const names = new Set<string>();
    const loose: Placed[] = [];
    for (const file of files) {
      const path = parts(file);
      if (path.length > depth + 1) names.add(path[depth]!);
      else loose.push(file);
    }
    const tops = [...names].sort(byCodeUnit);
    const splits = tops.filter((top) => splitNames.includes(top.toLowerCase()));
    const hasSplits = splits.length > 0 && splits.length === tops.length;
    if (split === undefined && (hasSplits || (wanted !== undefined && names.has(wanted)))) {
      if (wanted === undefined && loose.length > 0) throw mixed(where, loose, tops, "splits");
      split = wanted ?? splits.find((name) => /^train/i.test(name));
      if (split === undefined || !names.has(split)) {
        throw new UserError(
          `${where}: \`split\` (=${wanted ?? "train"}) is not one of its folders; accepted: ${tops.join(", ")}`,
        );
      }
      files = files.filter((file) => parts(file)[depth] === split && parts(file).length > depth + 1);
      folder += `${split}/`;
      depth++;
      continue;
    }
    if (tops.length === 1 && files.every((file) => parts(file).length > depth + 2)) {
      folder += `${tops[0]}/`;
      depth++;
      continue;
    }
    if (wanted !== undefined && split === undefined) {
      throw new UserError(`${where}: there is no split \`${wanted}\`${suggestion(wanted, tops)}`);
    }
    if (tops.length > 0 && loose.length > 0) {
      if (labels) throw mixed(where, loose, tops, "classes");
      return { files: files.filter(isListed).map((file) => ({ file, label: 0 })), classes: [], split, lost: [] };
    }
    const empty = tops.length === 0 || !labels ? [] : emptyClasses(names, bare, folder);
    const arranged = byClass([...files, ...empty], depth);
    return { ...arranged, split };
  }
}

/** An entry for each folder next to those of classes that holds no image. */
function emptyClasses(classes: ReadonlySet<string>, bare: ReadonlySet<string>, folder: string): BrokenFile[] {
  const inside = [...bare]
    .filter((path) => path.startsWith(folder))
    .map((path) => path.slice(folder.length).split("/")[0]!);
  const empty = [...new Set(inside)].filter((name) => name !== "" && name !== "." && !classes.has(name));
  return empty.map((name) => ({
    file: `${folder}${name}/`,
    reason: "it holds no image; move it away, or take all images without classes, by `labels: false`",
  }));
}

const isListed = (placed: Placed): placed is Listed => "path" in placed;

function mixed(where: string, loose: readonly Placed[], tops: readonly string[], what: string): UserError {
  const images = loose.length === 1 ? "an image lies" : `${loose.length} images lie`;
  const folders = tops.length === 1 ? `the folder ${tops[0]}` : `${tops.length} folders (${tops[0]}, ...)`;
  const choice = what === "splits" ? "" : ", or take all images without classes, by `labels: false`";
  return new UserError(
    `${where}: ${images} next to ${folders}, ${pathOf(loose[0]!)} first: folders are ${what}, and what lies next to them ` +
      `belongs to none; move it into a folder of its own or away${choice}`,
  );
}

/**
 * Sorts files into classes by their folders at a depth of their paths. Exported for datasets that know where these are.
 */
export function byClass(files: readonly Placed[], depth: number): Omit<Arranged, "split"> {
  const groups = new Map<string, Placed[]>();
  for (const file of files) {
    const names = parts(file);
    if (names.length <= depth + 1) continue;
    const group = groups.get(names[depth]!);
    if (group === undefined) groups.set(names[depth]!, [file]);
    else group.push(file);
  }
  if (groups.size === 0) {
    return { files: files.filter(isListed).map((file) => ({ file, label: 0 })), classes: [], lost: [] };
  }
  const classes = [...groups.keys()].sort(byCodeUnit);
  const lists = classes.map((name) => groups.get(name)!.filter(isListed));
  const lost = classes.flatMap((name, label) => {
    if (lists[label]!.length > 0) return [];
    return [{ name, ...(groups.get(name)![0] as BrokenFile) }];
  });
  const turns = Array.from(takeTurns(lists.map(({ length }) => length)), ([label, round]) => ({
    file: lists[label]![round]!,
    label,
  }));
  return { files: turns, classes, lost };
}

/** What a folder must contain to be a certain dataset. */
interface Expected {
  readonly name: string;
  readonly classes: readonly string[];
}

/** How a folder is opened as a source. */
interface FolderOptions extends ArrangeOptions, ContentsOptions, ColumnChoice {
  readonly expected?: Expected | undefined;
  /** A table of labels, in place of folders. */
  readonly labelFile?: string | undefined;
}

/**
 * Opens a folder, or a zip or tar archive, as a source.
 *
 * @throws UserError when it holds no image, not the wanted split, images next to the folders of classes, or other classes
 * than expected.
 */
export async function folderSource(path: string, options: FolderOptions = {}): Promise<ImageSource> {
  const { expected, labels = true } = options;
  const full = resolve(path);
  const listing = await listImages(full, "", options.stop);
  refuseEmpty(full, listing);
  const found = await labelsOf(listing, options, full);
  const arranged = found ?? arrange(listing, options, full);
  if (expected !== undefined) refuseOtherClasses(full, arranged.classes, expected);
  const used = {
    name: `${expected?.name ?? basename(full)}${arranged.split === undefined ? "" : ` (${arranged.split})`}`,
    files: arranged.files.map(({ file }) => file),
    labels: arranged.files.map(({ label }) => label),
    classes: arranged.classes,
    broken: [...listing.broken, ...(found?.absent ?? [])],
    ...countsOf(listing, found?.table),
    conditions: found?.conditions,
    table: found?.table,
    unreadTable:
      labels && found === undefined ? listing.labelFiles.find(({ path }) => !path.includes("/"))?.path : undefined,
    lost: labels ? arranged.lost : [],
  };
  return listedSource(used, options);
}

/** How many files there are, and those that are no images. The label file that is read counts as neither. */
function countsOf(listing: Listing, table: LabelTable | undefined): Pick<LabelledFiles, "ignored" | "total"> {
  const total = filesIn(listing);
  const ending = listing.labelFiles.some(({ path }) => path === table?.file) ? endingOf(table!.file) : undefined;
  if (ending === undefined) return { ignored: listing.ignored, total };
  const { [ending]: count = 1, ...others } = listing.ignored;
  return { ignored: count > 1 ? { ...others, [ending]: count - 1 } : others, total: total - 1 };
}

/** Files that are labelled in another way than by folders. */
interface Labelled extends Arranged {
  readonly conditions?: RawConditions | undefined;
  readonly table?: LabelTable;
  readonly absent?: readonly BrokenFile[];
}

/** The labels of a label file: the given one, or `dataset.json`. Undefined where folders are the classes. */
async function labelsOf(listing: Listing, options: FolderOptions, full: string): Promise<Labelled | undefined> {
  const { labelFile, split, labels = true } = options;
  const isStylegan = listing.tables.some(
    ({ path }) => labelFile !== undefined && join(full, path) === resolve(labelFile),
  );
  if (labelFile === undefined || isStylegan) {
    const found = split === undefined || isStylegan ? await styleganLabels(listing, labels, full) : undefined;
    return found && { ...found, split: undefined };
  }
  if (!labels) return undefined;
  const { files, split: part } = arrange(listing, { split, labels: false }, full);
  const chosen = new Set(files.map(({ file }) => file));
  const found = await readLabels(
    full,
    listing,
    { ...options, labelFile },
    listing.files.filter((file) => chosen.has(file)),
  );
  return { ...found, split: part };
}

/** @throws UserError unless the classes are the expected ones in their order, which is that of their names. */
function refuseOtherClasses(path: string, found: readonly string[], { name, classes }: Expected): void {
  if (found.join("/") === classes.join("/")) return;
  const missing = classes.filter((one) => !found.includes(one));
  const foreign = found.filter((one) => !classes.includes(one));
  const which = [
    ...(missing.length > 0 ? [`no ${missing[0]}`] : []),
    ...(foreign.length > 0 ? [`\`${foreign[0]}\`, which is none of them`] : []),
  ];
  throw new UserError(
    `${path}: its class folders are not the ${classes.length} classes of ${name}: ${which.join(", ")}`,
  );
}

/**
 * Images of a folder, zip or tar archive; JPEG, PNG, WebP, GIF (first frame), TIFF and AVIF. Sub-folders are classes, or
 * `dataset.json` of StyleGAN's archives says them, or a label file does. Other containers are recognised by their contents and
 * read in place: parquet files of the Hugging Face hub, `.npz` and `.npy` arrays, HDF5 files, tar shards of webdataset, LMDB
 * databases, and the folders and archives of MNIST and CIFAR. docs/data.md says how each is read.
 *
 * - `path`: the folder or file
 * - `labelFile`: a table with a row for each image (CSV, TSV, JSON, JSON Lines), in place of sub-folders; one in the archive
 *   is `photos.zip/labels.csv`. Images without a row are left out
 * - `nameColumn`, `classColumn`: its columns of file names and of classes; default: those that are called so
 * - `conditions`: names of columns of numbers, or `"all"`, in place of classes: several attributes for each image
 * - `split`: name of the sub-folder, shards or arrays to use when there are splits; default `train`
 * - `entry`: the array, column or ending that holds the images, where there are several; `labelEntry`: that of the labels
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255, white)
 * - `flip`, `classes`, `first`, `labels`: see docs/data.md
 *
 * Building it throws UserError when the path holds no readable image, all images of a class are broken, or images lie next
 * to the folders of classes (unless `labels` is false); other broken files are skipped and listed. It throws for a label file
 * that is not there, is damaged, names none of the images, or has an empty cell or a word where a number is needed.
 *
 * @example
 * imageFolder({ path: "photos/cats.zip", size: 64, flip: true })
 *
 * @example
 * imageFolder({ path: "faces", labelFile: "faces/labels.csv", conditions: ["smiling", "age"] })
 */
export const imageFolder = defineImageDataset(
  "imageFolder",
  z
    .strictObject({
      path: z.string("must be the path of a folder or archive").min(1, "must not be empty"),
      split: z.string().min(1).optional(),
      /** The array, column or ending that holds the images, where there are several. */
      entry: z.string().min(1).optional(),
      /** The array, column or ending that holds the labels. */
      labelEntry: z.string().min(1).optional(),
      labelFile: z.string().min(1, "must not be empty").optional(),
      nameColumn: z.string().optional(),
      classColumn: z.string().optional(),
      conditions: z.union([z.literal("all"), z.array(z.string()).min(1, "must name at least one column")]).optional(),
      ...photographs,
    })
    .refine(
      ({ labelFile, nameColumn, classColumn, conditions }) =>
        labelFile !== undefined || !(nameColumn || classColumn || conditions),
      {
        path: ["labelFile"],
        message: "is needed for `nameColumn`, `classColumn` and `conditions`, which are columns of it",
      },
    )
    .refine(({ classColumn, conditions }) => classColumn === undefined || conditions === undefined, {
      path: ["conditions"],
      message: "and `classColumn` cannot both be given: images have a class, or conditions",
    }),
  async ({ path, entry, labelEntry, ...options }, { cache, stop }) => {
    const { split, labels, labelFile } = options;
    const container = await openContainer(resolve(path), { split, labels, entry, labelEntry, labelFile, cache, stop });
    return container ?? folderSource(path, { ...options, cache, stop });
  },
  { paths: ["labelFile"] },
);
