/** The classes of a column: names, numbered in their order. */
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { byCodeUnit } from "../listing.ts";
import { type Row, refuseRounded, type Table } from "./table.ts";

/** Words that programs write where a value is missing. */
const missing: ReadonlySet<string> = new Set(["nan", "na", "n/a", "<na>", "null", "none", "nil", "empty"]);

/**
 * The class of a row.
 *
 * @param wanted - classes that the user names: these are no missing values
 * @throws UserError for an empty cell, a word of a missing value, or a cell that is a list or an object.
 */
export function classOf(
  { cells, place }: Row,
  column: number,
  { name, columns }: Table,
  wanted: readonly string[] = [],
): string {
  const cell = cells[column]!;
  if (typeof cell === "string" && missing.has(cell.toLowerCase()) && !wanted.includes(cell)) {
    throw new UserError(
      `${visible(name)}: ${place}: its ${quoted(columns[column]!)} is ${quoted(cell)}, the word of a missing value; an image without a ` +
        `class is left out when its row is removed, and a class of this name is taken where \`classes\` names it`,
    );
  }
  refuseRounded(cell, `${visible(name)}: ${place}: its ${quoted(columns[column]!)}`);
  if (typeof cell === "string" && cell !== "") return cell;
  if (typeof cell === "number" || typeof cell === "boolean") return String(cell);
  const what = cell === "" || cell === null ? "is empty" : "is no text and no number";
  throw new UserError(
    `${visible(name)}: ${place}: its ${quoted(columns[column]!)} ${what}; an image without a class is left out when its row is removed`,
  );
}

/** Said of a column of JSON that holds true or false next to texts or numbers. Begins with a semicolon, or is empty. */
export function truthNote(rows: readonly Row[], column: number): string {
  const cells = new Set(rows.map(({ cells }) => cells[column]!));
  const truths = [...cells].filter((cell) => typeof cell === "boolean");
  if (truths.length === 0 || truths.length === cells.size) return "";
  return `; ${truths.map((truth) => quoted(String(truth))).join(" and ")}, without quotes in the table, ${truths.length === 1 ? "is a class" : "are classes"}`;
}

/**
 * Classes in their order: whole numbers by size, also `2.0` as pandas writes 2 where a number is missing; anything else by the code
 * units of the names.
 */
export function inOrder(classes: Iterable<string>): string[] {
  const names = [...new Set(classes)];
  const bySize = names.every((name) => /^-?\d{1,15}(\.0+)?$/.test(name));
  return names.sort((a, b) => (bySize && Number(a) - Number(b)) || byCodeUnit(a, b));
}
