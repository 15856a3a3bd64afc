/**
 * The header of a safetensors file: parses it with every check that the format calls for, and writes it.
 *
 * Layout (Hugging Face, "safetensors", format section of its README): an unsigned 64-bit little-endian length N, N bytes of
 * JSON mapping each name to `{ dtype, shape, data_offsets: [begin, end] }` (offsets count from the end of the header) with
 * an optional `__metadata__` map of strings, then the data without holes or overlaps, each tensor row-major, little-endian.
 *
 * A damaged checkpoint must be recognised before any of it is used. So nothing in the header is trusted: not the length,
 * not the offsets, not that offsets and shapes agree.
 */
import { UserError } from "../base/errors.ts";
import { type DType, ITEM_SIZE } from "../tensor/index.ts";
import { oneLine, quoted } from "./one-line.ts";
import { isCount, isShape, MOST_DIMENSIONS, numelOf } from "./shape.ts";

/** The element types of the form that Gantry has a tensor type for. */
export const elementTypes = {
  BOOL: "bool",
  U8: "uint8",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  F64: "float64",
} as const satisfies Record<string, DType>;

const bytesOfElement = (dtype: SafetensorsDType): number => ITEM_SIZE[elementTypes[dtype]];

/** The name of an element type inside a safetensors file. */
export type SafetensorsDType = keyof typeof elementTypes;

/** Where one tensor lies: `begin` and `end` count bytes from the end of the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A header that passed every check: `tensors` in the order of the file's JSON. */
export interface SafetensorsHeader {
  readonly tensors: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference reader's own limit: a longer header is a damaged or hostile file. */
const LARGEST_HEADER = 100_000_000;

/** Names to entries, entries to lists, lists to numbers. */
const DEEPEST_HEADER = 3;

/**
 * Refuses JSON that is nested deeper than a header is: parsing a hundred megabytes of brackets takes gigabytes.
 * @throws UserError naming `file`.
 */
function requireShallow(json: Uint8Array, file: string): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (inText) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x5b || byte === 0x7b) depth++;
    else if (byte === 0x5d || byte === 0x7d) depth--;
    if (depth > DEEPEST_HEADER)
      throw new UserError(`${file}: not a safetensors file: its header is nested more than ${DEEPEST_HEADER} deep`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value from the header in a message. */
const shown = (value: unknown): string => oneLine(String(JSON.stringify(value)));

const isSpan = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(isCount) && value[0]! <= value[1]!;

/**
 * The header's length from the first 8 bytes of a file of `fileSize` bytes.
 * @throws UserError when it cannot be right.
 */
export function headerLength(prefix: Uint8Array, fileSize: number, file: string): number {
  if (prefix.byteLength < 8) throw new UserError(`${file}: truncated: ${fileSize} bytes are too few for safetensors`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw new UserError(`${file}: not a safetensors file: its header would be ${length} bytes (at most 100000000)`);
  }
  if (8n + length > BigInt(fileSize)) {
    throw new UserError(
      `${file}: truncated: the header is ${length} bytes, the file ends after ${fileSize - 8} of them`,
    );
  }
  return Number(length);
}

/**
 * Parses and checks a header. `dataSize` is the number of bytes that follow it in the file.
 *
 * @throws UserError naming `file`, the tensor and the reason: not JSON, an unknown element type, a shape that disagrees
 * with its offsets, overlapping tensors, holes, data cut short or bytes left over.
 */
export function parseHeader(json: Uint8Array, dataSize: number, file: string): SafetensorsHeader {
  requireShallow(json, file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new UserError(`${file}: the safetensors header is not JSON (${oneLine((error as Error).message)})`);
  }
  if (!isRecord(parsed)) throw new UserError(`${file}: the safetensors header is not a JSON object`);
  const tensors: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    if (name === "__metadata__") metadata = parseMetadata(value, file);
    else tensors.push(parseEntry(name, value, file));
  }
  checkCoverage(tensors, dataSize, file);
  return { tensors, metadata };
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== "string")) {
    throw new UserError(`${file}: \`__metadata__\` must map names to strings`);
  }
  return value as Record<string, string>;
}

