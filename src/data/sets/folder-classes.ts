/**
 * The classes of files by their folders, read from the paths: splits (train, val, test) above the folders of classes, or inside
 * each of them, select a part, and a single outer folder is looked through.
 */
import { suggestion, UserError } from "../../base/errors.ts";
import { nameInAll } from "../class-names.ts";
import { byCodeUnit, type Listed, type Listing } from "../listing.ts";
import { type BrokenFile, type LostClass, takeTurns } from "../source.ts";
import { areSplits, splitCalled, splitsAmong, trainingSplit } from "./folder-splits.ts";

/** Folders of unpaired translation (CycleGAN): trainA, trainB, testA, testB. */
const arePairedSplits = (names: readonly string[]): boolean =>
  names.some((name) => /^trainA$/i.test(name)) && names.every((name) => /^(train|val|test)[AB]$/i.test(name));

/** Files sorted into classes. */
export interface Arranged {
  /** Files with the index of their class, one of each class in turn. */
  readonly files: readonly { readonly file: Listed; readonly label: number }[];
  readonly classes: readonly string[];
  readonly split: string | undefined;
  /** The folders of the other splits. */
  readonly otherSplits: readonly string[];
  /** Classes none of whose files can be used. */
  readonly lost: readonly LostClass[];
}

/** A file in its place, whether it can be used or not. */
type Placed = Listed | BrokenFile;

const pathOf = (placed: Placed): string => ("path" in placed ? placed.path : placed.file);

const parts = (placed: Placed): string[] => pathOf(placed).split("/");

/** How files are arranged. */
export interface ArrangeOptions {
  /** The wanted split. */
  readonly split?: string | undefined;
  /** Whether classes are wanted; without them, images outside of folders are no problem. Default true. */
  readonly labels?: boolean | undefined;
}

/** The part of a listing that says how files are arranged. */
type Found = Pick<Listing, "files"> & Partial<Listing>;

/**
 * Finds split and classes in the paths, those of broken files and of folders without images too: a class does not disappear
 * with its files.
 *
 * Classes are numbered in the order of their names' code units, as torchvision's ImageFolder does, those of other splits
 * among them ({@link numberedAlike}). The classes take turns, so that the first N files hold every class.
 *
 * @throws UserError when the wanted split is not there, there are splits and none is named `train` or wanted, other folders lie
 * next to splits, or images lie next to the folders that are classes.
 */
export function arrange(listing: Found, options: ArrangeOptions, where: string): Arranged {
  const own = arrangeSplit(listing, options, where);
  if (own.classes.length === 0 || options.labels === false) return own;
  const others = own.otherSplits.map((split) => {
    try {
      return arrangeSplit(listing, { ...options, split }, where).classes;
    } catch (error) {
      // One that cannot be used has no classes.
      if (error instanceof UserError) return [];
      throw error;
    }
  });
  return numberedAlike(own, others);
}

/**
 * Numbers classes so that each has one number in all splits: they are those of all splits that have a class in common. A
 * split that shares none, such as `test/unknown/`, has no part in it. A name may have another Unicode form in each split.
 */
export function numberedAlike<T extends Pick<Arranged, "files" | "classes" | "lost">>(
  own: T,
  others: readonly (readonly string[])[],
): T {
  const names = nameInAll([own.classes, ...others]);
  const nameOf = (name: string): string => names.get(name) ?? name;
  const renamed = own.classes.map(nameOf);
  const all = new Set(renamed);
  for (let left = others.map((list) => list.map(nameOf)), size = 0; size < all.size; ) {
    size = all.size;
    const shares = (list: readonly string[]): boolean => list.some((name) => all.has(name));
    const joined = left.filter(shares);
    left = left.filter((list) => !joined.includes(list));
    for (const list of joined) for (const name of list) all.add(name);
  }
  if (all.size === own.classes.length && names.size === 0) return own;
  const classes = [...all].sort(byCodeUnit);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const files = own.files.map(({ file, label }) => ({ file, label: numbers.get(renamed[label]!)! }));
  const lost = own.lost.map((one) => ({ ...one, name: nameOf(one.name) }));
  return { ...own, files, classes, lost };
}

