/**
 * STL-10: colour images of 96 x 96 pixels taken from ImageNet (Coates, Lee and Ng 2011), in the official binary form: 5,000 +
 * 8,000 in ten classes and 100,000 without labels.
 *
 * An image is three planes, each stored column by column (the authors work in MATLAB); labels count from 1. The unlabelled
 * file has 2.8 GB, so images are read from the file one at a time.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { readBytes } from "../../formats/index.ts";
import { type ContentsOptions, readContents } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { path, photographs } from "../options.ts";
import { type ImageSource, type OpenSource, sha256, splitNote, sumOfFile } from "../source.ts";

/** The folder that the official archive unpacks to. */
const FOLDER = "stl10_binary";

const splits = {
  train: ["train_X.bin", "train_y.bin"],
  test: ["test_X.bin", "test_y.bin"],
  unlabeled: ["unlabeled_X.bin"],
} as const;

/** MD5 of the binary files, on which many public sources agree: used only for the note that they are the official ones. */
const official: Readonly<Record<string, string>> = {
  "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f",
  "train_y.bin": "5a34089d4802c674881badbb80307741",
  "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
  "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
  "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4",
};

const classes = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"];

const SIDE = 96;
const IMAGE = 3 * SIDE * SIDE;

/**
 * Opens a split.
 * @throws UserError when files are absent and, on opening, when they do not have the form.
 */
export async function stl10Source(
  path: string | undefined,
  split: keyof typeof splits,
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const root = datasetFolder("stl10", path);
  const files = splits[split];
  const folder = [root, join(root, FOLDER)].find((place) => files.every((file) => existsSync(join(place, file))));
  if (folder === undefined) {
    throw new UserError(
      `stl10: ${files.join(" and ")} ${files.length > 1 ? "are" : "is"} not in ${root}; ${howToGet("stl10")}, or give ` +
        "the folder that holds the .bin files as `path`",
    );
  }
  const paths = files.map((file) => join(folder, file));
  const { hash, hashed } = await readContents(paths, options);
  return {
    name: `stl10 (${split})`,
    fingerprint: sha256(JSON.stringify([split, hash])),
    hashed,
    open: () => openStl10(paths, split),
  };
}

async function openStl10(paths: readonly string[], split: keyof typeof splits): Promise<OpenSource> {
  const [imagesPath, labelsPath] = paths as [string, string | undefined];
  const bytes = statSync(imagesPath).size;
  if (bytes === 0 || bytes % IMAGE !== 0) {
    throw new UserError(
      `${imagesPath}: ${bytes} bytes are not a whole number of images of ${IMAGE} bytes; the file is cut short or not in ` +
        "STL-10's binary form",
    );
  }
  const count = bytes / IMAGE;
  const labels = labelsPath === undefined ? new Uint8Array(count) : labelsOf(labelsPath, imagesPath, count);
  const sums = await Promise.all(paths.map((file) => sumOfFile("md5", file)));
  const isOfficial = splits[split].every((file, i) => official[file] === sums[i]);
  return {
    images: {
      form: "raw",
      pixels: imagesPath,
      start: 0,
      stride: IMAGE,
      channels: 3,
      height: SIDE,
      width: SIDE,
      columns: true,
    },
    names: (index) => `${imagesPath} image ${index}`,
    labels,
    classes: labelsPath === undefined ? [] : classes,
    note: splitNote("stl10", split, count, isOfficial),
  };
}

/** The labels of a file, from 0 on. */
function labelsOf(path: string, imagesPath: string, count: number): Uint8Array {
  const stored = readBytes(path);
  if (stored.length !== count) {
    throw new UserError(`${imagesPath} holds ${count} images, ${path} ${stored.length} labels`);
  }
  const outside = stored.findIndex((label) => label < 1 || label > classes.length);
  if (outside >= 0) {
    throw new UserError(`${path}: label ${outside} is ${stored[outside]}; labels go from 1 to ${classes.length}`);
  }
  return Uint8Array.from(stored, (label) => label - 1);
}

/**
 * STL-10 in the official binary form, from `gantry data get stl10` or from a folder of one's own.
 *
 * - `split`: `train` (default, 5,000 images), `test` (8,000) or `unlabeled` (100,000, without classes)
 * - `path`: the folder with the `.bin` files, or the one above it; default: where `gantry data get` puts them
 * - `size`: default 64; the images have 96 pixels, and SNGAN's results (Miyato et al. 2018) are at 48
 * - `channels` (default 3; 1 gives luminance), `fit` (default `crop`), `background` (default 255)
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
 *
 * Building it throws UserError, with the command that gets the files, when they are not there.
 *
 * @example
 * stl10({ split: "unlabeled", size: 64, flip: true })
 */
export const stl10 = defineImageDataset(
  "stl10",
  z.strictObject({
    path,
    split: z.enum(["train", "test", "unlabeled"], "must be `train`, `test` or `unlabeled`").default("train"),
    ...photographs,
  }),
  ({ path, split }, context) => stl10Source(path, split, context),
  {
    name: "stl10",
    download: {
      title: "STL-10, binary version",
      home: "https://cs.stanford.edu/~acoates/stl10/",
      files: [
        {
          name: "stl10_binary.tar.gz",
          urls: [
            "https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
            "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
          ],
          sha256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
          bytes: 2_640_397_119,
        },
      ],
      unpack: {
        "stl10_binary/train_X.bin": 138_240_000,
        "stl10_binary/train_y.bin": 5_000,
        "stl10_binary/test_X.bin": 221_184_000,
        "stl10_binary/test_y.bin": 8_000,
        "stl10_binary/unlabeled_X.bin": 2_764_800_000,
      },
    },
  },
);
