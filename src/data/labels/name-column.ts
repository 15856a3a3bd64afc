/**
 * Which column of a label file holds the names of the images: the one whose cells are names of images.
 *
 * Whole names count before names without their ending, as a number of any meaning may be one of these: of them the column
 * must also be called like file names. What a column is called decides only between columns that name the same images.
 */
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { isCalledLikeClasses, plain } from "./columns.ts";
import type { FoundNames } from "./names.ts";
import type { Cell, Table } from "./table.ts";

/** Names of columns without spaces, marks and capitals, the likeliest first. */
const namesOfNames = [
  ...[
    "filename",
    "file",
    "filepath",
    "path",
    "imagename",
    "imagepath",
    "imagefile",
    "image",
    "imageid",
    "img",
    "imgname",
  ],
  ...["imgpath", "imgid", "name", "id"],
];

/** A column that may hold the names. */
interface Candidate {
  readonly place: number;
  readonly names: readonly string[];
  /** Place in the list of likely names of columns; infinite where it is called otherwise. */
  readonly rank: number;
  readonly found: FoundNames;
  /** Images that one name each means. */
  readonly images: number;
}

const isFileName = (column: string): boolean => /\.\w{2,5}$/.test(column);

/** The text of a cell that may be a name; empty of one that is none. */
const textOf = (cell: Cell): string => (typeof cell === "string" ? cell : typeof cell === "number" ? String(cell) : "");

/**
 * The place of the column.
 *
 * @param read - names of columns that are read as something else
 * @param find - finds the images of names
 * @throws UserError when no column is one of names, or two columns name different images.
 */
export function likelyNameColumn(
  table: Table,
  read: readonly (string | undefined)[],
  find: (names: readonly string[]) => FoundNames,
): number {
  const candidates = [...table.columns.entries()].flatMap(([place, column]) => {
    // A header that is a name of a file is no header, but the first row.
    if (column === "" || isFileName(column) || read.includes(column)) return [];
    const rank = namesOfNames.indexOf(plain(column));
    const names = table.rows.map(({ cells }) => textOf(cells[place]!));
    const found = find(names);
    const images = new Set(found.images.filter((image) => image >= 0)).size;
    return [{ place, names, rank: rank < 0 ? Number.POSITIVE_INFINITY : rank, found, images }];
  });
  const naming = candidates.filter(({ found }) => found.count > 0);
  const called = (list: readonly Candidate[]) => list.filter(({ rank }) => Number.isFinite(rank)).sort(byRank);
  const whole = naming.filter(({ found }) => !found.isWithoutEnding);
  const without = naming.filter(({ found }) => found.isWithoutEnding);
  const likely = whole.length > 0 ? whole : called(without);
  if (likely.length === 0) return (called(candidates)[0] ?? noName(table)).place;
  const best = [...likely].sort((a, b) => b.images - a.images || byRank(a, b))[0]!;
  const sameWay = whole.length > 0 ? whole : without.filter(({ place }) => !isCalledLikeClasses(table.columns[place]!));
  const more = whole.length > 0 ? called(without).filter(({ images }) => images > best.images) : [];
  const rivals = sameWay.filter(({ images, rank }) => images >= best.images || rank < best.rank);
  for (const rival of [...rivals, ...more]) refuseOtherImages(table, best, rival);
  return best.place;
}

const byRank = (a: Candidate, b: Candidate): number => (a.rank === b.rank ? a.place - b.place : a.rank - b.rank);

/** @throws UserError when a row has names of different images in two columns. */
function refuseOtherImages({ name, columns, rows }: Table, one: Candidate, other: Candidate): void {
  const row = rows.findIndex((_, i) => {
    const [a, b] = [one.found.images[i]!, other.found.images[i]!];
    return a >= 0 && b >= 0 && a !== b;
  });
  if (row < 0) return;
  const [first, second] = [one, other].sort((a, b) => a.place - b.place) as [Candidate, Candidate];
  const shown = ({ place, names }: Candidate): string => `${quoted(columns[place]!)} (=${visible(names[row]!)})`;
  throw new UserError(
    `${visible(name)}: ${rows[row]!.place}: its ${shown(first)} and ${shown(second)} are names of different images; say which ` +
      "column holds the names by `nameColumn`",
  );
}

/** @throws UserError that no column is called like file names. */
function noName({ name, columns }: Table): never {
  if (columns.some(isFileName)) {
    throw new UserError(
      `${visible(name)}: its first line must name the columns, such as file,class, and it has ${columns.map(quoted).join(", ")}`,
    );
  }
  throw new UserError(
    `${visible(name)}: none of its columns is called like file names (${columns.map(quoted).join(", ")}); say which it is by \`nameColumn\``,
  );
}
