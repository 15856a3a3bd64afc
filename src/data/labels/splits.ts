/** The column of a label file that says the split: which images belong to the wanted split. */
import { suggestion, UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { isSplit, splitsCalled } from "../split-names.ts";
import type { Row, Table } from "./table.ts";

/** Rows of one split. */
export interface SplitRows {
  readonly split: string;
  has(row: Row): boolean;
}

/**
 * The rows of the wanted split, else of `train`. Undefined where the column holds no names of splits and none is wanted.
 * @throws UserError when the split is not in the column, or a row has no split.
 */
export function rowsOfSplit(table: Table, column: number, wanted: string | undefined): SplitRows | undefined {
  const textOf = ({ cells }: Row): string => String(cells[column] ?? "");
  const texts = [...new Set(table.rows.map(textOf))].filter((text) => text !== "");
  const where = `${visible(table.name)}: its column ${quoted(table.columns[column]!)}`;
  const found = splitsCalled(wanted ?? "train", texts);
  if (found.length > 1) {
    throw new UserError(`${where} has ${found.map(quoted).join(" and ")}; \`split\` chooses one`);
  }
  const [split] = found;
  if (split !== undefined) {
    const empty = table.rows.find((row) => textOf(row) === "");
    if (empty === undefined) return { split, has: (row) => textOf(row) === split };
    throw new UserError(
      `${visible(table.name)}: ${empty.place}: its ${quoted(table.columns[column]!)} is empty; an image of no split is left out when ` +
        "its row is removed",
    );
  }
  if (wanted !== undefined) throw new UserError(`${where} has no split ${quoted(wanted)}${suggestion(wanted, texts)}`);
  if (!texts.some(isSplit)) return undefined;
  throw new UserError(
    `${where} has no split \`train\`; \`split\` chooses one: ${texts.slice(0, 10).map(quoted).join(", ")}`,
  );
}
