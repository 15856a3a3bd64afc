/**
 * Labels of a folder's or archive's images by a label file: a class for each, or several conditions.
 *
 * Images without a row are left out, as a table often covers a part of the images; rows without an image are passed over.
 * Both are counted, and said wherever the data are used.
 */
import { existsSync } from "node:fs";
import { basename, dirname, resolve, sep } from "node:path";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted, readBytes } from "../../formats/index.ts";
import { formsNote, nameOfTexts } from "../class-names.ts";
import type { RawConditions } from "../conditions.ts";
import { ItemReader } from "../item-reader.ts";
import type { Listed, ListedTable, Listing } from "../listing.ts";
import { type BrokenFile, type LabelTable, type LostClass, takeTurns } from "../source.ts";
import { classOf, inOrder, truthNote } from "./classes.ts";
import { type ChosenColumns, type ColumnChoice, chooseColumns, placeOf } from "./columns.ts";
import { conditionsOf } from "./conditions.ts";
import { likelyNameColumn } from "./name-column.ts";
import { NameFinder } from "./names.ts";
import { rowsOfSplit } from "./splits.ts";
import { type Row, readTable, refuseRounded, type Table } from "./table.ts";

/** Which label file, and how it is read. */
export interface LabelFileOptions extends ColumnChoice {
  /** Its path; that of one in an archive goes on after the archive's: `photos.zip/labels.csv`. */
  readonly labelFile: string;
  /** The classes that the user names. */
  readonly classes?: readonly string[] | undefined;
  /** The wanted split of the column that says it. */
  readonly split?: string | undefined;
}

/** The files that are used, and the split that they are by their folders. */
interface Part {
  readonly files: readonly Listed[];
  readonly split: string | undefined;
}

/** Files with their labels. */
export interface TableLabels {
  /** With classes one of each class in turn, else in the order of the paths. */
  readonly files: readonly { readonly file: Listed; readonly label: number }[];
  readonly classes: readonly string[];
  readonly lost: readonly LostClass[];
  readonly conditions: RawConditions | undefined;
  readonly table: LabelTable;
  readonly split: string | undefined;
}

/**
 * Labels files.
 *
 * @param root - the folder or archive
 * @param listing - everything in it
 * @param partOf - the files of it that are used, if not all. It is told whether a column says the split
 * @throws UserError when the file is not there or damaged, none of its names is that of an image, an image has two rows
 * that differ, or a cell that is needed is empty or no number.
 */
export async function readLabels(
  root: string,
  listing: Listing,
  { labelFile, split: wantedSplit, classes: wantedClasses, ...choice }: LabelFileOptions,
  partOf: (hasSplits: boolean) => Part = () => ({ files: listing.files, split: undefined }),
): Promise<TableLabels> {
  const file = resolve(labelFile);
  const table = readTable(await bytesOf(file, root, listing), file);
  const finderOf = nearby(listing, inside(file, root));
  const columns = chooseColumns(table, choice, nameColumnOf(table, choice, finderOf));
  const part = partOf(columns.split !== undefined);
  const rows =
    columns.split === undefined || part.split !== undefined
      ? undefined
      : rowsOfSplit(table, columns.split, wantedSplit);
  const split = part.split ?? rows?.split;
  const { way, rowOf, withoutImage } = match(table, columns, finderOf);
  // Images without a row are of no split, and are counted.
  const wanted = part.files.filter(
    (one) => rows === undefined || !rowOf.has(one.path) || rows.has(rowOf.get(one.path)!),
  );
  const used = wanted.filter((one) => rowOf.has(one.path));
  if (used.length === 0 && wanted.length > 0) {
    const of = split === undefined ? "" : ` of the split ${quoted(split)}`;
    throw new UserError(
      `${visible(file)}: it has no row for any image${of}, such as ` +
        `${quoted(wanted[0]!.path)}; give a table with a row for each of the ${wanted.length}`,
    );
  }
  const shown = inside(file, root) ?? basename(file);
  const info = {
    file: shown,
    columns: [...table.columns],
    rows: table.rows.length,
    withoutRow: wanted.length - used.length,
    withoutImage,
  };
  const { columns: names } = table;
  const { split: place } = columns;
  const unused = [...columns.likeSplits, ...(place !== undefined && rows === undefined ? [place] : [])];
  const splits =
    place !== undefined && rows !== undefined
      ? `, split from column ${names[place]!}`
      : unused.map((i) => `; its column ${quoted(names[i]!)} is not used`).join("");
  const read = `labels from ${shown}, names from column ${names[columns.name]!}${way === undefined ? "" : ` ${way}`}`;
  if (columns.classes === undefined) {
    const chosen = new Set(used.map((one) => rowOf.get(one.path)!));
    // In the order of the table: the first fault in it is the one that is told.
    const numbers = new Map(
      table.rows.flatMap((row) =>
        chosen.has(row) ? [[row, conditionsOf(row, columns.conditions, table)] as const] : [],
      ),
    );
    const values = used.flatMap((one) => numbers.get(rowOf.get(one.path)!)!);
    const conditions = { names: columns.conditions.map((place) => names[place]!), values: Float64Array.from(values) };
    const note = `${read}, ${counted(conditions.names.length, "column")} of conditions${splits}`;
    return {
      files: used.map((one) => ({ file: one, label: 0 })),
      classes: [],
      lost: [],
      conditions,
      table: { ...info, note },
      split,
    };
  }
  const sorted = byClass(table, columns.classes, used, rowOf, listing, wantedClasses);
  const { forms, ...labelled } = sorted;
  const note = `${read}, classes from column ${names[columns.classes]!}${splits}${truthNote(table.rows, columns.classes)}${forms}`;
  return {
    ...labelled,
    conditions: undefined,
    table: { ...info, note },
    split,
  };
}

