/**
 * safetensors files: named tensors and a map of strings, for checkpoints and weights that travel.
 *
 * The form stores every tensor row-major. A tensor that comes back in another memory format takes another kernel and gives
 * other last bits, so the names of tensors that lie channels-last are kept under the metadata key `memory_format`, which
 * other readers ignore, and such tensors are laid out so again when they are read.
 */
import { crc32 } from "node:zlib";
import { UserError } from "../base/errors.ts";
import { bytesOf, type DType, scope, type Tensor, tensorOf } from "../tensor/index.ts";
import { writeFileAtomic } from "./atomic.ts";
import { type RandomAccessFile, withRandomAccess } from "./random-access.ts";
import {
  elementTypes,
  headerLength,
  layOut,
  parseHeader,
  type SafetensorsDType,
  type SafetensorsHeader,
} from "./safetensors-header.ts";

const MEMORY_FORMAT = "memory_format";

const namesInFile = Object.fromEntries(Object.entries(elementTypes).map(([name, dtype]) => [dtype, name])) as Record<
  DType,
  SafetensorsDType
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
 * @returns the CRC-32 of the file's bytes, to recognise them by.
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
): number {
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
  let crc = 0;
  const counted = (bytes: Uint8Array): Uint8Array => {
    crc = crc32(bytes, crc);
    return bytes;
  };
  // One tensor's bytes at a time: a checkpoint can be larger than the memory that is left.
  function* parts(): Generator<Uint8Array> {
    yield counted(head);
    for (const { name } of entries) yield counted(scope(() => bytesOf(tensors.get(name)!)));
  }
  writeFileAtomic(path, parts());
  return crc;
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
  return withRandomAccess(path, (file) => {
    const { header, start } = readHeaderOf(file);
    const { [MEMORY_FORMAT]: formatText, ...metadata } = header.metadata;
    const formats = parseFormats(formatText, path);
    const tensors = new Map<string, Tensor>();
    for (const { name, dtype, shape, begin, end } of header.tensors) {
      const bytes = file.read(start + begin, end - begin);
      const channelsLast = Object.hasOwn(formats, name) && formats[name] === "channels_last" && shape.length === 4;
      const tensor = scope(() => {
        const plain = tensorOf(bytes, elementTypes[dtype], shape);
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
  return withRandomAccess(path, (file) => readHeaderOf(file).header);
}

function readHeaderOf(file: RandomAccessFile): { header: SafetensorsHeader; start: number } {
  const length = headerLength(file.read(0, Math.min(8, file.size)), file.size, file.path);
  const start = 8 + length;
  return { header: parseHeader(file.read(8, length), file.size - start, file.path), start };
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
