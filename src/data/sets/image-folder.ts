/**
 * A dataset of image files: a folder, or a zip or tar archive, whose sub-folders are the classes.
 *
 * The layout is read from the paths, see {@link ./folder-classes.ts}; without sub-folders the images have no classes. Images
 * next to the folders of classes are refused: whichever way they were taken, some would be gone.
 */
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { quoted } from "../../formats/index.ts";
import type { RawConditions } from "../conditions.ts";
import { openContainer } from "../containers/index.ts";
import type { ContentsOptions } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { endingOf } from "../image-format.ts";
import type { ColumnChoice } from "../labels/columns.ts";
import { readLabels } from "../labels/label-file.ts";
import { type LabelledFiles, listedSource, refuseEmpty } from "../listed-source.ts";
import { filesIn, type Listing, listImages } from "../listing.ts";
import { photographs } from "../options.ts";
import type { BrokenFile, ImageSource, LabelTable } from "../source.ts";
import { type Arranged, type ArrangeOptions, arrange, arrangeSplit } from "./folder-classes.ts";
import { styleganLabels } from "./stylegan-labels.ts";

/** What a folder must contain to be a certain dataset. */
interface Expected {
  readonly name: string;
  readonly classes: readonly string[];
}

/** How a folder is opened as a source. */
interface FolderOptions extends ArrangeOptions, ContentsOptions, ColumnChoice {
  readonly expected?: Expected | undefined;
  /** The classes that are wanted, by their names. */
  readonly classes?: readonly string[] | undefined;
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
  if (labels && options.labelFile === undefined) refuseUnreadLabels(full, listing);
  const found = await labelsOf(listing, options, full);
  // The classes of a known dataset are compared as they lie there.
  const arranged = found ?? (expected === undefined ? arrange : arrangeSplit)(listing, options, full);
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
    unreadTable: labels && found === undefined ? likelyTable(listing, arranged.split) : undefined,
    remarks: guessNote(listing),
    lost: labels ? arranged.lost : [],
  };
  return listedSource(used, options);
}

/** @throws UserError for webdataset's labels where its shards are not read: in folders, zip archives, and under other names. */
function refuseUnreadLabels(where: string, { ignored }: Listing): void {
  const count = ignored[".cls"];
  if (count === undefined) return;
  throw new UserError(
    `${where}: ${counted(count, "file")} .cls with labels of webdataset, which are read only from .tar shards in which each has the name ` +
      "of its image; `labels: false` takes the images without",
  );
}

/** Said of names in a zip archive that may be wrong. */
function guessNote({ guessedNames }: Listing): string[] {
  const [first] = guessedNames;
  if (first === undefined) return [];
  return [
    `${counted(guessedNames.length, "name is", "names are")} neither ASCII nor UTF-8 and read as code page 437, ${quoted(first)} first; names of ` +
      "another one, such as Shift-JIS, are right when the archive is made again with names in UTF-8",
  ];
}

/** More are no label files: JSON next to each image, for example. */
const MOST_TABLES = 4;

/** A file that may label the images: one at the top or in the folder of the split, or one of a few elsewhere. */
function likelyTable({ labelFiles }: Listing, split: string | undefined): string | undefined {
  const top = labelFiles.find(({ path }) => !path.includes("/"));
  const own = labelFiles.find(({ path }) => split !== undefined && path.startsWith(`${split}/`));
  return (top ?? own ?? (labelFiles.length <= MOST_TABLES ? labelFiles[0] : undefined))?.path;
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
interface Labelled extends Omit<Arranged, "otherSplits"> {
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
  const partOf = (hasSplits: boolean) => {
    const { files, split: part } = arrangeFiles(listing, split, hasSplits, full);
    const chosen = new Set(files.map(({ file }) => file));
    return { files: listing.files.filter((file) => chosen.has(file)), split: part };
  };
  return readLabels(full, listing, { ...options, labelFile }, partOf);
}

/** The files of a split by their folders, or all of them where there is none and a column says the splits. */
function arrangeFiles(listing: Listing, split: string | undefined, hasSplits: boolean, full: string): Arranged {
  try {
    return arrange(listing, { split, labels: false }, full);
  } catch (error) {
    if (!hasSplits || split === undefined || !(error instanceof UserError)) throw error;
    const all = arrange(listing, { labels: false }, full);
    if (all.split === undefined) return all;
    throw error;
  }
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
 * databases, and the folders and archives of MNIST and CIFAR. docs/how-to/data/README.md says how each is read.
 *
 * - `path`: the folder or file
 * - `labelFile`: a table with a row for each image (CSV, TSV, JSON, JSON Lines), in place of sub-folders; one in the archive
 *   is `photos.zip/labels.csv`. Images without a row are left out
 * - `nameColumn`, `classColumn`: its columns of file names and of classes; default: the one whose cells are such names, and the one
 *   that is called so
 * - `conditions`: names of columns of numbers, or `"all"`, in place of classes: several attributes for each image
 * - `split`: name of the sub-folder, shards or arrays to use when there are splits; default `train`
 * - `entry`: the array, column, ending or size of the images, where there are several; `labelEntry`: that of the labels
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255, white)
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
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
      /** The array, column, ending or size of the images, where there are several. */
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
        message:
          "is needed for `nameColumn`, `classColumn` and `conditions`, which are columns of it; columns of parquet files " +
          "are no conditions",
      },
    )
    .refine(({ classColumn, conditions }) => classColumn === undefined || conditions === undefined, {
      path: ["conditions"],
      message: "cannot be given together with `classColumn`: images have a class or conditions, not both",
    }),
  async ({ path, entry, labelEntry, ...options }, { cache, stop }) => {
    const { split, labels, labelFile } = options;
    const container = await openContainer(resolve(path), { split, labels, entry, labelEntry, labelFile, cache, stop });
    return container ?? folderSource(path, { ...options, cache, stop });
  },
  { paths: ["labelFile"] },
);
