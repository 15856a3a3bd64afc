/**
 * .npy files: one array, as NumPy saves it.
 *
 * Layout (NumPy Enhancement Proposal 1): the magic "\x93NUMPY", a version, the length of the header (16 bits in version 1,
 * 32 in 2 and 3, little-endian), a Python dictionary with `descr`, `fortran_order` and `shape`, then the elements.
 */
import { readFileSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { type DType, scope, type Tensor } from "../tensor/index.ts";
import { fileError, writeFileAtomic } from "./atomic.ts";
import { bytesOf, tensorOf } from "./bytes.ts";

const MAGIC = Buffer.from("\x93NUMPY", "latin1");

/** NumPy's code of a dtype, without the byte order. */
const codes: Readonly<Partial<Record<DType, string>>> = {
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

/**
 * Writes a tensor as .npy (version 1, row-major, little-endian), atomically.
 *
 * Throws UserError for bfloat16, which NumPy does not have, and when the file system refuses.
 *
 * @example
 * writeNpy("features.npy", features); // numpy.load("features.npy")
 */
export function writeNpy(path: string, tensor: Tensor): void {
  const code = codes[tensor.dtype];
  if (code === undefined) {
    throw new UserError(`${path}: NumPy has no ${tensor.dtype}; convert the tensor to float32 first`);
  }
  const order = code.endsWith("1") ? "|" : "<";
  const shape = tensor.ndim === 1 ? `${tensor.shape[0]},` : tensor.shape.join(", ");
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${shape}), }`;
  // The elements start at a multiple of 64, so that the file can be mapped; the header ends with a line break.
  const total = Math.ceil((MAGIC.length + 4 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(total, 0x20);
  MAGIC.copy(head);
  head.set([1, 0], 6);
  head.writeUInt16LE(total - 10, 8);
  head.write(text, 10, "latin1");
  head[total - 1] = 0x0a;
  writeFileAtomic(path, [head, scope(() => bytesOf(tensor))]);
}

/**
 * Reads an .npy file onto the CPU; either byte order, row- or column-major.
 *
 * Throws UserError naming the file and the reason: not .npy, cut short, or an element type that libtorch does not have
 * (unsigned beyond 8 bits, complex, text, records).
 *
 * @example
 * const codes = readNpy("codes.npy");
 */
export function readNpy(path: string): Tensor {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw fileError(error, "read", path);
  }
  if (file.length < 12 || !file.subarray(0, 6).equals(MAGIC)) throw new UserError(`${path}: not an .npy file`);
  const version = file[6]!;
  if (version < 1 || version > 3)
    throw new UserError(`${path}: .npy version ${version} is not known; accepted: 1 to 3`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? file.readUInt16LE(8) : file.readUInt32LE(8);
  if (start + length > file.length) throw new UserError(`${path}: cut short inside the .npy header`);
  const { code, bigEndian, fortranOrder, shape } = parseDictionary(
    file.toString("latin1", start, start + length),
    path,
  );
  const dtype = (Object.keys(codes) as DType[]).find((name) => codes[name] === code);
  if (dtype === undefined) {
    throw new UserError(
      `${path}: element type \`${code}\` is not supported; accepted: ${Object.values(codes).join(", ")}`,
    );
  }
  const width = Number(code.slice(1));
  const expected = shape.reduce((a, b) => a * b, 1) * width;
  // A copy at the start of its own buffer, where wide elements are aligned.
  const data = new Uint8Array(file.subarray(start + length));
  if (data.byteLength !== expected) {
    throw new UserError(
      `${path}: the header promises [${shape.join(", ")}] of ${code}, ${expected} bytes; ${data.byteLength} follow it`,
    );
  }
  if (bigEndian) swap(data, width);
  if (!fortranOrder || shape.length < 2) return tensorOf(data, dtype, shape);
  return scope(() => {
    const reversed = tensorOf(data, dtype, [...shape].reverse());
    return reversed.permute(shape.map((_, i) => shape.length - 1 - i)).contiguous();
  });
}

interface Dictionary {
  readonly code: string;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

function parseDictionary(text: string, path: string): Dictionary {
  const descr = /'descr':\s*'([<>|=])([a-zA-Z]\d+)'/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d,\sL]*)\)/.exec(text);
  if (descr === null || order === null || shape === null) {
    throw new UserError(`${path}: the .npy header is not one of a plain array: ${text.trim()}`);
  }
  const lengths = shape[1]!.split(",").flatMap((length) => (length.trim() === "" ? [] : [Number.parseInt(length, 10)]));
  return { code: descr[2]!, bigEndian: descr[1] === ">", fortranOrder: order[1] === "True", shape: lengths };
}

function swap(data: Uint8Array, width: number): void {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (width === 2) buffer.swap16();
  if (width === 4) buffer.swap32();
  if (width === 8) buffer.swap64();
}
