/** Which columns of a label file are read: that of the file names, that of the classes, or those of the conditions. */
import { suggestion, UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { isSplit } from "../split-names.ts";
import type { Cell, Table } from "./table.ts";

/** How a label file is read. */
export interface ColumnChoice {
  /** Column of the file names. Default: the one whose cells are such names. */
  readonly nameColumn?: string | undefined;
  /** Column of the classes. Default: the only other one, or the one that is called like one. */
  readonly classColumn?: string | undefined;
  /** Columns of conditions, in place of classes; `all`: every column but that of the names. */
  readonly conditions?: readonly string[] | "all" | undefined;
}

/** The places of the columns that are read. */
export interface ChosenColumns {
  readonly name: number;
  /** Undefined where there are conditions. */
  readonly classes: number | undefined;
  readonly conditions: readonly number[];
  /** The column that says the split of each image, if there is one. */
  readonly split: number | undefined;
  /** Columns that are called as if they said the split, where none does. */
  readonly likeSplits: readonly number[];
}

/** Names of columns that say the split; those after the first do so only where all their cells are names of splits. */
const namesOfSplits = ["split", "subset", "set", "partition", "fold"];
/** Other names of columns that often say it in words of their own, such as FER2013's `Usage` and fastai's `is_valid`. */
const namesLikeSplits = ["dataset", "usage", "phase", "istrain", "istraining", "isval", "isvalid", "istest"];
const namesOfClasses = ["class", "classname", "label", "labelname", "category", "target"];

/** The name of a column without spaces, marks and capitals. */
export const plain = (column: string): string => column.toLowerCase().replace(/[\s_.-]/g, "");

/** Whether a column is called like one of classes. */
export const isCalledLikeClasses = (column: string): boolean => namesOfClasses.includes(plain(column));

/**
 * Chooses the columns.
 *
 * @param name - the column of the file names
 * @throws UserError with the columns that there are when one is not there, or it is not clear which is meant.
 */
export function chooseColumns(table: Table, { classColumn, conditions }: ColumnChoice, name: number): ChosenColumns {
  const { columns } = table;
  const named = [classColumn, ...(typeof conditions === "object" ? conditions : [])];
  const unnamed = [...columns.keys()].filter((i) => i !== name && !named.includes(columns[i]!));
  const split = splitColumn(table, unnamed);
  const others = [...columns.keys()].filter((i) => i !== name && i !== split && columns[i] !== "");
  if (others.length === 0) {
    const andSplit = split === undefined ? "" : ` and ${quoted(columns[split]!)}, which says the split`;
    throw new UserError(`${visible(table.name)}: it has no column besides ${shown([columns[name]!])}${andSplit}`);
  }
  const likeSplits = (read: readonly number[]): number[] =>
    split !== undefined
      ? []
      : unnamed.filter((i) => !read.includes(i) && [...namesOfSplits, ...namesLikeSplits].includes(plain(columns[i]!)));
  if (conditions !== undefined) {
    const chosen = conditions === "all" ? others : conditions.map((column) => placeOf(table, column, "conditions"));
    const twice = chosen.find((place, i) => chosen.indexOf(place) !== i);
    if (twice !== undefined) throw new UserError(`\`conditions\` names ${quoted(columns[twice]!)} twice`);
    if (chosen.includes(name)) {
      throw new UserError(`\`conditions\` names ${quoted(columns[name]!)}, the column of the file names`);
    }
    return { name, classes: undefined, conditions: chosen, split, likeSplits: likeSplits(chosen) };
  }
  const classes = classColumn === undefined ? likelyClasses(table, others) : placeOf(table, classColumn, "classColumn");
  if (classes === name) throw new UserError(`\`classColumn\` (=${classColumn}) is the column of the file names`);
  return { name, classes, conditions: [], split, likeSplits: likeSplits([classes]) };
}

/**
 * The place of the column that says the split, of some columns: one called so, else the one whose cells are names of several
 * splits, whatever it is called.
 * @throws UserError where two are such and neither is called so.
 */
function splitColumn({ name, columns, rows }: Table, places: readonly number[]): number | undefined {
  const textsIn = (place: number): string[] => [
    ...new Set(rows.map(({ cells }) => String(cells[place] ?? "")).filter((text) => text !== "")),
  ];
  const saysSplit = (place: number): boolean => {
    const texts = textsIn(place);
    return plain(columns[place]!) === "split" || (texts.length > 0 && texts.every(isSplit));
  };
  const called = namesOfSplits.flatMap((wanted) => places.filter((place) => plain(columns[place]!) === wanted));
  const found = called.find(saysSplit);
  if (found !== undefined) return found;
  const others = places.filter(
    (place) => !isCalledLikeClasses(columns[place]!) && saysSplit(place) && textsIn(place).length > 1,
  );
  if (others.length < 2) return others[0];
  throw new UserError(
    `${visible(name)}: its columns ${others.map((place) => quoted(columns[place]!)).join(" and ")} both hold names of splits; call the one ` +
      "that says them `split`",
  );
}

const shown = (columns: readonly string[]): string => columns.map(quoted).join(", ");

/**
 * The place of a column that an option names.
 * @throws UserError when there is none.
 */
export function placeOf({ name, columns }: Table, wanted: string, option: string): number {
  const place = columns.indexOf(wanted);
  if (place >= 0) return place;
  throw new UserError(`\`${option}\`: ${visible(name)} has no column ${quoted(wanted)}${suggestion(wanted, columns)}`);
}

function likelyClasses({ name, columns, rows }: Table, others: readonly number[]): number {
  const called = others.filter((i) => isCalledLikeClasses(columns[i]!));
  const found = called.length > 0 ? called : others;
  if (found.length > 1) {
    throw new UserError(
      `${visible(name)}: it has ${others.length} columns besides the file names (${shown(others.map((i) => columns[i]!))}); say which is the class by \`classColumn\`, or which are conditions by \`conditions\``,
    );
  }
  const [only] = found as [number];
  const comma = rows.find(({ cells }) => hasDecimalComma(cells[only]!));
  if (comma !== undefined && rows.every(({ cells }) => isNumber(cells[only]!) || hasDecimalComma(cells[only]!))) {
    throw new UserError(
      `${visible(name)}: ${comma.place}: its ${quoted(columns[only]!)} (=${comma.cells[only]}) is a number with a decimal comma; write ` +
        `numbers with a point for a condition; as classes all the same: \`classColumn=${columns[only]}\``,
    );
  }
  if (
    rows.every(({ cells }) => isNumber(cells[only]!)) &&
    rows.some(({ cells }) => !Number.isInteger(Number(cells[only])))
  ) {
    throw new UserError(
      `${visible(name)}: its column ${quoted(columns[only]!)} holds numbers that are not whole, which are no classes; as a condition: \`conditions=[${columns[only]}]\`; as classes all the same: \`classColumn=${columns[only]}\``,
    );
  }
  return only;
}

/** Whether a cell is a number as it is written in some languages, such as `0,5`. */
export const hasDecimalComma = (cell: Cell): boolean => typeof cell === "string" && /^[+-]?\d+,\d+$/.test(cell);

/** Whether a cell is a finite number, or the text of one. */
export function isNumber(cell: Cell): boolean {
  if (typeof cell === "number") return Number.isFinite(cell);
  return typeof cell === "string" && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell);
}
