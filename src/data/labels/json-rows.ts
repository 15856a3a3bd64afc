/**
 * JSON label files that are neither a list of objects nor an object with an entry for each file: an object with the files of each
 * class, and what `pandas.DataFrame.to_json` writes by `split`, `table`, `index`, and `columns`, which is its default.
 *
 *     {"cat": ["a.png", "b.png"]}
 *     {"columns": ["file", "class"], "index": [0], "data": [["a.png", "cat"]]}
 *     {"schema": { ... }, "data": [{"index": 0, "file": "a.png", "class": "cat"}]}
 *     {"0": {"file": "a.png", "class": "cat"}}
 *     {"file": {"0": "a.png"}, "class": {"0": "cat"}}
 *     {"class": {"a.png": "cat"}}
 */
import { namedLikeImage } from "../image-format.ts";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isFileName = (value: unknown): boolean => typeof value === "string" && namedLikeImage(value) === true;

/** The rows of such a table as objects, or undefined where the JSON has another form. */
export function rowsOfPandas(json: Fields): readonly Fields[] | undefined {
  return fromSplit(json) ?? fromTable(json) ?? fromIndex(json) ?? fromColumns(json);
}

function fromSplit({ columns, data }: Fields): readonly Fields[] | undefined {
  if (!Array.isArray(columns) || !Array.isArray(data)) return undefined;
  if (!columns.every((name) => typeof name === "string") || new Set(columns).size !== columns.length) return undefined;
  if (!data.every((row) => Array.isArray(row) && row.length === columns.length)) return undefined;
  return data.map((row: unknown[]) => Object.fromEntries(row.map((cell, i) => [columns[i], cell])));
}

function fromTable({ schema, data }: Fields): readonly Fields[] | undefined {
  if (!isFields(schema) || !Array.isArray(data) || !data.every(isFields)) return undefined;
  // The row's number in pandas is no label.
  const { primaryKey } = schema;
  const isNumber = (name: string): boolean =>
    name === "index" &&
    Array.isArray(primaryKey) &&
    primaryKey.includes(name) &&
    data.every((row) => !isFileName(row[name]));
  return data.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !isNumber(name))));
}

/** Rows by their numbers, with the names of the files in one of the columns. */
function fromIndex(json: Fields): readonly Fields[] | undefined {
  const rows = Object.values(json);
  if (!Object.keys(json).every((key) => /^\d+$/.test(key)) || !rows.every(isFields)) return undefined;
  const isNamed = Object.keys(rows[0] ?? {}).some((column) => rows.every((row) => isFileName(row[column])));
  return isNamed ? rows : undefined;
}

/** Columns by their names: the names of the files are one of them, or are those of the rows. */
function fromColumns(json: Fields): readonly Fields[] | undefined {
  const columns = Object.entries(json);
  if (columns.some(([name, cells]) => isFileName(name) || !isFields(cells))) return undefined;
  const cellsOf = columns as [string, Fields][];
  const rows = Object.keys(cellsOf[0]?.[1] ?? {});
  if (rows.length === 0 || cellsOf.some(([, cells]) => Object.keys(cells).join() !== rows.join())) return undefined;
  const byFile = rows.every(isFileName);
  if (!byFile && !cellsOf.some(([, cells]) => Object.values(cells).every(isFileName))) return undefined;
  const named = (row: string): Fields => (byFile ? { file: row } : {});
  return rows.map((row) => ({
    ...named(row),
    ...Object.fromEntries(cellsOf.map(([name, cells]) => [name, cells[row]])),
  }));
}

/** The files of each class, or undefined where the JSON has another form. */
export function rowsOfClasses(json: Fields): readonly Fields[] | undefined {
  const classes = Object.entries(json);
  const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.every(isFileName);
  if (classes.length === 0 || classes.some(([name, files]) => isFileName(name) || !isList(files))) return undefined;
  return classes.flatMap(([name, files]) => (files as string[]).map((file) => ({ file, class: name })));
}
