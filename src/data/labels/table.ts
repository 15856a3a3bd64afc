/**
 * Label files as tables: rows of cells under named columns, whatever the format.
 *
 * - `.csv` (RFC 4180: quoted cells, which may hold commas, quotes and line ends), also with semicolons or tabs between cells, as
 *   spreadsheets write them, and `.tsv`. The first row names the columns.
 * - `.json`: a list of objects, an object with an entry for each file, StyleGAN's `{"labels": [["a.png", 6], ...]}`, an
 *   object with the files of each class, or what pandas writes
 * - `.jsonl`, `.ndjson`: an object in each line
 *
 * Text is UTF-8, or UTF-16 with a byte order mark. A byte order mark is no part of a column's name.
 */
import { CsvError, parse as parseCsv } from "csv-parse/sync";
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { quoted } from "../../formats/index.ts";
import { endingOf } from "../image-format.ts";
import { namedLikeTable, tableEndings } from "./endings.ts";
import { rowsOfClasses, rowsOfPandas } from "./json-rows.ts";

/** What a cell holds. JSON has cells that are no text; an object in a cell is not read. */
export type Cell = string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>;

/** One row, and where it stands, such as "line 7". */
export interface Row {
  readonly cells: readonly Cell[];
  readonly place: string;
}

/** The contents of a label file. */
export interface Table {
  /** The file, for messages. */
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** The column of the file names where JSON has none: the keys of an object. */
const KEYS = "file";

/**
 * Reads a table.
 *
 * @param name - the file, for messages; its ending says the format
 * @throws UserError that names the line or entry when the text has another form, and for a column that comes twice.
 */
export function readTable(bytes: Uint8Array, name: string): Table {
  const ending = endingOf(name);
  if (!namedLikeTable(name)) {
    const ofCeleba = /list_(attr_celeba|eval_partition)\.txt$/.test(name) ? "; the dataset celeba reads this one" : "";
    throw new UserError(
      `${visible(name)}: a label file ends in ${tableEndings.join(", ")}, not in ${quoted(ending)}${ofCeleba}`,
    );
  }
  // Excel writes what stands between the cells into a line of its own.
  const text = decoded(bytes, name).replace(/^sep=(.)(?=\r|\n)/i, "");
  const table =
    ending === ".csv" || ending === ".tsv"
      ? fromCsv(text, name)
      : fromObjects(ending === ".json" ? entriesOf(parsed(text, name), text, name) : linesOf(text, name), name);
  if (table.rows.length === 0) throw new UserError(`${visible(name)}: it has no rows`);
  return table;
}

/** @throws UserError for bytes that are no text in one of the encodings. */
function decoded(bytes: Uint8Array, name: string): string {
  const mark = `${bytes[0]} ${bytes[1]}`;
  const encoding = mark === "255 254" ? "utf-16le" : mark === "254 255" ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${visible(name)}: it is no text in ${encoding.toUpperCase()}; save it as UTF-8`);
  }
}

function fromCsv(text: string, name: string): Table {
  const lines: number[] = [];
  let records: string[][];
  try {
    records = parseCsv(text, {
      delimiter: separatorOf(text),
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      // Spreadsheets write rows of nothing but separators behind the last one.
      skip_records_with_empty_values: true,
      trim: true,
      on_record: (record: string[], { lines: line }) => {
        lines.push(line);
        return record;
      },
    });
  } catch (error) {
    throw error instanceof CsvError ? new UserError(`${visible(name)}: ${csvFault(error)}`) : error;
  }
  const [columns = [], ...rows] = records;
  refuseTwice(columns, name);
  return { name, columns, rows: rows.map((cells, i) => ({ cells, place: `line ${lines[i + 1]}` })) };
}

/** What is wrong with a CSV file, in words. */
function csvFault(error: CsvError): string {
  const { code, lines } = error as CsvError & { readonly lines?: number };
  const where = lines === undefined ? "" : `line ${lines}: `;
  if (code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH") {
    return `${where}it has another number of cells than the first line; a cell with a comma in it stands in quotes`;
  }
  if (code === "CSV_QUOTE_NOT_CLOSED") return "a quote is opened and never closed";
  return `${where}it is no CSV: a quote inside a cell is doubled, and the cell stands in quotes`;
}

/** What stands between cells: the one of comma, semicolon and tab that the first line has most of. */
function separatorOf(text: string): string {
  const header = (/^[^\r\n]+/m.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t"].map((mark) => [mark, header.split(mark).length] as const);
  return counts.reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}

/** @throws UserError when two columns have one name. Columns without a name are not read. */
function refuseTwice(columns: readonly string[], name: string): void {
  const twice = columns.find((column, i) => column !== "" && columns.indexOf(column) !== i);
  if (twice !== undefined) throw new UserError(`${visible(name)}: two columns are called ${quoted(twice)}`);
}

/**
 * @param what - the cell, for messages
 * @throws UserError for a whole number that JSON's reader has rounded: two of them may be one now, and so two classes or files.
 */
export function refuseRounded(cell: Cell, what: string): void {
  if (typeof cell !== "number" || !Number.isInteger(cell) || Number.isSafeInteger(cell)) return;
  throw new UserError(`${what} is a number of about ${cell}, which is not kept exactly; write it as a text, in quotes`);
}

function parsed(text: string, name: string, place = ""): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${visible(name)}: ${place}it is no JSON: ${visible((error as Error).message)}`);
  }
}

