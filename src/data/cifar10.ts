/** CIFAR-10: 50,000 + 10,000 colour images of 32 x 32 pixels in ten classes (Krizhevsky 2009), in the official binary form. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { fileError } from "../formats/atomic.ts";
import { describeImages } from "./describe.ts";
import { background, channels, choice, fit, size } from "./options.ts";
import { datasetsFolder } from "./paths.ts";
import { cifar10Files } from "./registry.ts";
import { type ImageSource, type OpenSource, sha256, sha256OfFile } from "./source.ts";

const classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

const splits = {
  train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
  test: ["test_batch.bin"],
} as const;

/** A record is a label byte and three planes (red, green, blue) of 32 x 32 bytes. */
const PLANES = 3 * 32 * 32;
const RECORD = 1 + PLANES;

/** The folder that holds a split's files: `folder` itself or the sub-folder that the official archive unpacks to. */
function cifarFolder(path: string | undefined, split: keyof typeof splits): string {
  const root = path ?? join(datasetsFolder(), "cifar10");
  const candidates = [root, join(root, "cifar-10-batches-bin")];
  const found = candidates.find((folder) => splits[split].every((file) => existsSync(join(folder, file))));
  if (found !== undefined) return found;
  const files = split === "train" ? "data_batch_1.bin to data_batch_5.bin" : "test_batch.bin";
  throw new UserError(
    `cifar10: ${files} are not in ${root}; run \`gantry data get cifar10\`, or give the folder that holds them as \`path\` ` +
      "(a folder or zip of image files is read by imageFolder)",
  );
}

/** Opens a split in the official binary form. Throws UserError when files are absent or, on opening, do not have the form. */
export async function cifarSource(path: string | undefined, split: keyof typeof splits): Promise<ImageSource> {
  const folder = cifarFolder(path, split);
  const files = splits[split].map((file) => join(folder, file));
  const sums = await Promise.all(files.map(sha256OfFile));
  const isOfficial = splits[split].every((file, i) => cifar10Files[file] === sums[i]);
  return {
    name: `cifar10 (${split})`,
    fingerprint: sha256(sums.join(" ")),
    open: () => openCifar(files, split, isOfficial),
  };
}

async function openCifar(files: readonly string[], split: string, isOfficial: boolean): Promise<OpenSource> {
  const batches = await Promise.all(
    files.map((file) =>
      readFile(file).catch((error: unknown) => {
        throw fileError(error, "read", file);
      }),
    ),
  );
  for (const [i, batch] of batches.entries()) {
    if (batch.byteLength > 0 && batch.byteLength % RECORD === 0) continue;
    throw new UserError(
      `${files[i]}: ${batch.byteLength} bytes are not a whole number of ${RECORD}-byte records; the file is cut short or ` +
        "not in CIFAR-10's binary form",
    );
  }
  const pixels = Buffer.concat(batches);
  const labels = Uint8Array.from({ length: pixels.byteLength / RECORD }, (_, i) => pixels[i * RECORD]!);
  const outside = labels.findIndex((label) => label >= classes.length);
  if (outside >= 0) {
    throw new UserError(`cifar10 (${split}): record ${outside} has label ${labels[outside]}; labels go from 0 to 9`);
  }
  return {
    images: { form: "raw", pixels, start: 1, stride: RECORD, channels: 3, height: 32, width: 32 },
    names: (index) => `cifar10 ${split} record ${index}`,
    labels,
    classes,
    broken: [],
    ignored: {},
    note: `cifar10, ${split} split, ${labels.length} images, ${isOfficial ? "the official files" : "NOT the official files"}`,
  };
}

/**
 * CIFAR-10 in the official binary form, from `gantry data get cifar10` or from a folder of one's own.
 *
 * - `path`: the folder with the `.bin` files, or the one above it; default: where `gantry data get` puts them
 * - `split`: `train` (default, 50,000 images) or `test` (10,000)
 * - `size` (default 32), `channels` (default 3; 1 gives luminance), `fit` (default `crop`), `background` (default 0)
 * - `flip`, `classes`, `first`, `labels`: see docs/data.md
 *
 * Building it throws UserError, with the command that gets the files, when they are not there.
 *
 * @example
 * cifar10({ flip: true })
 */
export const cifar10 = describeImages(
  "cifar10",
  z.strictObject({
    path: z.string().min(1).optional(),
    split: z.enum(["train", "test"], "must be `train` or `test`").default("train"),
    size: size.default(32),
    channels: channels.default(3),
    fit: fit.default("crop"),
    background: background.default(0),
    ...choice,
  }),
  ({ path, split }) => cifarSource(path, split),
);
