/** CIFAR-10: 50,000 + 10,000 colour images of 32 x 32 pixels in ten classes (Krizhevsky 2009), in the official binary form. */
import { z } from "zod";
import { type CifarDataset, cifarOptions, cifarSource } from "./cifar-source.ts";
import { defineImageDataset } from "./define.ts";
import { cifar10Files } from "./registry.ts";

const dataset: CifarDataset = {
  name: "cifar10",
  folder: "cifar-10-batches-bin",
  files: {
    train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: ["test_batch.bin"],
  },
  labelBytes: 1,
  labelAt: 0,
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  official: cifar10Files,
};

/**
 * CIFAR-10 in the official binary form, from `gantry data get cifar10` or from a folder of one's own, or as image files. Where
 * those are JPEG the pixels are not quite the official ones, and neither are scores: `protocolNote` says so.
 *
 * - `path`: the folder with the `.bin` files, or the one above it; or a folder or `.zip` of image files in `<split>/<class>/`;
 *   default: where `gantry data get` puts the files, `cifar10` among the datasets, or `cifar10.zip` beside it
 * - `split`: `train` (default, 50,000 images) or `test` (10,000)
 * - `size` (default 32), `channels` (default 3; 1 gives luminance), `fit` (default `crop`), `background` (default 0)
 * - `flip`, `classes`, `first`, `labels`: see docs/data.md
 *
 * Building it throws UserError, with the command that gets the files, when they are not there.
 *
 * @example
 * cifar10({ flip: true })
 */
export const cifar10 = defineImageDataset("cifar10", z.strictObject(cifarOptions), ({ path, split }) =>
  cifarSource(dataset, path, split),
);
