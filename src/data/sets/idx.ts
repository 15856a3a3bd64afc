/** Datasets in the form of MNIST: a file of images and a file of labels, both IDX, plain or gzip. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { parseIdx, readIdxBytes } from "../../formats/index.ts";
import { defineContainer, type Place } from "../containers/container.ts";
import { numberedClasses } from "../containers/numbered-classes.ts";
import type { OfficialFile } from "../download.ts";
import { howToGet } from "../named.ts";
import { background, channels, choice, fit, path, size, trainOrTest } from "../options.ts";
import { type ImageSource, type OpenSource, sha256, sha256OfFile, splitNote } from "../source.ts";

/** The two splits of MNIST and of the datasets in its form. */
export type IdxSplit = "train" | "test";

const stems = {
  train: { images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte" },
  test: { images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte" },
} as const;

/** The options of MNIST and of the datasets in its form. */
export const idxOptions = z.strictObject({
  /** A folder with the four IDX files, plain or gzip, under their official names. */
  path,
  split: trainOrTest,
  size: size.default(32),
  channels: channels.default(1),
  fit: fit.optional(),
  background: background.default(0),
  ...choice,
});

/** The four files as they are downloaded, from one of the addresses: name, bytes and SHA-256 of each. */
export function idxFiles(
  bases: readonly string[],
  rows: readonly (readonly [string, number, string])[],
): OfficialFile[] {
  return rows.map(([name, bytes, sum]) => ({ name, bytes, sha256: sum, urls: bases.map((base) => base + name) }));
}

/** The differences between datasets of this form. */
export interface IdxDataset {
  readonly name: string;
  readonly classes: readonly string[];
  /**
   * SHA-256 of the official files: of the contents after inflating by the name without `.gz`, or of the `.gz` by its
   * own.
   */
  readonly official: Readonly<Record<string, string>>;
  /** The folder of its `raw/` where torchvision keeps it, such as `MNIST`. */
  readonly torchvision?: string;
}

/** The path of a split's file in a folder: as named officially, plain or `.gz`; undefined when absent. */
export function findIdx(folder: string, split: IdxSplit, part: "images" | "labels"): string | undefined {
  const stem = stems[split][part];
  return [stem, `${stem}.gz`].map((name) => join(folder, name)).find((path) => existsSync(path));
}

/** Whether a folder holds both files of a split. */
export function hasIdx(folder: string, split: IdxSplit): boolean {
  return findIdx(folder, split, "images") !== undefined && findIdx(folder, split, "labels") !== undefined;
}

/** The folders in which a dataset's files may be: `root`, and where torchvision puts them in it. */
const foldersIn = ({ torchvision }: IdxDataset, root: string): string[] => [
  root,
  join(root, "raw"),
  ...(torchvision === undefined ? [] : [join(root, torchvision, "raw")]),
];

/**
 * Opens the split of a dataset in `root`, or in the folder in it where torchvision puts the files.
 *
 * @throws UserError when a file is absent, and on opening when magic, shape, counts or labels do not fit.
 */
export async function idxSource(dataset: IdxDataset, root: string, split: IdxSplit): Promise<ImageSource> {
  const folder = foldersIn(dataset, root).find((place) => hasIdx(place, split)) ?? root;
  const imagesPath = findIdx(folder, split, "images");
  const labelsPath = findIdx(folder, split, "labels");
  if (imagesPath === undefined || labelsPath === undefined) {
    const missing = stems[split][imagesPath === undefined ? "images" : "labels"];
    throw new UserError(
      `${dataset.name}: ${missing} (or ${missing}.gz) is not in ${folder}; ${howToGet(dataset.name)}`,
    );
  }
  return idxFilesSource(`${dataset.name} (${split})`, imagesPath, labelsPath, () =>
    openIdx(dataset, split, imagesPath, labelsPath),
  );
}

/** The source of a pair of files. */
export async function idxFilesSource(
  name: string,
  imagesPath: string,
  labelsPath: string,
  open: () => Promise<OpenSource>,
): Promise<ImageSource> {
  return {
    name,
    fingerprint: [
      await sha256OfFile(imagesPath),
      await sha256OfFile(labelsPath),
      ...passedOver([imagesPath, labelsPath]),
    ].join(" "),
    // A margin of 2 keeps every pixel, as in LeNet-5's input field (LeCun et al. 1998); a wider one would waste the
    // image.
    defaultFit: (size) => (typeof size === "number" && size >= 28 && size <= 32 ? "pad" : "crop"),
    open,
  };
}

/** Whether a file is an official one, as it is or after inflating. */
async function isOfficial({ official }: IdxDataset, path: string, contents: Uint8Array): Promise<boolean> {
  const name = basename(path);
  return official[name.replace(/\.gz$/, "")] === sha256(contents) || official[name] === (await sha256OfFile(path));
}

/** The images and labels of a pair of files. */
export interface IdxPair extends Pick<OpenSource, "images" | "names"> {
  readonly count: number;
  readonly labels: Uint8Array;
  /** The bytes of both files, inflated. */
  readonly bytes: readonly [images: Buffer, labels: Buffer];
}

/**
 * Reads a pair of files.
 * @throws UserError when magic, shape or counts do not fit.
 */
export function readIdxPair(imagesPath: string, labelsPath: string): IdxPair {
  const imageBytes = readIdxBytes(imagesPath);
  const labelBytes = readIdxBytes(labelsPath);
  const images = parseIdx(imageBytes, imagesPath);
  const labels = labelsOf(labelBytes, labelsPath);
  if (images.dtype !== "uint8" || images.shape.length !== 3) {
    throw new UserError(`${imagesPath}: images must be uint8 [N, H, W]; these are ${images.dtype} [${images.shape}]`);
  }
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.length !== count) {
    throw new UserError(`${imagesPath} holds ${count} images, ${labelsPath} ${labels.length} labels`);
  }
  return {
    count,
    labels,
    bytes: [imageBytes, labelBytes],
    images: {
      form: "raw",
      pixels: images.data as Uint8Array,
      start: 0,
      stride: height * width,
      channels: 1,
      height,
      width,
    },
    names: (index) => `${imagesPath} image ${index}`,
  };
}

/** The labels of a file's bytes. @throws UserError when they are none. */
function labelsOf(bytes: Buffer, path: string): Uint8Array {
  const labels = parseIdx(bytes, path);
  if (labels.dtype !== "uint8" || labels.shape.length !== 1) {
    throw new UserError(`${path}: labels must be uint8 [N]; these are ${labels.dtype} [${labels.shape}]`);
  }
  return labels.data as Uint8Array;
}

async function openIdx(
  dataset: IdxDataset,
  split: IdxSplit,
  imagesPath: string,
  labelsPath: string,
): Promise<OpenSource> {
  const { images, names, labels, count, bytes } = readIdxPair(imagesPath, labelsPath);
  const largest = labels.reduce((a, b) => Math.max(a, b), 0);
  if (largest >= dataset.classes.length) {
    throw new UserError(`${labelsPath}: label ${largest} is out of range; there are ${dataset.classes.length} classes`);
  }
  const official =
    (await isOfficial(dataset, imagesPath, bytes[0])) && (await isOfficial(dataset, labelsPath, bytes[1]));
  const note = splitNote(dataset.name, split, count, official);
  const remarks = official ? [] : passedOver([imagesPath, labelsPath]);
  return { images, names, labels, classes: dataset.classes, note, remarks };
}

/** Said of compressed files next to those that are read, which may hold something else. */
function passedOver(paths: readonly string[]): string[] {
  const both = paths.filter((path) => existsSync(`${path}.gz`)).map((path) => basename(path));
  return both.length === 0
    ? []
    : [
        `${both.join(" and ")} ${both.length === 1 ? "is" : "are"} read, and not ${both.map((name) => `${name}.gz`).join(" and ")}`,
      ];
}

/** The datasets of this form, by which a folder without a name is recognised. */
const known: IdxDataset[] = [];

/** Has the folders of a dataset recognised by its official sums. */
export function recogniseIdx(dataset: IdxDataset): void {
  known.push(dataset);
}

/** The folders with IDX files that a path is or is above, as torchvision has them, or that of one of the files. */
function idxFolders({ path, isFolder }: Place): string[] {
  const has = (folder: string): boolean => hasIdx(folder, "train") || hasIdx(folder, "test");
  if (!isFolder) return splitOfFile(path) !== undefined && has(dirname(path)) ? [dirname(path)] : [];
  return [...new Set(known.flatMap((dataset) => foldersIn(dataset, path)))].filter(has);
}

/** The split of a file with an official name. */
function splitOfFile(path: string): IdxSplit | undefined {
  const name = basename(path).replace(/\.gz$/, "");
  const splits = ["train", "test"] as const;
  return splits.find((split) => Object.values(stems[split]).some((stem) => stem === name));
}

defineContainer({
  what: "IDX files",
  hasEntries: false,
  recognises: (place) => idxFolders(place).length > 0,
  open: async (place, { split: wanted }) => {
    const [folder, other] = idxFolders(place) as [string, string?];
    if (other !== undefined)
      throw new UserError(`${place.path}: it has IDX files in ${folder} and in ${other}; give one of these`);
    const split = wanted ?? splitOfFile(place.path) ?? (hasIdx(folder, "train") ? "train" : "test");
    if (split !== "train" && split !== "test") {
      throw new UserError(`${place.path}: \`split\` (=${split}) of IDX files must be train or test`);
    }
    const [imagesPath, labelsPath] = [findIdx(folder, split, "images"), findIdx(folder, split, "labels")];
    if (imagesPath === undefined || labelsPath === undefined) {
      throw new UserError(`${folder}: ${Object.values(stems[split]).join(" and ")} are not both there`);
    }
    const name = `${basename(place.path)} (${split})`;
    const otherPath = findIdx(folder, split === "train" ? "test" : "train", "labels");
    const source = await idxFilesSource(name, imagesPath, labelsPath, () =>
      openAny(basename(place.path), split, [imagesPath, labelsPath], otherPath),
    );
    const { fingerprint } = source;
    return otherPath === undefined
      ? source
      : { ...source, fingerprint: `${fingerprint} ${await sha256OfFile(otherPath)}` };
  },
});

/**
 * Opens a pair of files of any dataset: those of a known one have its classes, others have numbers, which the labels of the
 * other split count for as well.
 */
async function openAny(
  name: string,
  split: IdxSplit,
  [imagesPath, labelsPath]: readonly [string, string],
  otherPath: string | undefined,
): Promise<OpenSource> {
  const { images, names, labels, count, bytes } = readIdxPair(imagesPath, labelsPath);
  for (const dataset of known) {
    if (await isOfficial(dataset, imagesPath, bytes[0])) return openIdx(dataset, split, imagesPath, labelsPath);
  }
  const others = otherPath === undefined ? [] : [labelsOf(readIdxBytes(otherPath), otherPath)];
  const numbered = numberedClasses(labels, labelsPath, others);
  const note = `${counted(count, "image")} from IDX files of ${name}, ${split} split, which are those of no dataset known here`;
  return { images, names, ...numbered, note, remarks: passedOver([imagesPath, labelsPath]) };
}
