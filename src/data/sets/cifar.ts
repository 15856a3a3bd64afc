/**
 * Sources of CIFAR (Krizhevsky 2009): the official binary files, records of label bytes and three planes of 32 x 32
 * bytes; or, where these are not, an edition as image files, `train/<class>/` and `test/<class>/` in a folder or a zip
 * archive.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { readBytes } from "../../formats/index.ts";
import type { ContentsOptions } from "../contents.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { background, channels, choice, fit, path, size, trainOrTest } from "../options.ts";
import { type ImageSource, type OpenSource, sha256, sha256OfFile, splitNote } from "../source.ts";
import { folderSource } from "./image-folder.ts";

/** The two splits of the CIFAR datasets. */
export type CifarSplit = "train" | "test";

/** The differences between datasets of this form. */
export interface CifarDataset {
  readonly name: string;
  /** The folder that the official archive unpacks to. */
  readonly folder: string;
  readonly files: Readonly<Record<CifarSplit, readonly string[]>>;
  /** Bytes before the planes, and which of them is the label. */
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classes: readonly string[];
  /** SHA-256 of the official files. */
  readonly official: Readonly<Record<string, string>>;
}

/** Red, green and blue, each 32 x 32 bytes. */
const PLANES = 3 * 32 * 32;

/** The options that the CIFAR datasets share. */
export const cifarOptions = {
  path,
  split: trainOrTest,
  size: size.default(32),
  channels: channels.default(3),
  fit: fit.default("crop"),
  background: background.default(0),
  ...choice,
};

/**
 * The folder that holds a split's binary files, if any: `root` itself or the sub-folder that the official archive
 * unpacks to.
 */
function binaryFolder({ folder, files }: CifarDataset, root: string, split: CifarSplit): string | undefined {
  return [root, join(root, folder)].find((place) => files[split].every((file) => existsSync(join(place, file))));
}

/** The folder or archive with image files by split, if any: `root`, or the zip file next to it of the same name. */
function imageFiles(root: string, split: CifarSplit): string | undefined {
  const isArchive = (place: string) => /\.zip$/i.test(place) && existsSync(place);
  return [root, `${root}.zip`].find((place) => isArchive(place) || existsSync(join(place, split)));
}

/**
 * The source of a split.
 *
 * @throws UserError when neither form is there, when image files are not in the classes of the dataset, or when, on
 * opening, binary files do not have the form.
 */
export async function cifarSource(
  dataset: CifarDataset,
  path: string | undefined,
  split: CifarSplit,
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const root = datasetFolder(dataset.name, path);
  const folder = binaryFolder(dataset, root, split);
  if (folder !== undefined) return binarySource(dataset, folder, split);
  const images = imageFiles(root, split);
  if (images !== undefined) return folderSource(images, { ...options, split, expected: dataset });
  const [first, last] = [dataset.files[split][0], dataset.files[split].at(-1)];
  const [what, are] = first === last ? [first, "is"] : [`${first} to ${last}`, "are"];
  throw new UserError(
    `${dataset.name}: ${what} ${are} not in ${root}; ${howToGet(dataset.name)}, or give as \`path\` the folder ` +
      `that holds them, or a folder or zip with image files in ${split}/<class>/`,
  );
}

async function binarySource(dataset: CifarDataset, folder: string, split: CifarSplit): Promise<ImageSource> {
  const names = dataset.files[split];
  const files = names.map((file) => join(folder, file));
  const sums = await Promise.all(files.map(sha256OfFile));
  const isOfficial = names.every((file, i) => dataset.official[file] === sums[i]);
  return {
    name: `${dataset.name} (${split})`,
    // One file holds coarse and fine labels.
    fingerprint: sha256(`${sums.join(" ")}${dataset.labelBytes > 1 ? ` label ${dataset.labelAt}` : ""}`),
    open: () => openCifar(dataset, files, split, isOfficial),
  };
}

async function openCifar(
  dataset: CifarDataset,
  files: readonly string[],
  split: CifarSplit,
  isOfficial: boolean,
): Promise<OpenSource> {
  const { name, labelBytes, labelAt, classes } = dataset;
  const record = labelBytes + PLANES;
  const batches = files.map(readBytes);
  for (const [i, batch] of batches.entries()) {
    if (batch.byteLength > 0 && batch.byteLength % record === 0) continue;
    throw new UserError(
      `${files[i]}: ${batch.byteLength} bytes are not a whole number of ${record}-byte records; the file is cut short or ` +
        `not in ${name}'s binary form`,
    );
  }
  const pixels = batches.length === 1 ? batches[0]! : Buffer.concat(batches);
  const labels = Uint8Array.from({ length: pixels.byteLength / record }, (_, i) => pixels[i * record + labelAt]!);
  const outside = labels.findIndex((label) => label >= classes.length);
  if (outside >= 0) {
    const accepted = `labels go from 0 to ${classes.length - 1}`;
    throw new UserError(`${name} (${split}): record ${outside} has label ${labels[outside]}; ${accepted}`);
  }
  return {
    images: { form: "raw", pixels, start: labelBytes, stride: record, channels: 3, height: 32, width: 32 },
    names: (index) => `${name} ${split} record ${index}`,
    labels,
    classes,
    note: splitNote(name, split, labels.length, isOfficial),
  };
}
