/**
 * Shards: the numbered files that one split of a dataset is stored in. Which files belong to a split is read from their
 * names:
 *
 *     data/train-00000-of-00002.parquet   the Hugging Face hub's: the split before the number
 *     train/0000.parquet                  of its converted copies: the split as the folder
 *     imagenet1k-train-0042.tar, train/000042.tar, 000042.tar     webdataset's
 */
import { basename, dirname } from "node:path";
import { UserError } from "../../base/errors.ts";
import { byCodeUnit } from "../listing.ts";
import type { BrokenFile } from "../source.ts";
import { isSplit, isTrainingSplit, splitsCalled } from "../split-names.ts";

/** The files of a split. */
export interface Shards {
  /** Undefined where the names have none. */
  readonly split: string | undefined;
  /** In the order of their numbers. */
  readonly files: readonly string[];
  /** The files of the other splits. */
  readonly others: readonly string[];
  /** Those that are missing by their numbers. */
  readonly missing: readonly BrokenFile[];
  /** Whether the numbers are those of a run without gaps. */
  readonly isRun: boolean;
}

interface Shard {
  readonly file: string;
  readonly folder: string;
  readonly split: string;
  readonly number: number | undefined;
  /** How many there are, if the name says it. */
  readonly of: number | undefined;
  /** The name of another shard of the same split. */
  named(number: number): string;
}

function parse(file: string): Shard {
  const [folder, name] = [dirname(file), basename(file)];
  const counted = /^(.+?)-(\d{5})-of-(\d{5})(.*)$/.exec(name);
  const numbered = /^(.*?)(\d+)(\.[^.]+)$/.exec(name);
  const [, stem = name.replace(/\.[^.]*$/, ""), digits = "", rest = ""] = counted ?? numbered ?? [];
  const words = stem.split(/[-_.]/).filter((word) => word !== "");
  const outer = folder.split("/").at(-1)!;
  const said = [words.at(-1) ?? "", outer, ...words].find(isSplit);
  // Of `train-00000-of-00002` the split is the whole stem, whatever it is called.
  const split = counted !== null && words.length <= 2 && !isSplit(words.at(-1)!) ? stem : (said ?? "");
  return {
    file,
    folder,
    split,
    number: digits === "" ? undefined : Number(digits),
    of: counted === null ? undefined : Number(counted[3]),
    named: (number) => {
      const padded = String(number).padStart(digits.length, "0");
      return counted === null ? `${stem}${padded}${rest}` : `${stem}-${padded}-of-${counted[3]}${counted[4]}`;
    },
  };
}

/**
 * The shards of a split: the wanted one, else `train`, else the only one.
 *
 * @param files - paths inside `where`
 * @throws UserError when there is no such split, or its files lie in several folders or belong to several editions.
 */
export function shardsOf(files: readonly string[], wanted: string | undefined, where: string): Shards {
  const shards = files.map(parse);
  const splits = [...new Set(shards.map(({ split }) => split))].sort(byCodeUnit);
  const split = chosen(splits, wanted, where);
  const own = shards.filter((shard) => shard.split === split);
  const folders = [...new Set(own.map(({ folder }) => folder))];
  const of = [...new Set(own.map((shard) => shard.of))];
  const what = split === "" ? "its files" : `the files of the split \`${split}\``;
  if (folders.length > 1) {
    throw new UserError(
      `${where}: ${what} lie in ${folders.length} folders (${folders.slice(0, 5).join(", ")}); give one of these as the path`,
    );
  }
  if (of.length > 1) {
    throw new UserError(
      `${where}: ${what} are not of one edition (${own[0]!.file}, ${own.find((shard) => shard.of !== of[0])!.file}); keep one`,
    );
  }
  own.sort((a, b) => (a.number ?? 0) - (b.number ?? 0) || byCodeUnit(a.file, b.file));
  const numbers = own.flatMap(({ number }) => number ?? []);
  const [first, last] = of[0] === undefined ? [numbers[0] ?? 0, numbers.at(-1) ?? -1] : [0, of[0] - 1];
  // Numbers far apart are no run: those of files that are something else.
  const isRun = numbers.length === own.length && last - first < 2 * own.length + 10;
  const absent = isRun
    ? Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((number) => !numbers.includes(number))
    : [];
  return {
    split: split === "" ? undefined : split,
    files: own.map(({ file }) => file),
    others: shards.filter((shard) => shard.split !== split).map(({ file }) => file),
    missing: absent.map((number) => ({ file: own[0]!.named(number), reason: "this shard is not there" })),
    isRun: isRun && new Set(numbers).size === numbers.length,
  };
}

function chosen(splits: readonly string[], wanted: string | undefined, where: string): string {
  const named = splits.filter((split) => split !== "");
  if (wanted !== undefined) {
    const called = splitsCalled(wanted, splits);
    if (called.length > 1) {
      throw new UserError(`${where}: \`split\` (=${wanted}) may be ${called.join(" or ")}; give one of these names`);
    }
    if (called.length === 1) return called[0]!;
    const accepted = named.length > 0 ? `its splits: ${named.join(", ")}` : "the names of its files have no splits";
    throw new UserError(`${where}: there is no split \`${wanted}\`; ${accepted}`);
  }
  if (splits.length === 1) return splits[0]!;
  const train = splits.find(isTrainingSplit);
  if (train !== undefined) return train;
  const other = splits.includes("") ? " and files without a split in their names" : "";
  throw new UserError(`${where}: \`split\` must choose one of its splits: ${named.join(", ")}${other}`);
}
