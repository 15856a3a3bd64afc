/**
 * HDF5 files: arrays of numbers, read by rows.
 *
 * The package `h5wasm` reads the format: the C library of the HDF Group, compiled to WebAssembly. It is loaded when a file is
 * opened, and reads only the parts that are asked for. Chunks that are compressed by gzip or shuffled are read; LZF, which
 * h5py has as well, is no part of the library.
 */

import { statSync } from "node:fs";
import type { Dataset, Group } from "h5wasm/node";
import { UserError } from "../base/errors.ts";
import type { NpyNumbers } from "./npy-header.ts";
import { oneLine, quoted } from "./one-line.ts";
import { RandomAccessFile } from "./random-access.ts";
import { numelOf } from "./shape.ts";
import { requirePlausible } from "./unpacked.ts";

/** The signature at the start of a file. */
const SIGNATURE = "\x89HDF\r\n\x1a\n";

/** An array, known before its elements are read. */
export interface Hdf5Array {
  /** NumPy's name of the element type. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Rows of a chunk, which are read together. */
  readonly rows?: number | undefined;
}

/** An open file; see {@link openHdf5}. */
export interface Hdf5File {
  /** The arrays that can be read, by their paths in the file. */
  readonly arrays: ReadonlyMap<string, Hdf5Array>;
  /** The arrays that cannot be read, each with the reason. */
  readonly refused: ReadonlyMap<string, string>;
  /**
   * Rows `begin` to `end - 1` of an array along its first dimension.
   * @throws UserError when they are damaged.
   */
  numbers(name: string, begin: number, end: number): Promise<NpyNumbers>;
  close(): void;
}

/** Element types by h5wasm's codes. */
const types: Readonly<Record<string, string>> = {
  "<B": "uint8",
  ">B": "uint8",
  "<b": "int8",
  ">b": "int8",
  "<h": "int16",
  "<i": "int32",
  "<q": "int64",
  "<f": "float32",
  "<d": "float64",
};

/** An element type that is not read: "big-endian float32" of ">f". */
function typeInWords(code: string): string {
  const known = types[`<${code.slice(1)}`] ?? { H: "uint16", I: "uint32", Q: "uint64" }[code.slice(1)];
  return known === undefined ? oneLine(code, 20) : `${code.startsWith(">") ? "big-endian " : ""}${known}`;
}

/** HDF5's classes of element types that h5py writes for bool (an enumeration), and for lists such as the bytes of encoded images. */
const ENUMERATION = 8;
const LIST = 9;

/** The element type of an array that is not read. */
function wordsOf({ metadata }: Dataset, code: unknown): string {
  if (metadata.type === ENUMERATION) {
    return "TRUE" in (metadata.enum_type?.members ?? {}) ? "bool" : "an enumeration";
  }
  if (metadata.type === LIST) return "lists of different lengths, such as the bytes of JPEG files";
  return typeof code === "string" ? typeInWords(code) : "no plain number";
}

/** Bytes of an element: the digits of its type's name count bits. */
const widthOf = (dtype: string): number => Number(/\d+$/.exec(dtype)![0]) / 8;

/** Filters of the library by their numbers: deflate, shuffle, Fletcher's checksum, szip, n-bit and scale-offset. */
const filters: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

/** How deep groups are looked through, and how many objects. */
const DEEPEST = 3;
const MOST_OBJECTS = 1000;

/**
 * Files that could not be read, by device and inode, with the reason. An error leaves the library's state of a file behind, so
 * that it would take the next contents of the same file for the first ones: such a file is not opened again.
 */
const failed = new Map<string, string>();

/** Whether a file begins as an HDF5 file does. */
export const startsLikeHdf5 = (head: Uint8Array): boolean =>
  Buffer.from(head.subarray(0, 8)).toString("latin1") === SIGNATURE;

/**
 * Opens an HDF5 file and reads what arrays it holds, but none of their elements.
 *
 * @throws UserError when it is no HDF5 file, is damaged or cut short.
 *
 * @example
 * const file = await openHdf5("ILSVRC128.hdf5");
 * file.arrays.get("imgs"); // { dtype: "uint8", shape: [1281167, 3, 128, 128], rows: 500 }
 */