/** The path of a file inside the folder or archive; undefined where it is elsewhere. */
const inside = (file: string, root: string): string | undefined =>
  file.startsWith(root + sep) ? file.slice(root.length + 1) : undefined;

/** The bytes of the label file, which may be an entry of the archive. */
async function bytesOf(file: string, root: string, listing: Listing): Promise<Uint8Array> {
  const tables = [...listing.labelFiles, ...listing.tables];
  const entry = tables.find(({ path, item }) => item.kind !== "file" && path === inside(file, root));
  if (entry === undefined) {
    if (!existsSync(file)) throw new UserError(`there is no label file ${visible(file)}${hint(file, root, tables)}`);
    return readBytes(file);
  }
  const reader = new ItemReader();
  try {
    return await reader.read(entry.item);
  } catch (error) {
    throw new UserError(`cannot read ${visible(file)}: ${(error as Error).message}`);
  } finally {
    await reader.close();
  }
}

/** Names a table that is there: one of the wanted name, if there is one. */
function hint(file: string, root: string, tables: readonly ListedTable[]): string {
  const meant = tables.find(({ path }) => basename(path) === basename(file)) ?? tables[0];
  return meant === undefined ? "" : `; did you mean ${quoted(`${root}${sep}${meant.path}`)}?`;
}

/** Rows and images that belong together. */
interface Matched {
  /** The row of an image, by the image's path. */
  readonly rowOf: ReadonlyMap<string, Row>;
  /** The number of rows whose image is not there. */
  readonly withoutImage: number;
  /** How names were read, in words. */
  readonly way: string | undefined;
}

/** Finds names among the images that they may mean. */
type FinderOf = (names: readonly string[]) => NameFinder;

/** The column of the file names: the one that is named, or else the likely one. */
function nameColumnOf(table: Table, { nameColumn, classColumn, conditions }: ColumnChoice, finderOf: FinderOf): number {
  if (nameColumn !== undefined) return placeOf(table, nameColumn, "nameColumn");
  const read = [classColumn, ...(typeof conditions === "object" ? conditions : [])];
  return likelyNameColumn(table, read, (names) => finderOf(names).find(names));
}