/** As {@link arrange}, with the classes that the split itself has. */
export function arrangeSplit(
  { files: usable, broken = [], bare = new Set() }: Found,
  { split: wanted, labels = true }: ArrangeOptions,
  where: string,
): Arranged {
  let depth = 0;
  let files: readonly Placed[] = [...usable, ...broken];
  let folder = "";
  let split: string | undefined;
  let otherSplits: readonly string[] = [];
  while (true) {
    const names = new Set<string>();
    const loose: Placed[] = [];
    for (const file of files) {
      const path = parts(file);
      if (path.length > depth + 1) names.add(path[depth]!);
      else loose.push(file);
    }
    const tops = [...names].sort(byCodeUnit);
    const splits = splitsAmong(tops);
    const hasSplits = splits.length > 0 && splits.length === tops.length;
    const asked = wanted === undefined ? undefined : splitCalled(wanted, tops, where);
    if (split === undefined && (hasSplits || asked !== undefined)) {
      if (wanted === undefined && loose.length > 0) throw mixed(where, loose, tops, "splits");
      split = wanted === undefined ? trainingSplit(splits, where) : asked;
      if (split === undefined) {
        throw new UserError(
          `${where}: \`split\` (=${wanted ?? "train"}) is not one of its folders; accepted: ${tops.join(", ")}`,
        );
      }
      // Next to a split of another name every folder is one.
      otherSplits = (splits.some((name) => name !== split) ? splits : tops).filter((name) => name !== split);
      files = files.filter((file) => parts(file)[depth] === split && parts(file).length > depth + 1);
      folder += `${split}/`;
      depth++;
      continue;
    }
    if (wanted === undefined && split === undefined && arePairedSplits(tops)) {
      throw new UserError(
        `${where}: ${tops.join(", ")} are splits of two sets of images; \`split\` chooses one, such as trainA`,
      );
    }
    if (wanted === undefined && split === undefined && areSplits(splits) && !hasSplits) {
      const others = tops.filter((top) => !splits.includes(top));
      throw new UserError(
        `${where}: ${splits.join(", ")} are splits, and ${others.slice(0, 5).join(", ")} ${others.length === 1 ? "lies" : "lie"} next to them; ` +
          "`split` chooses one of the folders, or move what is no split away",
      );
    }
    if (tops.length === 1 && files.every((file) => parts(file).length > depth + 2)) {
      folder += `${tops[0]}/`;
      depth++;
      continue;
    }
    const inner = split === undefined && loose.length === 0 ? splitsInside(files, depth + 1) : [];
    const chosen = wanted === undefined ? trainingSplit(inner, where) : splitCalled(wanted, inner, where);
    if (chosen !== undefined) {
      const arranged = byClass(
        files.filter((file) => parts(file)[depth + 1] === chosen),
        depth,
      );
      return { ...arranged, split: chosen, otherSplits: inner.filter((name) => name !== chosen) };
    }
    if (wanted !== undefined && split === undefined) {
      throw new UserError(`${where}: there is no split \`${wanted}\`${suggestion(wanted, tops)}`);
    }
    if (tops.length > 0 && loose.length > 0) {
      if (labels) throw mixed(where, loose, tops, "classes");
      const unlabelled = files.filter(isListed).map((file) => ({ file, label: 0 }));
      return { files: unlabelled, classes: [], split, otherSplits, lost: [] };
    }
    const empty = tops.length === 0 || !labels ? [] : emptyClasses(names, bare, folder);
    const arranged = byClass([...files, ...empty], depth);
    return { ...arranged, split, otherSplits };
  }
}

/** The folders at a depth of all paths where they are splits, as in `cat/train/` and `cat/test/`; else none. */
function splitsInside(files: readonly Placed[], depth: number): string[] {
  const names = new Set<string>();
  for (const file of files) {
    const path = parts(file);
    if (path.length <= depth + 1) return [];
    names.add(path[depth]!);
  }
  const found = [...names].sort(byCodeUnit);
  return areSplits(found) ? found : [];
}

/** An entry for each folder next to those of classes that holds no image. */
function emptyClasses(classes: ReadonlySet<string>, bare: ReadonlySet<string>, folder: string): BrokenFile[] {
  const inside = [...bare]
    .filter((path) => path.startsWith(folder))
    .map((path) => path.slice(folder.length).split("/")[0]!);
  const empty = [...new Set(inside)].filter((name) => name !== "" && name !== "." && !classes.has(name));
  return empty.map((name) => ({
    file: `${folder}${name}/`,
    reason: "it holds no image; move it away, or take all images without classes, by `labels: false`",
  }));
}

const isListed = (placed: Placed): placed is Listed => "path" in placed;

function mixed(where: string, loose: readonly Placed[], tops: readonly string[], what: string): UserError {
  const images = loose.length === 1 ? "an image lies" : `${loose.length} images lie`;
  const folders = tops.length === 1 ? `the folder ${tops[0]}` : `${tops.length} folders (${tops[0]}, ...)`;
  const choice = what === "splits" ? "" : ", or take all images without classes, by `labels: false`";
  return new UserError(
    `${where}: ${images} next to ${folders}, ${pathOf(loose[0]!)} first: folders are ${what}, and what lies next to them ` +
      `belongs to none; move it into a folder of its own or away${choice}`,
  );
}

/** Sorts files into classes by their folders at a depth of their paths. */
export function byClass(files: readonly Placed[], depth: number): Omit<Arranged, "split" | "otherSplits"> {
  const groups = new Map<string, Placed[]>();
  for (const file of files) {
    const names = parts(file);
    if (names.length <= depth + 1) continue;
    const group = groups.get(names[depth]!);
    if (group === undefined) groups.set(names[depth]!, [file]);
    else group.push(file);
  }
  if (groups.size === 0) {
    return { files: files.filter(isListed).map((file) => ({ file, label: 0 })), classes: [], lost: [] };
  }
  const classes = [...groups.keys()].sort(byCodeUnit);
  const lists = classes.map((name) => groups.get(name)!.filter(isListed));
  const lost = classes.flatMap((name, label) => {
    if (lists[label]!.length > 0) return [];
    return [{ name, ...(groups.get(name)![0] as BrokenFile) }];
  });
  const turns = Array.from(takeTurns(lists.map(({ length }) => length)), ([label, round]) => ({
    file: lists[label]![round]!,
    label,
  }));
  return { files: turns, classes, lost };
}
