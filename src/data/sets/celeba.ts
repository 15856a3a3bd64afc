/**
 * CelebA: 202,599 photographs of 10,177 celebrities, aligned and cropped to 178 x 218 pixels, with 40 attributes each (Liu,
 * Luo, Wang and Tang, "Deep Learning Face Attributes in the Wild", ICCV 2015). Read from the official archive or its folder.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { ContentsOptions } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { listedSource, refuseEmpty } from "../listed-source.ts";
import { filesIn, type Listed, listImages } from "../listing.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { path, photographs } from "../options.ts";
import type { BrokenFile, ImageSource } from "../source.ts";
import { type Column, readAttributes, readPartition } from "./celeba-tables.ts";

const IMAGES = "img_align_celeba";
const ATTRIBUTES = "list_attr_celeba";
const PARTITION = "list_eval_partition";

/** Number of a split in the partition file, and of its images. */
const splits = {
  train: { part: 0, count: 162_770 },
  validation: { part: 1, count: 19_867 },
  test: { part: 2, count: 19_962 },
  all: { part: undefined, count: 202_599 },
} as const;

type CelebaSplit = keyof typeof splits;

/** Where the images are, and the folder from which the tables are looked for. */
function placesOf(path: string | undefined): { images: string; root: string } {
  const root = datasetFolder("celeba", path);
  const isImages = existsSync(root) && (statSync(root).isFile() || basename(root) === IMAGES);
  if (isImages) {
    // Kaggle's edition has the folder in a folder of the same name.
    const outer = dirname(root);
    return { images: root, root: basename(outer) === IMAGES ? dirname(outer) : outer };
  }
  const candidates = [root, join(root, "Img")].flatMap((folder) => [
    join(folder, IMAGES),
    join(folder, `${IMAGES}.zip`),
  ]);
  const images = candidates.find((candidate) => existsSync(candidate));
  if (images !== undefined) return { images, root };
  throw new UserError(`celeba: neither ${IMAGES} nor ${IMAGES}.zip is in ${root}; ${howToGet("celeba")}`);
}

/** The path of a table, `.txt` or Kaggle's `.csv`: next to the images, or in the folder that the publishers keep it in. */
function tableAt(root: string, name: string, needed: string): string {
  const folders = [root, join(root, "Anno"), join(root, "Eval"), join(root, "../Anno"), join(root, "../Eval")];
  const candidates = folders.flatMap((folder) => [join(folder, `${name}.txt`), join(folder, `${name}.csv`)]);
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  throw new UserError(`celeba: ${name}.txt (or .csv) is not in ${root} and ${needed}; ${howToGet("celeba")}`);
}

const nameOf = (file: Listed): string => basename(file.path);

/**
 * Opens a split.
 * @throws UserError when files are absent, a table is damaged or has no such attribute.
 */
export async function celebaSource(
  path: string | undefined,
  split: CelebaSplit,
  {
    attribute,
    conditions,
  }: { readonly attribute?: string | undefined; readonly conditions?: readonly string[] | "all" | undefined },
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const { images, root } = placesOf(path);
  const { part, count } = splits[split];
  const parts =
    part === undefined
      ? undefined
      : tableAt(root, PARTITION, `says which images are ${split}; without it, \`split\` must be \`all\``);
  const partition = parts === undefined ? undefined : readPartition(parts);
  const wanted = attribute === undefined ? conditions : [attribute];
  const which = attribute ?? "what";
  const table = wanted === undefined ? undefined : tableAt(root, ATTRIBUTES, `says which images are ${which}`);
  const attributes = wanted === undefined ? undefined : readAttributes(table!, wanted);
  const listing = await listImages(images, "", options.stop);
  refuseEmpty(images, listing);
  const broken: BrokenFile[] = [...listing.broken];
  const files: Listed[] = [];
  for (const file of listing.files) {
    const missing = [
      ...(partition?.has(nameOf(file)) === false ? [basename(parts!)] : []),
      ...(attributes?.values.has(nameOf(file)) === false ? [basename(table!)] : []),
    ];
    if (missing.length > 0) broken.push({ file: file.path, reason: `is not in ${missing.join(", nor in ")}` });
    else if (partition === undefined || partition.get(nameOf(file)) === part) files.push(file);
  }
  if (partition !== undefined)
    broken.push(...absent(partition, part, listing.files, [basename(images), basename(parts!)]));
  const labelled = {
    name: `celeba (${attribute === undefined ? split : `${split}, ${attribute}`})`,
    files,
    labels: files.map((file) => (attribute === undefined ? 0 : attributes!.values.get(nameOf(file))![0]!)),
    conditions: conditions &&
      attributes && {
        names: attributes.names,
        values: Float64Array.from(files.flatMap((file) => attributes.values.get(nameOf(file))!)),
      },
    classes: attribute === undefined ? [] : [`not ${attribute}`, attribute],
    broken,
    ignored: listing.ignored,
    total: filesIn(listing),
    published: count,
  };
  return listedSource(labelled, options);
}

/** One entry for all images that a split should have and that are not there. */
function absent(
  partition: Column,
  part: number | undefined,
  files: readonly Listed[],
  [images, table]: readonly [images: string, table: string],
): BrokenFile[] {
  const there = new Set(files.map(nameOf));
  const gone = [...partition].flatMap(([name, value]) => (value === part && !there.has(name) ? [name] : []));
  if (gone.length === 0) return [];
  return [{ file: table, reason: `${gone.length} of its images are not in ${images}, ${gone[0]} first` }];
}

/**
 * CelebA, aligned and cropped, brought by hand: see docs/how-to/data/published-sets.md.
 *
 * - `path`: the folder with img_align_celeba (a folder) or img_align_celeba.zip and the tables, or the archive itself;
 *   default: `celeba` among the datasets
 * - `split`: of the official partition: `train` (default, 162,770 images), `validation` (19,867), `test` (19,962), or `all`,
 *   which needs no partition file
 * - `attribute`: a column of list_attr_celeba.txt (or .csv, Kaggle's), such as `Smiling`, which makes two classes, `not Smiling` and `Smiling`;
 *   default: no classes
 * - `conditions`: names of columns, or `"all"` for the 40, as flags in place of classes
 * - `size` (default 64), `channels` (default 3), `background` (default 255), and `fit`: `crop` (default) takes the middle
 *   178 x 178 pixels
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
 *
 * Building it throws UserError, with what to put where, when the files are not there.
 *
 * @example
 * celeba({ path: "/data/celeba", size: 64, attribute: "Smiling", flip: true })
 */
export const celeba = defineImageDataset(
  "celeba",
  z
    .strictObject({
      path,
      split: z
        .enum(["train", "validation", "test", "all"], "must be `train`, `validation`, `test` or `all`")
        .default("train"),
      attribute: z.string().min(1).optional(),
      conditions: z
        .union([z.literal("all"), z.array(z.string()).min(1, "must name at least one attribute")])
        .optional(),
      ...photographs,
    })
    .refine(({ attribute, conditions }) => attribute === undefined || conditions === undefined, {
      path: ["conditions"],
      message: "cannot be given together with `attribute`: images have a class or conditions, not both",
    }),
  ({ path, split, attribute, conditions }, context) => celebaSource(path, split, { attribute, conditions }, context),
  {
    name: "celeba",
    byHand: (folder) =>
      "get img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt by way of " +
      `https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put them in ${folder}; the archive need not be unpacked`,
  },
);
