/**
 * IDX, the file format of MNIST and its successors: a big-endian array of up to 255 dimensions, plain or gzip-compressed.
 *
 * Layout (LeCun, Cortes and Burges, "The MNIST database"): two zero bytes, one byte of type, one byte of rank, one
 * unsigned 32-bit big-endian length per dimension, then the elements in row-major order, big-endian.
 */
import { endianness } from "node:os";
import { constants, gunzipSync } from "node:zlib";
import { UserError } from "../base/errors.ts";
import { readBytes } from "./atomic.ts";
import { numelOf, swapBytes } from "./shape.ts";
import { requirePlausible } from "./unpacked.ts";

type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** An array as IDX stores it, in this machine's byte order. */
export interface Idx {
  readonly dtype: "uint8" | "int8" | "int16" | "int32" | "float32" | "float64";
  readonly shape: readonly number[];
  readonly data: IdxArray;
}

interface ElementType {
  readonly dtype: Idx["dtype"];
  readonly bytes: number;
  readonly make: (buffer: ArrayBuffer) => IdxArray;
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { dtype: "uint8", bytes: 1, make: (b) => new Uint8Array(b) }],
  [0x09, { dtype: "int8", bytes: 1, make: (b) => new Int8Array(b) }],
  [0x0b, { dtype: "int16", bytes: 2, make: (b) => new Int16Array(b) }],
  [0x0c, { dtype: "int32", bytes: 4, make: (b) => new Int32Array(b) }],
  [0x0d, { dtype: "float32", bytes: 4, make: (b) => new Float32Array(b) }],
  [0x0e, { dtype: "float64", bytes: 8, make: (b) => new Float64Array(b) }],
]);

/** A gzip member of a kilobyte can inflate to a gigabyte. No real file of this format comes near this size. */
const LARGEST_INFLATED = 2 ** 31;

/** Bytes that a header has at most: 255 dimensions. */
const LONGEST_HEADER = 4 + 4 * 255;

/**
 * The bytes of an IDX file, inflated when they start with gzip's magic number, whatever the name says, and to no more than
 * the file's own header promises.
 *
 * @throws UserError when the file cannot be read, when its compressed stream is damaged or cut short, or when it
 * inflates to more than its header promises, than 2 GiB, or than is plausible for its size.
 */
export function readIdxBytes(path: string): Buffer {
  const bytes = readBytes(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const promised = promisedLength(bytes, path);
  try {
    return gunzipSync(bytes, { maxOutputLength: promised });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw new UserError(
        `${path}: the gzip stream holds more than the ${promised} bytes that the IDX header in it promises`,
      );
    }
    throw new UserError(`${path}: the gzip stream is damaged or cut short (${message})`);
  }
}

/** How many bytes an IDX file has by the header at the start of its gzip stream. */
function promisedLength(bytes: Uint8Array, path: string): number {
  let head: Buffer;
  try {
    // What the first kilobytes hold of a longer stream.
    const finishFlush = bytes.length > 2 ** 13 ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
    head = gunzipSync(bytes.subarray(0, 2 ** 13), { finishFlush, maxOutputLength: 2 ** 24 }).subarray(
      0,
      LONGEST_HEADER,
    );
  } catch (error) {
    throw new UserError(`${path}: the gzip stream is damaged or cut short (${(error as Error).message})`);
  }
  const { start, type, shape } = parseHeader(head, path);
  const length = start + type.bytes * numelOf(shape);
  if (length > LARGEST_INFLATED) {
    throw new UserError(`${path}: the IDX header promises ${length} bytes; at most ${LARGEST_INFLATED} are read`);
  }
  requirePlausible(`${path}: its gzip stream`, length, bytes.length);
  return length;
}

/**
 * Reads the bytes of an IDX file. `uint8` data is a view of `bytes`; wider elements are copied and turned to this
 * machine's byte order.
 *
 * @throws UserError naming `name` when the magic, the rank, or the length does not fit.
 */
export function parseIdx(bytes: Uint8Array, name: string): Idx {
  const { start, type, shape } = parseHeader(bytes, name);
  const expected = start + type.bytes * numelOf(shape);
  if (expected !== bytes.byteLength) {
    throw new UserError(
      `${name}: the IDX header promises [${shape.join(", ")}] ${type.dtype}, ${expected} bytes with the header; ` +
        `the file holds ${bytes.byteLength}`,
    );
  }
  if (type.dtype === "uint8") return { dtype: "uint8", shape, data: bytes.subarray(start) };
  // Not slice: a Buffer's is a view, and a copy is needed for the alignment.
  const copy = new Uint8Array(bytes.subarray(start));
  if (endianness() === "LE") swapBytes(copy, type.bytes);
  return { dtype: type.dtype, shape, data: type.make(copy.buffer) };
}

function parseHeader(bytes: Uint8Array, name: string): { start: number; type: ElementType; shape: readonly number[] } {
  if (bytes.byteLength < 4) throw new UserError(`${name}: not an IDX file (only ${bytes.byteLength} bytes)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = elementTypes.get(bytes[2]!);
  if (view.getUint16(0) !== 0 || type === undefined) {
    const magic = view.getUint32(0).toString(16).padStart(8, "0");
    throw new UserError(`${name}: not an IDX file (magic 0x${magic}; 0x00000803 is what MNIST images start with)`);
  }
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (bytes.byteLength < start) throw new UserError(`${name}: cut short inside the IDX header (rank ${rank})`);
  return { start, type, shape: Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i)) };
}

/**
 * Reads an IDX file, plain or gzip.
 *
 * @example
 * const images = readIdx("train-images-idx3-ubyte.gz"); // { dtype: "uint8", shape: [60000, 28, 28], data }
 */
export function readIdx(path: string): Idx {
  return parseIdx(readIdxBytes(path), path);
}
