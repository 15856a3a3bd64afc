/**
 * LSUN: photographs of scenes and objects, 126,227 of church_outdoor and 818,687 of bridge among them (Yu et al.,
 * "LSUN: Construction of a Large-scale Image Dataset using Deep Learning with Humans in the Loop", 2015, arXiv
 * 1506.03365). Read in place from its LMDB databases, one per category and split: keys are hashes, values are image
 * files (JPEG, says its README; whatever they are is seen by their contents).
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { LmdbFile, type LmdbPlace } from "../../formats/index.ts";
import { defineContainer, type Place } from "../containers/container.ts";
import { type ContentsOptions, readContents } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { path, photographs } from "../options.ts";
import { type ImageSource, type LmdbItem, type OpenSource, sha256, takeTurns } from "../source.ts";

/** The two splits of LSUN. */
type LsunSplit = "train" | "val";

/** The file of a database's folder. */
const FILE = "data.mdb";

/** Category and split in the name of a database's folder, such as `church_outdoor_train_lmdb`, `cat_lmdb` and `cat.lmdb`. */
function readName(folder: string): { category: string; split: LsunSplit | undefined } {
  const [, category = folder, split] = /^(.+?)(?:[_-](train|val))?(?:[_.-]lmdb)?$/.exec(folder) ?? [];
  return { category, split: split as LsunSplit | undefined };
}

/** The folder of a database that a path is, or whose file it is. */
function databaseFolder(path: string): string | undefined {
  if (basename(path) === FILE) return dirname(path);
  return existsSync(join(path, FILE)) ? path : undefined;
}