/** An object with its file's name, if this stands before it, and where it stands. */
interface Entry {
  readonly key?: string;
  readonly value: unknown;
  readonly place: string;
}

function linesOf(text: string, name: string): Entry[] {
  return text.split(/\r\n|\n|\r/).flatMap((line, i) => {
    const place = `line ${i + 1}`;
    return line.trim() === "" ? [] : [{ value: parsed(line, name, `${place}: `), place }];
  });
}

/** The entries of a JSON file: of a list, or of an object whose keys are names of files. */
function entriesOf(json: unknown, text: string, name: string): Entry[] {
  if (Array.isArray(json)) return json.map((value, i) => ({ value, place: `entry ${i + 1}` }));
  if (typeof json !== "object" || json === null) {
    throw new UserError(
      `${visible(name)}: it must hold a list such as [{"file": "a.png", "class": "cat"}], or {"a.png": "cat"}`,
    );
  }
  const { labels } = json as { readonly labels?: unknown };
  if (Array.isArray(labels) && labels.every((one) => Array.isArray(one) && typeof one[0] === "string")) {
    return labels.map(([key, value]: [string, unknown], i) => ({ key, value, place: `entry ${i + 1}` }));
  }
  if ("images" in json && "annotations" in json) {
    throw new UserError(
      `${visible(name)}: it holds annotations of COCO, which are not read as labels, as an image has several; write a table with one row for ` +
        'each image, such as [{"file": "a.png", "class": "cat"}]',
    );
  }
  // The parser keeps the last of equal keys without a word.
  const keys = new Set<string>();
  for (const key of keysIn(text)) {
    if (keys.has(key)) throw new UserError(`${visible(name)}: it has the key ${quoted(key)} twice`);
    keys.add(key);
  }
  const fields = json as Readonly<Record<string, unknown>>;
  const rows = rowsOfPandas(fields) ?? rowsOfClasses(fields);
  if (rows !== undefined) return rows.map((value, i) => ({ value, place: `row ${i + 1}` }));
  return Object.entries(json).map(([key, value]) => ({ key, value, place: `the entry of ${quoted(key)}` }));
}

/** The keys of the outermost object of a valid JSON text, in their order and with their repetitions. */
function* keysIn(text: string): Generator<string> {
  let depth = 0;
  let last = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token === ":") {
      if (depth === 1) yield JSON.parse(last) as string;
    } else last = token;
  }
}

/** The table of objects: its columns are all keys, in the order in which they come up. A missing key is an empty cell. */
function fromObjects(entries: readonly Entry[], name: string): Table {
  const columns = new Map<string, number>();
  const numberOf = (column: string): number => {
    if (!columns.has(column)) columns.set(column, columns.size);
    return columns.get(column)!;
  };
  const sparse = entries.map(({ key, value, place }) => {
    const cells: Cell[] = [];
    if (key !== undefined) cells[numberOf(KEYS)] = key;
    for (const [column, cell] of Object.entries(objectOf(value, key, `${name}: ${place}`))) {
      if (key !== undefined && column === KEYS)
        throw new UserError(`${visible(name)}: ${place} has a \`file\` of its own`);
      cells[numberOf(column)] = cell as Cell;
    }
    return { cells, place };
  });
  const rows = sparse.map(({ cells, place }) => {
    return { cells: Array.from({ length: columns.size }, (_, i) => cells[i] ?? null), place };
  });
  return { name, columns: [...columns.keys()], rows };
}

/** An entry's cells: an object as it is; next to a file's name also a class, or a list of numbers. */
function objectOf(value: unknown, key: string | undefined, where: string): Readonly<Record<string, unknown>> {
  if (key !== undefined && Array.isArray(value)) {
    return Object.fromEntries(value.map((one, i) => [`c${i}`, one]));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  if (key !== undefined) return { class: value };
  throw new UserError(`${visible(where)} is no object such as {"file": "a.png", "class": "cat"}`);
}