function match(table: Table, columns: ChosenColumns, finderOf: FinderOf): Matched {
  const { rows, name: file } = table;
  const where = visible(file);
  const names = rows.map(({ cells, place }) => {
    const name = cells[columns.name]!;
    if (typeof name === "string" && name !== "") return name;
    refuseRounded(name, `${where}: ${place}: its ${quoted(table.columns[columns.name]!)}`);
    if (typeof name === "number") return String(name);
    throw new UserError(`${where}: ${place}: its ${quoted(table.columns[columns.name]!)} is no name of a file`);
  });
  const finder = finderOf(names);
  const { paths } = finder;
  const found = finder.find(names);
  finder.refuseUnclear(names, found, where);
  const { images, way } = found;
  const rowOf = new Map<string, Row>();
  let withoutImage = 0;
  for (const [i, image] of images.entries()) {
    if (image < 0) {
      withoutImage++;
      continue;
    }
    const path = paths[image]!;
    const before = rowOf.get(path);
    if (before === undefined) rowOf.set(path, rows[i]!);
    else
      refuseOther(
        before,
        rows[i]!,
        columns,
        `${where}: ${rows[i]!.place} names ${quoted(path)} as ${before.place} does`,
      );
  }
  if (rowOf.size > 0) return { rowOf, withoutImage, way };
  throw new UserError(
    `${where}: none of the ${rows.length} names in its column ${quoted(table.columns[columns.name]!)} is an image of the data; it has ${quoted(names[0]!)}, and the images are ${quoted(paths[0] ?? "")} and so on`,
  );
}

/**
 * The images that a label file in a sub-folder may name: where one of its names begins there, as in the hub's
 * `train/metadata.jsonl`, no image of another folder.
 *
 * @param place - the path of the label file inside the folder or archive, if it is there
 */
function nearby({ files, broken }: Listing, place: string | undefined): FinderOf {
  const paths = [...files.map(({ path }) => path), ...broken.map((one) => one.file)];
  const all = new NameFinder(paths);
  const folder = place === undefined ? "." : dirname(place.replaceAll(sep, "/"));
  if (folder === ".") return () => all;
  const known = new Set(paths);
  const own = new NameFinder(paths.filter((path) => path.startsWith(`${folder}/`)));
  return (names) => (names.some((name) => known.has(`${folder}/${name.replace(/^(\.\/+)+/, "")}`)) ? own : all);
}

/** @throws UserError when two rows of one image differ in what is read of them. */
function refuseOther(first: Row, second: Row, { classes, conditions }: ChosenColumns, what: string): void {
  const read = ({ cells }: Row): string =>
    JSON.stringify([...(classes === undefined ? [] : [classes]), ...conditions].map((column) => String(cells[column])));
  if (read(first) !== read(second)) throw new UserError(`${what}, with other values`);
}

function byClass(
  table: Table,
  column: number,
  used: readonly Listed[],
  rowOf: ReadonlyMap<string, Row>,
  { broken }: Listing,
  wanted: readonly string[] | undefined,
): Pick<TableLabels, "files" | "classes" | "lost"> & { readonly forms: string } {
  const cells = table.rows.map((row) => classOf(row, column, table, wanted));
  const forms = nameOfTexts(cells);
  const names = new Map(table.rows.map((row, i) => [row, forms.get(cells[i]!) ?? cells[i]!]));
  const groups = new Map<string, Listed[]>();
  const lost = new Map<string, LostClass>();
  for (const file of used) {
    const name = names.get(rowOf.get(file.path)!)!;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [file]);
    else group.push(file);
  }
  const reasons = new Map(broken.map((one: BrokenFile) => [one.file, one.reason]));
  const labelled = new Map([...rowOf].map(([path, row]) => [row, path]));
  // A class whose images are all those of another split keeps its number, and is not lost.
  const elsewhere = new Set(
    [...names].flatMap(([row, name]) => {
      const path = labelled.get(row);
      return path === undefined || reasons.has(path) ? [] : [name];
    }),
  );
  for (const [row, name] of names) {
    if (elsewhere.has(name) || lost.has(name)) continue;
    const path = labelled.get(row);
    const reason = (path === undefined ? undefined : reasons.get(path)) ?? "it is not among the images";
    lost.set(name, { name, file: `${row.place} of the label file`, reason });
  }
  const classes = inOrder(names.values());
  const lists = classes.map((name) => groups.get(name) ?? []);
  const turns = Array.from(takeTurns(lists.map(({ length }) => length)), ([label, round]) => ({
    file: lists[label]![round]!,
    label,
  }));
  return { files: turns, classes, lost: [...lost.values()], forms: formsNote(forms) };
}