/** The database of a category in a folder, whatever it is called; one that names its split comes first. */
function databaseIn(root: string, category: string, split: LsunSplit): string {
  const named = [`${category}_${split}_lmdb`, `${category}_${split}.lmdb`, `${category}_${split}`];
  const unnamed = split === "train" ? [`${category}_lmdb`, `${category}.lmdb`, category] : [];
  const found = [...named, ...unnamed].map((folder) => join(root, folder, FILE)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new UserError(`lsun: there is no ${join(root, named[0]!, FILE)}; ${howToGet("lsun")}`);
}

/**
 * Opens the databases of some categories, or the one database that `path` is.
 * @throws UserError when one is not there or, on opening, is damaged, and when the folder of the one database has another
 * category or split than is wanted.
 */
export async function lsunSource(
  path: string | undefined,
  wanted: readonly string[] | undefined,
  wantedSplit: LsunSplit | undefined,
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const root = datasetFolder("lsun", path);
  const one = databaseFolder(root);
  if (one === undefined) {
    if (wanted === undefined) {
      throw new UserError(
        "lsun: `categories` must name categories such as church_outdoor, or `path` one database's folder",
      );
    }
    const split = wantedSplit ?? "train";
    return databasesSource(
      wanted.map((category) => databaseIn(root, category, split)),
      wanted,
      split,
      options,
    );
  }
  const { category, split = wantedSplit ?? "train" } = readName(basename(one));
  if (wantedSplit !== undefined && split !== wantedSplit) {
    throw new UserError(`lsun: \`split\` (=${wantedSplit}) is not that of ${one}`);
  }
  if (wanted !== undefined && wanted.join() !== category) {
    throw new UserError(`lsun: \`categories\` (=${wanted.join(", ")}) are not that of ${one}, which is ${category}`);
  }
  return databasesSource([join(one, FILE)], [category], split, options);
}

async function databasesSource(
  paths: readonly string[],
  categories: readonly string[],
  split: string | undefined,
  { size, ...options }: ContentsOptions & { readonly size?: string | undefined },
): Promise<ImageSource> {
  const name = `lsun (${[...categories, ...(split === undefined ? [] : [split])].join(", ")})`;
  const { hash, hashed } = await readContents(paths, options);
  return {
    name,
    // The databases have tens of gigabytes and are hashed by blocks. The transaction's number changes whenever LMDB writes.
    fingerprint: sha256(JSON.stringify([name, hash, paths.map(versionOf)])),
    hashed,
    open: async () =>
      openLsun(
        paths.map((path) => indexOf(path, size)),
        categories,
        split,
      ),
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

/**
 * @param size - the wanted one, where each image is there in several
 * @throws UserError when there are several sizes and none is wanted, and for a wanted one that is not there.
 */
function indexOf(path: string, size: string | undefined): Index {
  const database = new LmdbFile(path);
  try {
    const places = placesOf(database, size);
    const count = places?.length ?? database.count;
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
    for (const place of places ?? database.places()) {
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

/** A key of rosinality's `prepare_data.py` (stylegan2-pytorch): SIZE-NUMBER. Next to them is `length`, the number of images. */
const SIZED = /^(\d+)-\d{5,}$/;

/** The places of the wanted size; undefined where the keys name no sizes. */
function placesOf(database: LmdbFile, wanted: string | undefined): readonly LmdbPlace[] | undefined {
  const keyOf = ({ keyOffset, keySize }: LmdbPlace): string => database.keyAt(keyOffset, keySize);
  const [first] = database.places();
  const bySize = new Map<string, LmdbPlace[]>();
  let others = 0;
  // The largest databases have millions of keys of other forms: their first one says so.
  if (first !== undefined && SIZED.test(keyOf(first))) {
    for (const place of database.places()) {
      const key = keyOf(place);
      const size = SIZED.exec(key)?.[1];
      if (size === undefined) others += key === "length" ? 0 : 1;
      else if (!bySize.get(size)?.push(place)) bySize.set(size, [place]);
    }
  }
  const isSized = bySize.size > 0 && others === 0;
  const sizes = [...bySize.keys()].sort((a, b) => Number(a) - Number(b));
  if (wanted !== undefined && !(isSized && bySize.has(wanted))) {
    const known = isSized ? `its sizes: ${sizes.join(", ")}` : "its keys name no sizes (SIZE-NUMBER)";
    throw new UserError(
      `${database.path}: \`entry\` (=${wanted}) of an LMDB database is a size of its images; ${known}`,
    );
  }
  if (!isSized) return undefined;
  if (wanted === undefined && sizes.length > 1) {
    throw new UserError(
      `${database.path}: it holds each image in ${sizes.length} sizes (${sizes.join(", ")}); \`entry\` of imageFolder chooses one, such as ` +
        `entry=${sizes.at(-1)}`,
    );
  }
  return bySize.get(wanted ?? sizes[0]!);
}

function openLsun(indices: readonly Index[], categories: readonly string[], split: string | undefined): OpenSource {
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
    note: `lsun, ${categories.join(" and ")}, ${split === undefined ? "" : `${split} split, `}${counted(total, "entry", "entries")}`,
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
 * LSUN, brought by hand: see docs/how-to/data/published-sets.md.
 *
 * - `categories`: which, such as `["church_outdoor"]`; of several, each is a class, in this order
 * - `path`: the folder with CATEGORY_SPLIT_lmdb/data.mdb (CATEGORY_lmdb and CATEGORY.lmdb are found too), or one database's
 *   folder, which needs no `categories`; default: `lsun` among the datasets
 * - `split`: `train` or `val` (300 images per category); default: that in the database's name, else `train`
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255)
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
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
      .refine((names) => new Set(names).size === names.length, "must not name a category twice")
      .optional(),
    split: z.enum(["train", "val"], "must be `train` or `val`").optional(),
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

/** The folders in a folder that are databases. */
const databasesIn = ({ path, names }: Place): string[] =>
  names.length > 200 ? [] : names.filter((name) => existsSync(join(path, name, FILE)));

defineContainer({
  what: "an LMDB database",
  hasEntries: true,
  recognises: (place) => databaseFolder(place.path) !== undefined || databasesIn(place).length > 0,
  open: async (place, { split, entry, labelEntry, ...options }) => {
    const { path } = place;
    if (labelEntry !== undefined) {
      throw new UserError(`${path}: \`labelEntry\` (=${labelEntry}) names labels, and an LMDB database has none`);
    }
    const folder = databaseFolder(path);
    if (folder === undefined) {
      const found = databasesIn(place);
      const known = found.map((name) => readName(name).category);
      throw new UserError(
        `${path}: it holds LMDB databases (${found.slice(0, 10).join(", ")}); give one of these as the path, or several as classes by ` +
          `the dataset lsun with \`categories\` (such as ${known[0]})`,
      );
    }
    const { category, split: own } = readName(basename(folder));
    if (split !== undefined && split !== own)
      throw new UserError(`${path}: \`split\` (=${split}) is not that of the database`);
    return databasesSource([join(folder, FILE)], [category], own, { ...options, size: entry });
  },
});
