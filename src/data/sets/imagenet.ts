/**
 * ImageNet: photographs in folders by synset, as the archives of ILSVRC-2012 unpack (Russakovsky et al., "ImageNet
 * Large Scale Visual Recognition Challenge", IJCV 2015): 1,281,167 for training in 1,000 classes, 50,000 for
 * validation.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { quoted, readBytes } from "../../formats/index.ts";
import type { ContentsOptions } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { listedSource } from "../listed-source.ts";
import { byCodeUnit, filesIn, type Listed, listImages } from "../listing.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { path, photographs } from "../options.ts";
import type { BrokenFile, ImageSource } from "../source.ts";
import { byClass, numberedAlike } from "./folder-classes.ts";

/** A synset's name: `n`, for noun, and its offset in WordNet 3.0. */
const SYNSET = /^n\d{8}$/;

const published = { train: 1_281_167, val: 50_000 } as const;

/** The folder whose sub-folders are a split's synsets, and those. */
function splitFolder(path: string | undefined, split: keyof typeof published): { folder: string; synsets: string[] } {
  const root = datasetFolder("imagenet", path);
  // A folder of synsets by itself is the split that it is named after, and the training images where its name says
  // nothing.
  const isItself = basename(root) === split || (split === "train" && basename(root) !== "val");
  for (const folder of [join(root, split), join(root, "ILSVRC/Data/CLS-LOC", split), ...(isItself ? [root] : [])]) {
    const synsets = existsSync(folder) ? readdirSync(folder).filter((name) => SYNSET.test(name)) : [];
    if (synsets.length > 0) return { folder, synsets: synsets.sort(byCodeUnit) };
  }
  const flat = existsSync(join(root, split)) ? `; ${join(root, split)} has no folder named like one (n01440764)` : "";
  throw new UserError(`imagenet: no synsets of the split \`${split}\` in ${root}${flat}; ${howToGet("imagenet")}`);
}

/** The synsets of the split that is not read, where it is there. */
function otherSynsets(path: string | undefined, split: keyof typeof published): readonly string[] {
  try {
    return splitFolder(path, split === "train" ? "val" : "train").synsets;
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** The synsets of a list: the first word of each line of a file, `#` begins a remark. */
function listedSynsets(wanted: readonly string[] | string): string[] {
  let words = wanted as readonly string[];
  if (typeof wanted === "string") {
    const lines = readBytes(wanted).toString().split("\n");
    words = lines.flatMap((line) => line.replace(/#.*/, "").trim().split(/[\s,]/, 1)).filter((word) => word !== "");
  }
  const where = typeof wanted === "string" ? `${wanted}:` : "imagenet: `synsets`:";
  const strange = words.find((word) => !SYNSET.test(word));
  if (strange !== undefined) throw new UserError(`${where} ${quoted(strange)} is no synset such as n01440764`);
  const twice = words.find((word, i) => words.indexOf(word) < i);
  if (twice !== undefined) throw new UserError(`${where} ${twice} is named twice`);
  if (words.length === 0) throw new UserError(`${where} no synset is named`);
  return [...words];
}

/**
 * Opens a split, or the part of it in the wanted synsets.
 * @throws UserError when one of them is not there or is empty.
 */
export async function imagenetSource(
  path: string | undefined,
  split: keyof typeof published,
  wanted?: readonly string[] | string,
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const { folder, synsets } = splitFolder(path, split);
  const chosen = wanted === undefined ? synsets : listedSynsets(wanted);
  const missing = chosen.filter((synset) => !synsets.includes(synset));
  if (missing.length > 0) {
    const all = missing.length > 1 ? ` (and ${missing.length - 1} more of those that are wanted)` : "";
    throw new UserError(`imagenet: ${missing[0]}${all} is not in ${folder}, which has ${synsets.length} synsets`);
  }
  const files: Listed[] = [];
  const broken: BrokenFile[] = [];
  const ignored: Record<string, number> = {};
  let total = 0;
  for (const synset of chosen) {
    const listing = await listImages(folder, synset, options.stop);
    if (listing.files.length === 0) throw new UserError(`imagenet: ${join(folder, synset)} holds no image`);
    for (const file of listing.files) files.push(file);
    for (const file of listing.broken) broken.push(file);
    total += filesIn(listing);
    for (const [ending, count] of Object.entries(listing.ignored)) ignored[ending] = (ignored[ending] ?? 0) + count;
  }
  // Of both splits where no list says which, so that a class has one number in each.
  const classes = wanted === undefined ? [...new Set([...synsets, ...otherSynsets(path, split)])] : chosen;
  const arranged = numberedAlike(byClass(files, 0), [classes]);
  const labelled = {
    name: `imagenet (${chosen.length === 1000 ? split : `${split}, ${chosen.length} synsets`})`,
    files: arranged.files.map(({ file }) => file),
    labels: arranged.files.map(({ label }) => label),
    classes: arranged.classes,
    broken,
    ignored,
    total,
    ...(chosen.length === 1000 ? { published: published[split] } : {}),
  };
  return listedSource(labelled, options);
}

/**
 * ImageNet, brought by hand: see docs/how-to/data/published-sets.md.
 *
 * - `path`: the folder with `train` and `val`, or that of the synsets themselves; default: `imagenet` among the
 *   datasets
 * - `split`: `train` (default) or `val`, whose images must have been sorted into their synsets, too
 * - `synsets`: only these: a list, or the path of a file with one per line (further words and what follows `#` are not
 *   read); default: all. Classes are numbered in the order of the synsets' names, as torchvision does, not of the list
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255)
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
 *
 * Building it throws UserError, with what to put where, when the files are not there.
 *
 * @example
 * imagenet({ path: "/data/imagenet", synsets: "hundred.txt", size: 128, flip: true })
 */
export const imagenet = defineImageDataset(
  "imagenet",
  z.strictObject({
    path,
    split: z.enum(["train", "val"], "must be `train` or `val`").default("train"),
    synsets: z
      .union(
        [z.string().min(1), z.array(z.string()).min(1)],
        "must be a list of synsets or the path of a file with one per line",
      )
      .optional(),
    ...photographs,
  }),
  ({ path, split, synsets }, context) => imagenetSource(path, split, synsets, context),
  {
    name: "imagenet",
    paths: ["synsets"],
    byHand: (folder) =>
      "get ILSVRC2012_img_train.tar with an account of https://image-net.org and unpack it, and each of the 1,000 archives in " +
      `it into a folder of its synset, so that there is ${folder}/train/n01440764/n01440764_18.JPEG`,
  },
);
