/**
 * Parquet files, read by rows: the columns that there are, the file's metadata, and the values of one column, a row group at a
 * time.
 *
 * The package `hyparquet` reads the format (Apache Parquet's `parquet.thrift`), and `hyparquet-compressors` inflates pages
 * other than Snappy's. Both are loaded when a file is opened.
 */
import type { AsyncBuffer, FileMetaData, SchemaTree } from "hyparquet";
import { UserError } from "../base/errors.ts";
import { oneLine, quoted } from "./one-line.ts";
import { RandomAccessFile } from "./random-access.ts";

/** A column of a file. */
export interface ParquetColumn {
  readonly name: string;
  /** Its type in words, such as "int64", "text", "bytes" and "struct of bytes, path". */
  readonly type: string;
  /** The names of the fields of a struct; empty for others. */
  readonly fields: readonly string[];
}

/** A row group: rows that are stored, compressed and read together. */
interface Group {
  readonly first: number;
  readonly count: number;
}

/** The largest part of a column that is read at once. */
const LARGEST_PIECE = 2 ** 30;

/** The file's own description has at most this many bytes. */
const LARGEST_FOOTER = 2 ** 27;

/** An open file; see {@link openParquet}. Close it when done. */
export class ParquetFile {
  readonly path: string;
  readonly count: number;
  readonly columns: readonly ParquetColumn[];
  /** The texts of the file's own metadata by their keys. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly groups: readonly Group[];
  readonly #file: RandomAccessFile;
  readonly #buffer: AsyncBuffer;
  readonly #description: FileMetaData;

  /** @internal See {@link openParquet}. */
  constructor(
    file: RandomAccessFile,
    buffer: AsyncBuffer,
    description: FileMetaData,
    columns: readonly ParquetColumn[],
  ) {
    this.path = file.path;
    this.#file = file;
    this.#buffer = buffer;
    this.#description = description;
    this.columns = columns;
    this.metadata = new Map((description.key_value_metadata ?? []).map(({ key, value = "" }) => [key, value]));
    let first = 0;
    this.groups = description.row_groups.map(({ num_rows }) => {
      const group = { first, count: Number(num_rows) };
      first += group.count;
      return group;
    });
    this.count = first;
  }

  /**
   * The values of a column in a row group: numbers, bigints, texts, bytes, or for a struct an object of its fields.
   *
   * @throws UserError when the group is damaged, cut short or larger than 1 GiB.
   */
  async values(column: string, group: number): Promise<unknown[]> {
    const { first, count } = this.groups[group]!;
    const where = `${this.path}: column ${quoted(column)}, rows ${first} to ${first + count - 1}`;
    for (const { meta_data } of this.#description.row_groups[group]!.columns) {
      const bytes = Number(meta_data?.total_uncompressed_size ?? 0);
      if (meta_data?.path_in_schema[0] === column && bytes > LARGEST_PIECE) {
        throw new UserError(
          `${where} are one row group of ${bytes} bytes; at most ${LARGEST_PIECE} are read at once: write the file with a smaller ` +
            "row_group_size",
        );
      }
    }
    const [{ parquetReadObjects }, { compressors }] = await libraries();
    let rows: Record<string, unknown>[];
    try {
      rows = await parquetReadObjects({
        file: this.#buffer,
        metadata: this.#description,
        columns: [column],
        rowStart: first,
        rowEnd: first + count,
        compressors,
        utf8: false,
      });
    } catch (error) {
      if (error instanceof UserError) throw error;
      const message = oneLine((error as Error).message);
      // Several forms have this name, of which the reader knows some.
      if (message.startsWith("lz4")) {
        throw new UserError(
          `${where} are compressed by a form of LZ4 that is not read; write the file with snappy, gzip or zstd`,
        );
      }
      throw new UserError(`${where} are damaged: ${message}`);
    }
    if (rows.length !== count) throw new UserError(`${where} are damaged: they hold ${rows.length} values`);
    return rows.map((row) => row[column]);
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }
}

const libraries = () => Promise.all([import("hyparquet"), import("hyparquet-compressors")]);

/**
 * Opens a parquet file and reads its description, none of its values.
 *
 * @throws UserError when it is no parquet file, is damaged, cut short or encrypted.
 *
 * @example
 * const file = await openParquet("train-00000-of-00001.parquet");
 * file.columns; // [{ name: "image", type: "struct of bytes, path", ... }, { name: "label", type: "int64", ... }]
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = new RandomAccessFile(path);
  try {
    refuseCut(file);
    const buffer: AsyncBuffer = {
      byteLength: file.size,
      slice: (start, end = file.size) => file.read(start, end - start).buffer,
    };
    const { parquetMetadataAsync, parquetSchema } = (await libraries())[0];
    let description: FileMetaData;
    let columns: ParquetColumn[];
    try {
      description = await parquetMetadataAsync(buffer);
      columns = parquetSchema(description).children.map(columnOf);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${path}: the parquet file is damaged: ${oneLine((error as Error).message)}`);
    }
    return new ParquetFile(file, buffer, description, columns);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** @throws UserError when the file does not begin and end as a parquet file does. */
function refuseCut(file: RandomAccessFile): void {
  const { path, size } = file;
  const text = (at: number) => Buffer.from(file.read(at, 4).buffer).toString("latin1");
  if (size < 12 || text(0) !== "PAR1") {
    const encrypted = size >= 4 && text(0) === "PARE";
    throw new UserError(`${path}: ${encrypted ? "the parquet file is encrypted" : "not a parquet file"}`);
  }
  if (text(size - 4) !== "PAR1") throw new UserError(`${path}: the parquet file is cut short: its end mark is missing`);
  const footer = Buffer.from(file.read(size - 8, 4).buffer).readUInt32LE(0);
  if (footer > Math.min(LARGEST_FOOTER, size - 12)) {
    throw new UserError(`${path}: the parquet file is damaged: its description claims ${footer} bytes`);
  }
}

function columnOf({ element, children }: SchemaTree): ParquetColumn {
  const { name, type, converted_type, logical_type, repetition_type } = element;
  const isText = converted_type === "UTF8" || logical_type?.type === "STRING";
  const isList = converted_type === "LIST" || logical_type?.type === "LIST" || repetition_type === "REPEATED";
  if (children.length > 0) {
    const fields = isList ? [] : children.map((child) => child.element.name);
    return { name, type: isList ? "list" : `struct of ${fields.join(", ")}`, fields };
  }
  const plain = { BYTE_ARRAY: "bytes", FIXED_LEN_BYTE_ARRAY: "bytes" }[type as string];
  return { name, type: isList ? "list" : isText ? "text" : (plain ?? (type ?? "unknown").toLowerCase()), fields: [] };
}
