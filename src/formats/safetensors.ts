/**
 * safetensors files: named tensors and a map of strings, for checkpoints and weights that travel.
 *
 * The form stores every tensor row-major. A tensor that comes back in another memory format takes another kernel and gives
 * other last bits, so the names of tensors that lie channels-last are kept under the metadata key `memory_format`, which
 * other readers ignore, and such tensors are laid out so again when they are read.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { bytesOf, type DType, scope, type Tensor, tensorOf } from "../tensor/index.ts";
import { fileError, writeFileAtomic } from "./atomic.ts";
import {
  headerLength,
  layOut,
  parseHeader,
  type SafetensorsDType,
  type SafetensorsHeader,
} from "./safetensors-header.ts";

const MEMORY_FORMAT = "memory_format";

const namesInFile: Readonly<Record<DType, SafetensorsDType>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

const dtypes = Object.fromEntries(Object.entries(namesInFile).map(([dtype, name]) => [name, dtype])) as Record<
  SafetensorsDType,
  DType
>;

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether a tensor lies channels-last and in no other order. */
const isChannelsLast = (tensor: Tensor): boolean =>
  tensor.ndim === 4 && tensor.isContiguous("channelsLast") && !tensor.isContiguous();

/**
 * Writes tensors, atomically: the path holds what it held before, or the whole new file.
 *
 * @param metadata strings to keep with them; the keys `memory_format` and `format` are Gantry's own (`format` is "pt": the
 *   names and layouts are PyTorch's)
 *
 * @throws UserError when a name or key is reserved or the file system refuses.
 *
 * @example
 * writeSafetensors("runs/a/checkpoints/000500.safetensors", generator.stateDict(), { step: "500" });
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  if (tensors.has("__metadata__")) throw new UserError(`${path}: \`__metadata__\` cannot be the name of a tensor`);
  const reserved = Object.keys(metadata).find((key) => key === MEMORY_FORMAT || key === "format");
  if (reserved !== undefined) throw new UserError(`${path}: the metadata key \`${reserved}\` is reserved`);
  const formats = Object.fromEntries(
    [...tensors].flatMap(([name, tensor]) => (isChannelsLast(tensor) ? [[name, "channels_last"]] : [])),
  );
  const layout = [...tensors].map(([name, tensor]) => ({
    name,
    dtype: namesInFile[tensor.dtype],
    shape: tensor.shape,
  }));
  const withFormats = Object.keys(formats).length > 0 ? { [MEMORY_FORMAT]: JSON.stringify(formats) } : {};
  const { head, entries } = layOut(layout, { format: "pt", ...metadata, ...withFormats });
  // One tensor's bytes at a time: a checkpoint can be larger than the memory that is left.
  function* parts(): Generator<Uint8Array> {
    yield head;
    for (const { name } of entries) yield scope(() => bytesOf(tensors.get(name)!));
  }
  writeFileAtomic(path, parts());
}

/**
 * Reads every tensor of a file onto the CPU, after checking all of it.
 *
 * @throws UserError naming the file and the reason when it cannot be read, is truncated or damaged, or holds an element
 * type that libtorch does not have.
 *
 * @example
 * const { tensors, metadata } = readSafetensors("weights.safetensors");
 * generator.loadStateDict(tensors);
 */
export function readSafetensors(path: string): Safetensors {
  return withFile(path, (file, size) => {
    const { header, start } = readHeaderOf(file, size, path);
    const { [MEMORY_FORMAT]: formatText, ...metadata } = header.metadata;
    const formats = parseFormats(formatText, path);
    const tensors = new Map<string, Tensor>();
    for (const { name, dtype, shape, begin, end } of header.tensors) {
      const bytes = readExactly(file, start + begin, end - begin, path);
      const channelsLast = Object.hasOwn(formats, name) && formats[name] === "channels_last" && shape.length === 4;
      const tensor = scope(() => {
        const plain = tensorOf(bytes, dtypes[dtype], shape);
        return channelsLast ? plain.contiguous("channelsLast") : plain;
      });
      tensors.set(name, tensor);
    }
    return { tensors, metadata };
  });
}

/**
 * Reads and checks only the header: names, types, shapes and metadata.
 * @throws UserError as {@link readSafetensors} does.
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  return withFile(path, (file, size) => readHeaderOf(file, size, path).header);
}

function withFile<T>(path: string, use: (file: number, size: number) => T): T {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return use(file, fstatSync(file).size);
  } catch (error) {
    throw fileError(error, "read", path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readHeaderOf(file: number, size: number, path: string): { header: SafetensorsHeader; start: number } {
  const prefix = readExactly(file, 0, Math.min(8, size), path);
  const length = headerLength(prefix, size, path);
  const start = 8 + length;
  return { header: parseHeader(readExactly(file, 8, length, path), size - start, path), start };
}

function readExactly(file: number, position: number, length: number, path: string): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, Math.min(length - done, 1 << 30), position + done);
    if (count === 0) throw new UserError(`${path}: truncated while it was read`);
    done += count;
  }
  return bytes;
}

function parseFormats(text: string | undefined, path: string): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const formats: unknown = JSON.parse(text);
    if (typeof formats === "object" && formats !== null) return formats as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new UserError(`${path}: the metadata key \`${MEMORY_FORMAT}\` must hold a JSON object`);
}