export async function openHdf5(path: string): Promise<Hdf5File> {
  const raw = new RandomAccessFile(path);
  try {
    if (raw.size < 8 || !startsLikeHdf5(raw.read(0, 8))) throw new UserError(`${path}: not an HDF5 file`);
  } finally {
    raw.close();
  }
  const { dev, ino, size } = statSync(path);
  const key = `${dev} ${ino}`;
  const before = failed.get(key);
  if (before !== undefined) throw new UserError(`${before} (the file is read again when the program is started again)`);
  const refuse = (message: string): UserError => {
    failed.set(key, message);
    return new UserError(message);
  };
  const { File, ready } = await import("h5wasm/node");
  // Errors of the library are thrown, not printed.
  (await ready).activate_throwing_error_handler();
  const damaged = (error: unknown): UserError =>
    refuse(`${path}: the HDF5 file is damaged or cut short: ${reasonOf(error)}`);
  let file: InstanceType<typeof File> | undefined;
  const arrays = new Map<string, Hdf5Array>();
  const refused = new Map<string, string>();
  try {
    file = new File(path, "r");
    if (file.file_id < 0n) throw new Error("it cannot be opened");
    gather(file, "", 0, path, arrays, refused);
  } catch (error) {
    file?.close();
    throw damaged(error);
  }
  const opened = file;
  return {
    arrays,
    refused,
    numbers: async (name, begin, end) => {
      const { dtype, shape } = arrays.get(name)!;
      const bytes = (end - begin) * numelOf(shape.slice(1)) * widthOf(dtype);
      requirePlausible(`${path}: rows ${begin} to ${end - 1} of ${quoted(name)}`, bytes, size);
      try {
        const dataset = opened.get(name) as Dataset;
        return dataset.slice([[begin, end], ...shape.slice(1).map((): [] => [])]) as NpyNumbers;
      } catch (error) {
        throw refuse(`${path}: rows ${begin} to ${end - 1} of ${quoted(name)} cannot be read: ${reasonOf(error)}`);
      }
    },
    close: () => {
      opened.close();
    },
  };
}

/** The reason of the library's stack of errors: that of its last, innermost entry. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reasons = Array.from(text.matchAll(/^\s*#\d+: .*? in \w+\(\): (.*)$/gm), ([, reason]) => reason!);
  return oneLine(reasons.at(-1) ?? text);
}

/** Finds the arrays of a group and of the groups in it. */
function gather(
  group: Group,
  inside: string,
  depth: number,
  path: string,
  arrays: Map<string, Hdf5Array>,
  refused: Map<string, string>,
): void {
  for (const key of group.keys()) {
    if (arrays.size + refused.size >= MOST_OBJECTS) return;
    const name = inside === "" ? key : `${inside}/${key}`;
    const elsewhere = externalFile(group, key);
    if (elsewhere !== undefined) {
      refused.set(name, `${path}: ${quoted(name)} ${inOtherFile(elsewhere)}`);
      continue;
    }
    const found = group.get(key);
    if (found === null || !("type" in found)) continue;
    if (found.type === "Group" && depth < DEEPEST) gather(found as Group, name, depth + 1, path, arrays, refused);
    if (found.type !== "Dataset") continue;
    const array = describe(found as Dataset);
    if (typeof array === "string") refused.set(name, `${path}: ${quoted(name)} ${array}`);
    else arrays.set(name, array);
  }
}

/** Other files may change unseen: what is known of the data by is the contents of one. */
const inOtherFile = (file: string): string =>
  `is a link to another file (${oneLine(file, 60)}), which is not followed; h5repack or h5py can write a file that holds it`;

/** The file that an external link names; undefined of anything else. */
function externalFile(group: Group, key: string): string | undefined {
  try {
    return group.get_external_link(group.path === "/" ? `/${key}` : `${group.path}/${key}`).filename || undefined;
  } catch {
    return undefined;
  }
}

/** An array, or why it cannot be read. */
function describe(dataset: Dataset): Hdf5Array | string {
  const { shape } = dataset;
  let code: unknown;
  try {
    code = dataset.dtype;
  } catch {
    code = undefined;
  }
  const dtype = typeof code === "string" ? types[code] : undefined;
  if (dtype === undefined || shape === null) {
    return `has an element type that is not read (${wordsOf(dataset, code)})`;
  }
  const source = dataset.metadata.virtual_sources?.find(({ file_name: file }) => file !== ".");
  if (source !== undefined) return inOtherFile(source.file_name);
  const foreign = dataset.filters.find(({ id }) => !filters.has(id));
  if (foreign !== undefined) {
    return `is compressed by ${oneLine(foreign.name, 40) || `filter ${foreign.id}`}, which is not read; rewrite it by h5repack -f GZIP=1`;
  }
  return { dtype, shape, rows: dataset.metadata.chunks?.[0] };
}
