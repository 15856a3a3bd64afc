/**
 * A dataset of image files: a folder or a zip archive whose sub-folders are the classes.
 *
 * The layout is read from the paths. A single outer folder is looked through; folders named like splits (train, val,
 * test) above the classes select a part; without sub-folders the images have no classes.
 */
import { basename, resolve } from "node:path";
import { z } from "zod";
import { suggestion, UserError } from "../../base/errors.ts";
import type { ContentsOptions } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { listedSource, refuseEmpty } from "../listed-source.ts";
import { byCodeUnit, type Listed, listImages } from "../listing.ts";
import { photographs } from "../options.ts";
import { type ImageSource, takeTurns } from "../source.ts";

const splitNames = ["train", "training", "val", "valid", "validation", "test", "testing"];

/** Files sorted into classes. */
interface Arranged {
  /** Files with the index of their class, one of each class in turn. */
  readonly files: readonly { readonly file: Listed; readonly label: number }[];
  readonly classes: readonly string[];
  readonly split: string | undefined;
  /** Files that lie next to class folders, so they belong to no class. */
  readonly stray: readonly string[];
}

const parts = (file: { path: string }): string[] => file.path.split("/");

/**
 * Finds split and classes in the paths. Exported for its test.
 *
 * Classes are numbered in the order of their names' code units, as torchvision's ImageFolder does. The classes take
 * turns, so that the first N files hold every class.
 *
 * @throws UserError when the wanted split is not there, or there are splits and none is named `train` or wanted.
 */
export function arrange(listed: readonly Listed[], wanted: string | undefined, where: string): Arranged {
  let depth = 0;
  let files = listed;
  let split: string | undefined;
  while (true) {
    const tops = new Set(files.flatMap((file) => (parts(file).length > depth + 1 ? [parts(file)[depth]!] : [])));
    const splits = [...tops].filter((top) => splitNames.includes(top.toLowerCase()));
    const hasSplits = splits.length > 0 && splits.length === tops.size;
    if (split === undefined && (hasSplits || (wanted !== undefined && tops.has(wanted)))) {
      split = wanted ?? splits.find((name) => /^train/i.test(name));
      if (split === undefined || !tops.has(split)) {
        const accepted = [...tops].sort(byCodeUnit).join(", ");
        throw new UserError(
          `${where}: \`split\` (=${wanted ?? "train"}) is not one of its folders; accepted: ${accepted}`,
        );
      }
      files = files.filter((file) => parts(file)[depth] === split && parts(file).length > depth + 1);
      depth++;
      continue;
    }
    if (tops.size === 1 && files.every((file) => parts(file).length > depth + 2)) {
      depth++;
      continue;
    }
    if (wanted !== undefined && split === undefined) {
      throw new UserError(`${where}: there is no split \`${wanted}\`${suggestion(wanted, [...tops])}`);
    }
    return { ...byClass(files, depth), split };
  }
}

/**
 * Sorts files into classes by their folders at a depth of their paths. Exported for datasets that know where these are.
 */
export function byClass(files: readonly Listed[], depth: number): Omit<Arranged, "split"> {
  const groups = new Map<string, Listed[]>();
  const loose: Listed[] = [];
  for (const file of files) {
    const names = parts(file);
    if (names.length <= depth + 1) {
      loose.push(file);
      continue;
    }
    const group = groups.get(names[depth]!);
    if (group === undefined) groups.set(names[depth]!, [file]);
    else group.push(file);
  }
  if (groups.size === 0) return { files: loose.map((file) => ({ file, label: 0 })), classes: [], stray: [] };
  const classes = [...groups.keys()].sort(byCodeUnit);
  const lists = classes.map((name) => groups.get(name)!);
  const turns = Array.from(takeTurns(lists.map(({ length }) => length)), ([label, round]) => ({
    file: lists[label]![round]!,
    label,
  }));
  return { files: turns, classes, stray: loose.map((file) => file.path) };
}

/** What a folder must contain to be a certain dataset. */
interface Expected {
  readonly name: string;
  readonly classes: readonly string[];
}

/**
 * Opens a folder or zip archive as a source.
 *
 * @throws UserError when it holds no image, not the wanted split, or other classes than expected.
 */
export async function folderSource(
  path: string,
  split?: string,
  expected?: Expected,
  options: ContentsOptions = {},
): Promise<ImageSource> {
  const full = resolve(path);
  const listing = await listImages(full);
  refuseEmpty(full, listing);
  const arranged = arrange(listing.files, split, full);
  if (expected !== undefined) refuseOtherClasses(full, arranged.classes, expected);
  const stray = arranged.stray.map((file) => ({ file, reason: "lies next to the class folders, so it has no class" }));
  const labelled = {
    name: `${expected?.name ?? basename(full)}${arranged.split === undefined ? "" : ` (${arranged.split})`}`,
    files: arranged.files.map(({ file }) => file),
    labels: arranged.files.map(({ label }) => label),
    classes: arranged.classes,
    broken: [...listing.broken, ...stray],
    ignored: listing.ignored,
  };
  return listedSource(labelled, options);
}

/** @throws UserError unless the classes are the expected ones in their order, which is that of their names. */
function refuseOtherClasses(path: string, found: readonly string[], { name, classes }: Expected): void {
  if (found.join("/") === classes.join("/")) return;
  const missing = classes.filter((one) => !found.includes(one));
  const foreign = found.filter((one) => !classes.includes(one));
  const which = [
    ...(missing.length > 0 ? [`no ${missing[0]}`] : []),
    ...(foreign.length > 0 ? [`\`${foreign[0]}\`, which is none of them`] : []),
  ];
  throw new UserError(
    `${path}: its class folders are not the ${classes.length} classes of ${name}: ${which.join(", ")}`,
  );
}

/**
 * Images of a folder or zip archive; JPEG, PNG, WebP, GIF (first frame), TIFF and AVIF.
 *
 * - `path`: the folder or `.zip` file
 * - `split`: name of the sub-folder to use when there are splits; default `train`
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255, white)
 * - `flip`, `classes`, `first`, `labels`: see docs/data.md
 *
 * Building it throws UserError when the path holds no readable image; single broken files are skipped and listed.
 *
 * @example
 * imageFolder({ path: "photos/cats.zip", size: 64, flip: true })
 */
export const imageFolder = defineImageDataset(
  "imageFolder",
  z.strictObject({
    path: z.string("must be the path of a folder or zip archive").min(1, "must not be empty"),
    split: z.string().min(1).optional(),
    ...photographs,
  }),
  ({ path, split }, context) => folderSource(path, split, undefined, context),
);