function parseEntry(name: string, value: unknown, file: string): TensorEntry {
  const where = `${file}: tensor ${quoted(name)}`;
  if (!isRecord(value)) throw new UserError(`${where}: its entry is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(elementTypes, dtype)) {
    const accepted = Object.keys(elementTypes).join(", ");
    throw new UserError(`${where}: dtype ${shown(dtype)} is not supported; accepted: ${accepted}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw new UserError(`${where}: shape ${shown(shape)} must be a list of whole numbers from 0`);
  }
  if (!isSpan(offsets)) {
    throw new UserError(`${where}: data_offsets ${shown(offsets)} must be [begin, end] with begin <= end`);
  }
  const [begin, end] = offsets;
  const bytes = numelOf(shape) * bytesOfElement(dtype as SafetensorsDType);
  const text = shown(shape);
  if (bytes !== end - begin) {
    throw new UserError(`${where}: ${dtype} ${text} takes ${bytes} bytes, its offsets span ${end - begin}`);
  }
  // Sizes next to a 0, and a thousand sizes of 1, take no bytes at all.
  if (!isShape(shape)) {
    throw new UserError(`${where}: no tensor has the shape ${text} (at most ${MOST_DIMENSIONS} dimensions)`);
  }
  return { name, dtype: dtype as SafetensorsDType, shape, begin, end };
}

/** The tensors, taken by offset, must tile the data exactly. */
function checkCoverage(tensors: readonly TensorEntry[], dataSize: number, file: string): void {
  let position = 0;
  let previous = "the header";
  for (const entry of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin < position) {
      throw new UserError(
        `${file}: tensor ${quoted(entry.name)} overlaps ${previous} (byte ${entry.begin} of the data)`,
      );
    }
    if (entry.begin > position) {
      throw new UserError(
        `${file}: ${entry.begin - position} bytes between ${previous} and ${quoted(entry.name)} belong to no tensor`,
      );
    }
    position = entry.end;
    previous = quoted(entry.name);
  }
  if (position > dataSize) {
    throw new UserError(
      `${file}: truncated: the header promises ${position} bytes of data, the file holds ${dataSize}`,
    );
  }
  if (position < dataSize) {
    throw new UserError(`${file}: ${dataSize - position} bytes after ${previous} belong to no tensor`);
  }
}

/** What a header is laid out from. */
type Layout = Omit<TensorEntry, "begin" | "end">;

/**
 * Lays out a file: the bytes of its prefix and header, and the entries in the order in which their data is to be written.
 *
 * Wide elements come first, so that every tensor is aligned to its element size whatever the mix; the header is padded with
 * spaces to a multiple of 8 for the same reason. The names keep their order in the JSON.
 */
export function layOut(
  tensors: readonly Layout[],
  metadata: Readonly<Record<string, string>>,
): { head: Uint8Array; entries: TensorEntry[] } {
  const byWidth = [...tensors].sort((a, b) => bytesOfElement(b.dtype) - bytesOfElement(a.dtype));
  let position = 0;
  const entries = byWidth.map((tensor) => {
    const begin = position;
    position += numelOf(tensor.shape) * bytesOfElement(tensor.dtype);
    return { ...tensor, begin, end: position };
  });
  const placed = new Map(entries.map((entry) => [entry.name, entry]));
  const fields = tensors.map(({ name }): [string, unknown] => {
    const { dtype, shape, begin, end } = placed.get(name)!;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  if (Object.keys(metadata).length > 0) fields.unshift(["__metadata__", metadata]);
  // Built by hand, since an object would move names that look like whole numbers ("0", "12") to the front.
  const json = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = Buffer.from(json);
  const padded = Math.ceil(text.byteLength / 8) * 8;
  const head = Buffer.alloc(8 + padded, 0x20);
  head.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(head, 8);
  return { head, entries };
}
