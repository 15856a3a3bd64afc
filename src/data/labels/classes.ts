/** The classes of a column: names, numbered in their order. */
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { byCodeUnit } from "../listing.ts";
import { type Row, refuseRounded, type Table } from "./table.ts";

/**
 * The class of a row.
 * @throws UserError for an empty cell, or one that is a list or an object.
 */
export function classOf({ cells, place }: Row, column: number, { name, columns }: Table): string {
  const cell = cells[column]!;
  refuseRounded(cell, `${visible(name)}: ${place}: its ${quoted(columns[column]!)}`);
  if (typeof cell === "string" && cell !== "") return cell;
  if (typeof cell === "number" || typeof cell === "boolean") return String(cell);
  const what = cell === "" || cell === null ? "is empty" : "is no text and no number";
  throw new UserError(
    `${visible(name)}: ${place}: its ${quoted(columns[column]!)} ${what}; an image without a class is left out when its row is removed`,
  );
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
