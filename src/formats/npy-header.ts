/**
 * The header of an .npy file, and the tensor of the bytes after it. `.npz` archives hold such files.
 *
 * Layout (NumPy Enhancement Proposal 1): the magic "\x93NUMPY", a version, the length of the header (16 bits in version 1,
 * 32 in 2 and 3, little-endian), a Python dictionary with `descr`, `fortran_order` and `shape`, then the elements.
 */
import { UserError } from "../base/errors.ts";
import { type DType, scope, type Tensor, tensorOf } from "../tensor/index.ts";
import { quoted } from "./one-line.ts";
import { isShape, numelOf, swapBytes } from "./shape.ts";

const NPY_MAGIC = Buffer.from("\x93NUMPY", "latin1");

/** The bytes at the start of a file that say how long its header is. */
export const NPY_PREFIX = 12;

/** NumPy itself refuses longer headers; those of plain arrays take one line. */
const LONGEST_HEADER = 10_000;

/** NumPy's code of a dtype, without the byte order. */
export const npyCodes: Readonly<Partial<Record<DType, string>>> = {
  float16: "f2",
  float32: "f4",
  float64: "f8",
  int8: "i1",
  int16: "i2",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  bool: "b1",
};

/** The header of a plain array. */
export interface NpyHeader {
  readonly dtype: DType;
  /** Bytes of an element. */
  readonly width: number;
  readonly bigEndian: boolean;
  /** Whether the first index runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Bytes of all elements. */
  readonly bytes: number;
}

/**
 * The bytes before the elements of a new file: version 1, row-major, little-endian.
 * @throws UserError for bfloat16, which NumPy does not have.
 */
export function npyHeader(dtype: DType, shape: readonly number[], where: string): Buffer {
  const code = npyCodes[dtype];
  if (code === undefined) {
    throw new UserError(`${where}: NumPy has no ${dtype}; convert the tensor to float32 first`);
  }
  const order = code.endsWith("1") ? "|" : "<";
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${lengths}), }`;
  // The elements start at a multiple of 64, so that the file can be mapped; the header ends with a line break.
  const total = Math.ceil((NPY_MAGIC.length + 4 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(total, 0x20);
  NPY_MAGIC.copy(head);
  head.set([1, 0], 6);
  head.writeUInt16LE(total - 10, 8);
  head.write(text, 10, "latin1");
  head[total - 1] = 0x0a;
  return head;
}

/**
 * Bytes from the start of the file to the elements, from its first {@link NPY_PREFIX}.
 * @throws UserError when it is no .npy file.
 */
export function npyHeaderLength(prefix: Uint8Array, where: string): number {
  const bytes = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (bytes.length < NPY_PREFIX || !bytes.subarray(0, 6).equals(NPY_MAGIC))
    throw new UserError(`${where}: not an .npy file`);
  const version = bytes[6]!;
  if (version < 1 || version > 3) {
    throw new UserError(`${where}: .npy version ${version} is not known; accepted: 1 to 3`);
  }
  const length = version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (length > LONGEST_HEADER) {
    throw new UserError(`${where}: its header claims ${length} bytes; at most ${LONGEST_HEADER} are accepted`);
  }
  return (version === 1 ? 10 : 12) + length;
}

/**
 * Parses a header: all bytes before the elements.
 *
 * @throws UserError for anything but a plain array of an element type that libtorch has: a record, text, complex
 * numbers, Python objects (which are pickles, and are never loaded).
 */
export function parseNpyHeader(head: Uint8Array, where: string): NpyHeader {
  const start = head[6] === 1 ? 10 : 12;
  const dictionary = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1", start);
  if (/'descr':\s*'\|O/.test(dictionary)) {
    throw new UserError(`${where}: it holds Python objects, which are never loaded; save plain numbers`);
  }
  const descr = /'descr':\s*'([<>|=])([a-zA-Z]\d+)'/.exec(dictionary);
  const order = /'fortran_order':\s*(True|False)/.exec(dictionary);
  const lengths = /'shape':\s*\(([\d,\sL]*)\)/.exec(dictionary);
  if (descr === null || order === null || lengths === null) {
    throw new UserError(`${where}: the .npy header is not one of a plain array: ${quoted(dictionary.trim())}`);
  }
  const code = descr[2]!;
  const dtype = (Object.keys(npyCodes) as DType[]).find((name) => npyCodes[name] === code);
  if (dtype === undefined) {
    throw new UserError(
      `${where}: element type ${quoted(typeName(code))} is not supported; accepted: ${Object.keys(npyCodes).join(", ")}`,
    );
  }
  const shape = lengths[1]!.split(",").flatMap((length) => (length.trim() === "" ? [] : [Number.parseInt(length, 10)]));
  const text = quoted(`[${shape.join(", ")}]`);
  if (!isShape(shape)) {
    throw new UserError(`${where}: the shape ${text} is not one of an array`);
  }
  const width = Number(code.slice(1));
  const bytes = numelOf(shape) * width;
  return { dtype, width, bigEndian: descr[1] === ">", fortranOrder: order[1] === "True", shape, bytes };
}

/** NumPy's name of an element type that is not read: `uint16` of `u2`; its code where the name is not of the same kind. */
function typeName(code: string): string {
  const kind = { u: "uint", f: "float", c: "complex" }[code[0]!];
  return kind === undefined ? code : `${kind}${8 * Number(code.slice(1))}`;
}

/** The elements of an array, in row-major order. */
export type NpyNumbers = Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** The elements of an array's bytes, a fresh array that may be changed, without the engine; undefined for float16. */
export function npyNumbers(data: Uint8Array<ArrayBuffer>, header: NpyHeader): NpyNumbers | undefined {
  if (header.bigEndian) swapBytes(data, header.width);
  const { buffer } = data;
  const made: Readonly<Partial<Record<DType, () => NpyNumbers>>> = {
    uint8: () => data,
    bool: () => data,
    int8: () => new Int8Array(buffer),
    int16: () => new Int16Array(buffer),
    int32: () => new Int32Array(buffer),
    int64: () => new BigInt64Array(buffer),
    float32: () => new Float32Array(buffer),
    float64: () => new Float64Array(buffer),
  };
  return made[header.dtype]?.();
}

/** The tensor of an array's bytes, which may be changed; `shape` differs from the header's for some of its rows. */
export function npyTensor(data: Uint8Array, header: NpyHeader, shape: readonly number[] = header.shape): Tensor {
  if (header.bigEndian) swapBytes(data, header.width);
  if (!header.fortranOrder || shape.length < 2) return tensorOf(data, header.dtype, shape);
  return scope(() => {
    const reversed = tensorOf(data, header.dtype, [...shape].reverse());
    return reversed.permute(shape.map((_, i) => shape.length - 1 - i)).contiguous();
  });
}
