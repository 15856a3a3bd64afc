/**
 * CelebA's two tables: as they are published (text, a line an image, fields between spaces), and as Kaggle has them (the same
 * as CSV, under a line that names the columns).
 */
import { suggestion, UserError } from "../../base/errors.ts";
import { readBytes } from "../../formats/index.ts";

/** Numbers by the name of an image's file. */
export type Column = ReadonlyMap<string, number>;

/** Attributes, and 1 or 0 for each of them by the name of an image's file. */
export interface Attributes {
  readonly names: readonly string[];
  readonly values: ReadonlyMap<string, readonly number[]>;
}

/**
 * Attributes of list_attr_celeba.txt: 1 for images that have one, 0 for others. The file's first line is the number of
 * images, its second the attributes' names; each other line has a file name, and 1 or -1 for each attribute.
 *
 * @param wanted - their names, or `all`
 * @throws UserError that names the line when the file has another form, and the attributes when there is none of a name.
 */
export function readAttributes(path: string, wanted: readonly string[] | "all"): Attributes {
  const meaning = { "1": 1, "-1": 0, ...(isCsv(path) ? { "0": 0 } : {}) };
  const [count = [], header = [], ...lines] = isCsv(path) ? [[], ...csvLines(path)] : linesOf(path).map(fieldsOf);
  const all = isCsv(path) ? header.slice(1) : header;
  if (!isCsv(path) && (!/^\d+$/.test(count.join(" ")) || all.length < 2)) {
    throw new UserError(`${path}: line 1 must be the number of images and line 2 the attributes' names`);
  }
  const names = wanted === "all" ? all : wanted;
  const places = names.map((name) => {
    const at = all.indexOf(name);
    if (at < 0) throw new UserError(`${path} has no attribute \`${name}\`${suggestion(name, all)}`);
    return at;
  });
  const firstLine = isCsv(path) ? 2 : 3;
  const values = readColumns(path, lines, { firstLine, columns: all.length, places, meaning });
  if (!isCsv(path) && values.size !== Number(count)) {
    throw new UserError(`${path}: line 1 states ${Number(count)} images, ${values.size} follow; the file is cut short`);
  }
  return { names, values };
}

/**
 * The part of each image in list_eval_partition.txt: 0 training, 1 validation, 2 test.
 * @throws UserError that names the line.
 */
export function readPartition(path: string): Column {
  const meaning = { "0": 0, "1": 1, "2": 2 };
  const form = isCsv(path)
    ? csvPartition(path)
    : { lines: linesOf(path).map(fieldsOf), firstLine: 1, columns: 1, at: 0 };
  const { lines, at, ...rest } = form;
  const found = readColumns(path, lines, { ...rest, places: [at], meaning });
  return new Map(Array.from(found, ([name, values]) => [name, values[0]!]));
}

function linesOf(path: string): string[] {
  return readBytes(path).toString().trimEnd().split("\n");
}

const isCsv = (path: string): boolean => path.endsWith(".csv");

const fieldsOf = (line: string): string[] => line.trim().split(/\s+/);

/**
 * The fields of the CSV edition's lines, the file's name first. The first line names the columns. Fields may stand in quotes (RFC
 * 4180), as R and spreadsheets write them; none has a comma in it. Spreadsheets may put semicolons or tabs between them, and
 * pandas a column of numbers without a name before them.
 */
function csvLines(path: string): string[][] {
  const [header = "", ...rows] = linesOf(path);
  const names = header.replace(/^\uFEFF/, "");
  const separator = [",", ";", "\t"].find((mark) => names.includes(mark)) ?? ",";
  const fields = (line: string): string[] =>
    line
      .split(separator)
      .map((field) => field.trim().replace(/^"(.*)"$/, (_, text: string) => text.replaceAll('""', '"')));
  const columns = fields(names);
  const first = columns[0] === "" ? 1 : 0;
  return [columns.slice(first), ...rows.map((line) => fields(line).slice(first))];
}

function csvPartition(path: string): {
  lines: readonly (readonly string[])[];
  firstLine: number;
  columns: number;
  at: number;
} {
  const [header, ...lines] = csvLines(path);
  const [, ...names] = header!;
  const at = names.indexOf("partition");
  if (at < 0) throw new UserError(`${path} has no column \`partition\`${suggestion("partition", names)}`);
  return { lines, firstLine: 2, columns: names.length, at };
}

/** How columns are read: the number of the first of the lines, how many columns there are, which ones, and what texts mean. */
interface ColumnForm {
  readonly firstLine: number;
  readonly columns: number;
  readonly places: readonly number[];
  readonly meaning: Readonly<Record<string, number>>;
}

function readColumns(path: string, lines: readonly (readonly string[])[], form: ColumnForm): Map<string, number[]> {
  const { firstLine, columns, places, meaning } = form;
  const found = new Map<string, number[]>();
  for (const [index, [name, ...values]] of lines.entries()) {
    const where = `${path}: line ${firstLine + index}`;
    if (values.length !== columns) {
      throw new UserError(`${where} has ${values.length} values after the file's name, not ${columns}`);
    }
    if (found.has(name!)) throw new UserError(`${where} names ${name} a second time`);
    const numbers = places.map((at) => {
      const text = values[at]!;
      if (Object.hasOwn(meaning, text)) return meaning[text]!;
      throw new UserError(`${where} has the value \`${text}\`; accepted: ${Object.keys(meaning).join(", ")}`);
    });
    found.set(name!, numbers);
  }
  return found;
}
