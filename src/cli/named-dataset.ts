/** Datasets as they are named on the command line: a known name, or the path of a folder or zip of images. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { suggestion, UserError } from "../base/errors.ts";
import { celeba } from "../data/celeba.ts";
import { celebaHq } from "../data/celeba-hq.ts";
import { cifar10 } from "../data/cifar10.ts";
import { cifar100 } from "../data/cifar100.ts";
import type { DataDescriptor } from "../data/define.ts";
import { fashionMnist } from "../data/fashion-mnist.ts";
import { imageFolder } from "../data/image-folder.ts";
import { imagenet } from "../data/imagenet.ts";
import { lsun } from "../data/lsun.ts";
import { mnist } from "../data/mnist.ts";
import { stackedMnist } from "../data/stacked-mnist.ts";
import { stl10 } from "../data/stl10.ts";

/** Datasets that have a name, and what describes them. */
const named: Readonly<Record<string, (options: never) => DataDescriptor>> = {
  mnist,
  "fashion-mnist": fashionMnist,
  cifar10,
  cifar100,
  stl10,
  celeba,
  "celeba-hq": celebaHq,
  lsun,
  imagenet,
  "stacked-mnist": stackedMnist,
};

/** The names, for help texts. */
export const datasetNames: readonly string[] = Object.keys(named);

/** Whether this is one of the {@link datasetNames}. */
export const isDatasetName = (text: string): boolean => Object.hasOwn(named, text);

/**
 * The descriptor for a name or path.
 * @throws UserError when it is neither.
 */
export function describeDataset(nameOrPath: string, options: Record<string, unknown>): DataDescriptor {
  const known = isDatasetName(nameOrPath) ? named[nameOrPath] : undefined;
  if (known !== undefined) return known(options as never);
  if (existsSync(nameOrPath)) return imageFolder({ path: resolve(nameOrPath), ...options });
  throw new UserError(
    `\`${nameOrPath}\` is neither a file or folder nor a dataset's name${suggestion(nameOrPath, datasetNames)}`,
  );
}
