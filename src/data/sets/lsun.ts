/**
 * LSUN: photographs of scenes and objects, 126,227 of church_outdoor and 818,687 of bridge among them (Yu et al.,
 * "LSUN: Construction of a Large-scale Image Dataset using Deep Learning with Humans in the Loop", 2015, arXiv
 * 1506.03365). Read in place from its LMDB databases, one per category and split: keys are hashes, values are image
 * files (JPEG, says its README; whatever they are is seen by their contents).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { LmdbFile } from "../../formats/index.ts";
import { type ContentsOptions, readContents } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { path, photographs } from "../options.ts";
import { type ImageSource, type LmdbItem, type OpenSource, sha256, takeTurns } from "../source.ts";

/**
 * Opens the databases of some categories.
 * @throws UserError when one is not there or, on opening, is damaged.
 */
export async function lsunSource(
  path: string | undefined,
  categories: readonly string[],
  split: "train" | "val",
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const root = datasetFolder("lsun", path);
  const paths = categories.map((category) => {
    const database = join(root, `${category}_${split}_lmdb`, "data.mdb");
    if (existsSync(database)) return database;
    throw new UserError(`lsun: there is no ${database}; ${howToGet("lsun")}`);
  });
  const name = `lsun (${[...categories, split].join(", ")})`;
  const { hash, hashed } = await readContents(paths, options);
  return {
    name,
    // The databases have tens of gigabytes and are hashed by blocks. The transaction's number changes whenever LMDB writes.
    fingerprint: sha256(JSON.stringify([name, hash, paths.map(versionOf)])),
    hashed,
    open: async () => openLsun(paths.map(indexOf), categories, split),
  };
}

function versionOf(path: string): readonly number[] {
  const database = new LmdbFile(path);
  try {
    return [database.count, database.transaction];
  } finally {
    database.close();
  }
}

/** Where a database's values and keys lie, in 26 bytes per image: the largest category has three million. */
interface Index {
  readonly path: string;
  readonly count: number;
  readonly offsets: Float64Array;
  readonly sizes: Uint32Array;
  readonly pages: Uint32Array;
  readonly keyOffsets: Float64Array;
  readonly keySizes: Uint16Array;
}

function indexOf(path: string): Index {
  const database = new LmdbFile(path);
  try {
    const { count } = database;
    const index: Index = {
      path,
      count,
      offsets: new Float64Array(count),
      sizes: new Uint32Array(count),
      pages: new Uint32Array(count),
      keyOffsets: new Float64Array(count),
      keySizes: new Uint16Array(count),
    };
    let i = 0;
    for (const place of database.places()) {
      index.offsets[i] = place.offset;
      index.sizes[i] = place.size;
      index.pages[i] = place.page;
      index.keyOffsets[i] = place.keyOffset;
      index.keySizes[i] = place.keySize;
      i++;
    }
    return index;
  } finally {
    database.close();
  }
}

function openLsun(indices: readonly Index[], categories: readonly string[], split: string): OpenSource {
  const total = indices.reduce((sum, { count }) => sum + count, 0);
  const labels = new Uint8Array(total);
  const order = new Uint32Array(total);
  let at = 0;
  for (const [category, index] of takeTurns(indices.map(({ count }) => count))) {
    labels[at] = category;
    order[at++] = index;
  }
  const item = (i: number): LmdbItem => {
    const { path, offsets, sizes, pages } = indices[labels[i]!]!;
    const place = order[i]!;
    return { kind: "lmdb", path, offset: offsets[place]!, size: sizes[place]!, page: pages[place]! };
  };
  return {
    images: { form: "encoded", items: item },
    names: (i) => `${categories[labels[i]!]} key ${keyAt(indices[labels[i]!]!, order[i]!)}`,
    labels,
    classes: categories.length > 1 ? categories : [],
    note: `lsun, ${categories.join(" and ")}, ${split} split, ${total} images`,
  };
}

function keyAt({ path, keyOffsets, keySizes }: Index, index: number): string {
  const database = new LmdbFile(path);
  try {
    return database.keyAt(keyOffsets[index]!, keySizes[index]!);
  } finally {
    database.close();
  }
}

/**
 * LSUN, brought by hand: see docs/data.md.
 *
 * - `categories`: which, such as `["church_outdoor"]`; of several, each is a class, in this order
 * - `path`: the folder with CATEGORY_SPLIT_lmdb/data.mdb; default: `lsun` among the datasets
 * - `split`: `train` (default) or `val` (300 images per category)
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255)
 * - `flip`, `classes`, `first`, `labels`: see docs/data.md
 *
 * Building it throws UserError, with what to put where, when the files are not there.
 *
 * @example
 * lsun({ path: "/data/lsun", categories: ["church_outdoor", "bridge"], size: 128 })
 */
export const lsun = defineImageDataset(
  "lsun",
  z.strictObject({
    path,
    categories: z
      .array(
        z.string().regex(/^[a-z]+(_[a-z]+)*$/, "must be a category such as church_outdoor"),
        "must be a list of categories",
      )
      .min(1, "must name at least one category")
      .refine((names) => new Set(names).size === names.length, "must not name a category twice"),
    split: z.enum(["train", "val"], "must be `train` or `val`").default("train"),
    ...photographs,
  }),
  ({ path, categories, split }, context) => lsunSource(path, categories, split, context),
  {
    name: "lsun",
    byHand: (folder) =>
      "get http://dl.yf.io/lsun/scenes/CATEGORY_SPLIT_lmdb.zip (such as church_outdoor_train_lmdb.zip) and unpack it in " +
      `${folder}, so that there is ${folder}/CATEGORY_SPLIT_lmdb/data.mdb`,
  },
);
