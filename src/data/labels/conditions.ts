/** The conditions of a row: numbers of several columns. */
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { hasDecimalComma, isNumber } from "./columns.ts";
import type { Cell, Row, Table } from "./table.ts";

const truths: ReadonlyMap<string, number> = new Map([
  ["true", 1],
  ["false", 0],
]);

/** The number of a cell; undefined of an empty one, NaN of one that is none. True is 1 and false 0. */
function numberOf(cell: Cell): number | undefined {
  if (cell === null || cell === "") return undefined;
  if (typeof cell === "boolean") return Number(cell);
  return isNumber(cell) ? Number(cell) : (truths.get(String(cell).toLowerCase()) ?? Number.NaN);
}

/**
 * The numbers of a row.
 * @throws UserError that names line and column for a cell that is empty or no number.
 */
export function conditionsOf({ cells, place }: Row, columns: readonly number[], table: Table): number[] {
  return columns.map((column) => {
    const cell = cells[column]!;
    const number = numberOf(cell);
    if (number !== undefined && Number.isFinite(number)) return number;
    const where = `${visible(table.name)}: ${place}: its ${quoted(table.columns[column]!)}`;
    if (number === undefined) {
      throw new UserError(`${where} is empty; an image without conditions is left out when its row is removed`);
    }
    if (hasDecimalComma(cell)) {
      throw new UserError(`${where} is ${quoted(String(cell))}, with a decimal comma; write numbers with a point`);
    }
    throw new UserError(
      `${where} is ${quoted(typeof cell === "object" ? JSON.stringify(cell) : String(cell))}, and conditions are numbers, or true and false; a column of words is a class (\`classColumn\`), or one column of 0 and 1 for each word`,
    );
  });
}
