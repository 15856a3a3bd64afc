/** .npy files: one array, as NumPy saves it. */
import { UserError } from "../base/errors.ts";
import { bytesOf, scope, type Tensor } from "../tensor/index.ts";
import { writeFileAtomic } from "./atomic.ts";
import {
  NPY_PREFIX,
  type NpyHeader,
  type NpyNumbers,
  npyCodes,
  npyHeader,
  npyHeaderLength,
  npyNumbers,
  npyTensor,
  parseNpyHeader,
} from "./npy-header.ts";
import { type RandomAccessFile, withRandomAccess } from "./random-access.ts";
import { numelOf } from "./shape.ts";

/**
 * Writes a tensor as .npy (version 1, row-major, little-endian), atomically.
 *
 * @throws UserError for bfloat16, which NumPy does not have, and when the file system refuses.
 *
 * @example
 * writeNpy("features.npy", features); // numpy.load("features.npy")
 */
export function writeNpy(path: string, tensor: Tensor): void {
  const head = npyHeader(tensor.dtype, tensor.shape, path);
  writeFileAtomic(path, [head, scope(() => bytesOf(tensor))]);
}

/**
 * Reads an .npy file onto the CPU; either byte order, row- or column-major.
 *
 * @throws UserError naming the file and the reason: not .npy, cut short, or an element type that libtorch does not have
 * (unsigned beyond 8 bits, complex, text, records).
 *
 * @example
 * const codes = readNpy("codes.npy");
 */
export function readNpy(path: string): Tensor {
  return withRandomAccess(path, (file) => {
    const { header, start } = headerOf(file);
    return npyTensor(file.read(start, header.bytes), header);
  });
}

function headerOf(file: RandomAccessFile): { header: NpyHeader; start: number } {
  const { path } = file;
  const start = npyHeaderLength(file.read(0, Math.min(NPY_PREFIX, file.size)), path);
  if (start > file.size) throw new UserError(`${path}: cut short inside the .npy header`);
  const header = parseNpyHeader(file.read(0, start), path);
  if (file.size - start !== header.bytes) {
    throw new UserError(
      `${path}: the header promises [${header.shape.join(", ")}] of ${npyCodes[header.dtype]}, ${header.bytes} bytes; ` +
        `${file.size - start} follow it`,
    );
  }
  return { header, start };
}

/** The header of an .npy file. @throws UserError as {@link readNpy} does. */
export const readNpyHeader = (path: string): NpyHeader => withRandomAccess(path, (file) => headerOf(file).header);

/**
 * Rows `begin` to `end - 1` of an array along its first dimension, one after the other, without the engine.
 * @throws UserError as {@link readNpy} does, and for a column-major array and for float16.
 */
export function readNpyRows(path: string, begin: number, end: number): NpyNumbers {
  return withRandomAccess(path, (file) => {
    const { header, start } = headerOf(file);
    const { shape, fortranOrder, width } = header;
    if (fortranOrder && shape.length > 1)
      throw new UserError(
        `${path} is column-major and cannot be read by rows; save it again as numpy.ascontiguousarray gives it`,
      );
    const row = numelOf(shape.slice(1)) * width;
    const numbers = npyNumbers(file.read(start + begin * row, (end - begin) * row), header);
    if (numbers === undefined) throw new UserError(`${path} is float16; save it as float32`);
    return numbers;
  });
}
