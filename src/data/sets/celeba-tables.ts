/**
 * CelebA's two tables: as they are published (text, a line an image, fields between spaces), and as Kaggle has them (the same
 * as CSV, under a line that names the columns).
 */
import { suggestion, UserError } from "../../base/errors.ts";
import { readBytes } from "../../formats/index.ts";

/** Numbers by the name of an image's file. */
export type Column = ReadonlyMap<string, number>;

/**
 * One attribute of list_attr_celeba.txt: 1 for images that have it, 0 for others. The file's first line is the number of
 * images, its second the attributes' names; each other line has a file name, and 1 or -1 for each attribute.
 *
 * @throws UserError that names the line when the file has another form, and the attributes when there is none of that
 * name.
 */
export function readAttribute(path: string, attribute: string): Column {
  if (isCsv(path)) return readCsv(path, attribute, { "1": 1, "-1": 0, "0": 0 });
  const [count, header, ...lines] = linesOf(path);
  const names = (header ?? "").trim().split(/\s+/);
  const at = names.indexOf(attribute);
  if (!/^\d+$/.test((count ?? "").trim()) || names.length < 2) {
    throw new UserError(`${path}: line 1 must be the number of images and line 2 the attributes' names`);
  }
  if (at < 0) throw new UserError(`${path} has no attribute \`${attribute}\`${suggestion(attribute, names)}`);
  const column = readColumn(path, lines, { firstLine: 3, columns: names.length, at, meaning: { "1": 1, "-1": 0 } });
  if (column.size !== Number(count)) {
    throw new UserError(`${path}: line 1 states ${Number(count)} images, ${column.size} follow; the file is cut short`);
  }
  return column;
}

/**
 * The part of each image in list_eval_partition.txt: 0 training, 1 validation, 2 test.
 * @throws UserError that names the line.
 */
export function readPartition(path: string): Column {
  const meaning = { "0": 0, "1": 1, "2": 2 };
  if (isCsv(path)) return readCsv(path, "partition", meaning);
  return readColumn(path, linesOf(path), { firstLine: 1, columns: 1, at: 0, meaning });
}

function linesOf(path: string): string[] {
  return readBytes(path).toString().trimEnd().split("\n");
}

const isCsv = (path: string): boolean => path.endsWith(".csv");

/** A column of the CSV edition, whose first column is the file's name. No field has a comma or quotes. */
function readCsv(path: string, name: string, meaning: Readonly<Record<string, number>>): Column {
  const [header, ...lines] = linesOf(path).map((line) => line.replaceAll(",", " "));
  const [, ...names] = header!
    .replace(/^\uFEFF/, "")
    .trim()
    .split(/\s+/);
  const at = names.indexOf(name);
  if (at < 0) throw new UserError(`${path} has no column \`${name}\`${suggestion(name, names)}`);
  return readColumn(path, lines, { firstLine: 2, columns: names.length, at, meaning });
}

/** How a column is read: the number of the first of the lines, how many columns there are, which one, and what its texts mean. */
interface ColumnForm {
  readonly firstLine: number;
  readonly columns: number;
  readonly at: number;
  readonly meaning: Readonly<Record<string, number>>;
}

function readColumn(path: string, lines: readonly string[], form: ColumnForm): Column {
  const { firstLine, columns, at, meaning } = form;
  const column = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const [name, ...values] = line.trim().split(/\s+/);
    const where = `${path}: line ${firstLine + index}`;
    if (values.length !== columns) {
      throw new UserError(`${where} has ${values.length} values after the file's name, not ${columns}`);
    }
    const value = Object.hasOwn(meaning, values[at]!) ? meaning[values[at]!] : undefined;
    if (value === undefined) {
      throw new UserError(`${where} has the value \`${values[at]}\`; accepted: ${Object.keys(meaning).join(", ")}`);
    }
    if (column.has(name!)) throw new UserError(`${where} names ${name} a second time`);
    column.set(name!, value);
  }
  return column;
}
