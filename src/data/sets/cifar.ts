/**
 * Sources of CIFAR (Krizhevsky 2009): the official files, binary or Python's, unpacked or not; or, where these are not, an
 * edition as image files, `train/<class>/` and `test/<class>/` in a folder or a zip archive.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { defineContainer, lookAt } from "../containers/container.ts";
import type { ContentsOptions } from "../contents.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { background, channels, choice, fit, path, size, trainOrTest } from "../options.ts";
import { type ImageSource, type OpenSource, sha256, sha256OfFile, splitNote } from "../source.ts";
import {
  type CifarEdition,
  type CifarFiles,
  type CifarPython,
  type CifarSplit,
  findCifar,
  PLANES,
} from "./cifar-records.ts";
import { folderSource } from "./image-folder.ts";

/** The differences between datasets of this form. */
export interface CifarDataset {
  readonly name: string;
  readonly binary: CifarFiles;
  readonly python: CifarPython;
  /** Bytes before the planes, and which of them is the label. */
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classes: readonly string[];
}

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

/** The folder or archive with image files by split, if any: `root`, or the zip file next to it of the same name. */
function imageFiles(root: string, split: CifarSplit): string | undefined {
  const isArchive = (place: string) => /\.zip$/i.test(place) && existsSync(place);
  // The Python edition has files called train and test.
  const isFolder = (place: string) => existsSync(place) && statSync(place).isDirectory();
  return [root, `${root}.zip`].find((place) => isArchive(place) || isFolder(join(place, split)));
}

/**
 * The source of a split.
 *
 * @throws UserError when no form is there, when image files are not in the classes of the dataset, or when, on opening, the
 * official files do not have their form.
 */
export async function cifarSource(
  dataset: CifarDataset,
  path: string | undefined,
  split: CifarSplit,
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const root = datasetFolder(dataset.name, path);
  const edition = findCifar(root, split, dataset.binary, dataset.python);
  if (edition !== undefined) return editionSource(dataset, edition, split);
  const images = imageFiles(root, split);
  if (images !== undefined) return folderSource(images, { ...options, split, expected: dataset });
  const { files } = dataset.binary;
  const [first, last] = [files[split][0], files[split].at(-1)];
  const [what, are] = first === last ? [first, "is"] : [`${first} to ${last}`, "are"];
  throw new UserError(
    `${dataset.name}: ${what} ${are} not in ${root}; ${howToGet(dataset.name)}, or give as \`path\` the folder ` +
      `that holds them or those of ${dataset.python.folder}, their archive, or a folder or zip with image files in ${split}/<class>/`,
  );
}

/** Has the official editions recognised by their files' names or the archive's first member. */
export function recogniseCifar(dataset: CifarDataset): void {
  const find = (path: string, split: CifarSplit) => findCifar(path, split, dataset.binary, dataset.python);
  // Files called `train` and `test` may be anything: a pickle begins with 0x80, gzip with 0x1f.
  const isKnown = (path: string): boolean => path.endsWith(".bin") || [0x80, 0x1f].includes(lookAt(path).head[0] ?? 0);
  const has = (path: string): CifarSplit | undefined =>
    (["train", "test"] as const).find((split) => find(path, split)?.paths.every(isKnown));
  defineContainer({
    what: `files of ${dataset.name}`,
    hasEntries: false,
    recognises: ({ path }) => has(path) !== undefined,
    open: async ({ path }, { split = has(path)! }) => {
      const edition = split === "train" || split === "test" ? find(path, split) : undefined;
      if (edition === undefined) {
        throw new UserError(`${path}: files of ${dataset.name} that have no split \`${split}\`; accepted: train, test`);
      }
      return editionSource(dataset, edition, split as CifarSplit);
    },
  });
}

async function editionSource(dataset: CifarDataset, edition: CifarEdition, split: CifarSplit): Promise<ImageSource> {
  const sums = await Promise.all(edition.paths.map(sha256OfFile));
  return {
    name: `${dataset.name} (${split})`,
    // One file holds coarse and fine labels.
    fingerprint: sha256(`${sums.join(" ")}${dataset.labelBytes > 1 ? ` label ${dataset.labelAt}` : ""}`),
    open: () => openCifar(dataset, edition, split),
  };
}

async function openCifar(dataset: CifarDataset, edition: CifarEdition, split: CifarSplit): Promise<OpenSource> {
  const { name, labelBytes, labelAt, classes } = dataset;
  const record = labelBytes + PLANES;
  const batches = await edition.read();
  for (const [i, batch] of batches.entries()) {
    if (batch.byteLength > 0 && batch.byteLength % record === 0) continue;
    throw new UserError(
      `${edition.paths[i] ?? edition.paths[0]}: ${batch.byteLength} bytes are not a whole number of ${record}-byte records; the file is cut short or ` +
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
    note: splitNote(name, split, labels.length, await edition.isOfficial()),
  };
}
