/** Datasets in the form of MNIST: a file of images and a file of labels, both IDX, plain or gzip. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { parseIdx, readMaybeGzip } from "../../formats/index.ts";
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

/**
 * Opens the split of a dataset in `folder`.
 *
 * @throws UserError when a file is absent, and on opening when magic, shape, counts or labels do not fit.
 */
export async function idxSource(dataset: IdxDataset, folder: string, split: IdxSplit): Promise<ImageSource> {
  const imagesPath = findIdx(folder, split, "images");
  const labelsPath = findIdx(folder, split, "labels");
  if (imagesPath === undefined || labelsPath === undefined) {
    const missing = stems[split][imagesPath === undefined ? "images" : "labels"];
    throw new UserError(
      `${dataset.name}: ${missing} (or ${missing}.gz) is not in ${folder}; ${howToGet(dataset.name)}`,
    );
  }
  return {
    name: `${dataset.name} (${split})`,
    fingerprint: `${await sha256OfFile(imagesPath)} ${await sha256OfFile(labelsPath)}`,
    // A margin of 2 keeps every pixel, as in LeNet-5's input field (LeCun et al. 1998); a wider one would waste the
    // image.
    defaultFit: (size) => (size >= 28 && size <= 32 ? "pad" : "crop"),
    open: () => openIdx(dataset, split, imagesPath, labelsPath),
  };
}

/** Whether a file is an official one, as it is or after inflating. */
async function isOfficial({ official }: IdxDataset, path: string, contents: Uint8Array): Promise<boolean> {
  const name = basename(path);
  return official[name.replace(/\.gz$/, "")] === sha256(contents) || official[name] === (await sha256OfFile(path));
}

async function openIdx(
  dataset: IdxDataset,
  split: IdxSplit,
  imagesPath: string,
  labelsPath: string,
): Promise<OpenSource> {
  const imageBytes = readMaybeGzip(imagesPath);
  const labelBytes = readMaybeGzip(labelsPath);
  const images = parseIdx(imageBytes, imagesPath);
  const labels = parseIdx(labelBytes, labelsPath);
  if (images.dtype !== "uint8" || images.shape.length !== 3) {
    throw new UserError(`${imagesPath}: images must be uint8 [N, H, W]; these are ${images.dtype} [${images.shape}]`);
  }
  if (labels.dtype !== "uint8" || labels.shape.length !== 1) {
    throw new UserError(`${labelsPath}: labels must be uint8 [N]; these are ${labels.dtype} [${labels.shape}]`);
  }
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.shape[0] !== count) {
    throw new UserError(`${imagesPath} holds ${count} images, ${labelsPath} ${labels.shape[0]} labels`);
  }
  const largest = (labels.data as Uint8Array).reduce((a, b) => Math.max(a, b), 0);
  if (largest >= dataset.classes.length) {
    throw new UserError(`${labelsPath}: label ${largest} is out of range; there are ${dataset.classes.length} classes`);
  }
  const official =
    (await isOfficial(dataset, imagesPath, imageBytes)) && (await isOfficial(dataset, labelsPath, labelBytes));
  return {
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
    labels: labels.data,
    classes: dataset.classes,
    note: splitNote(dataset.name, split, count, official),
  };
}
