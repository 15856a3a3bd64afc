/**
 * safetensors files that notice their own damage: the metadata key `crc32` holds the CRC-32 of all tensors, with names, types
 * and shapes, and of the other metadata. A file without the key, as older versions wrote it, is taken as it is.
 */
import { crc32 } from "node:zlib";
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";
import { bytesOf, scope, type Tensor } from "../tensor/index.ts";
import { hexOf } from "./crc-of-file.ts";
import { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";

const KEY = "crc32";

type Metadata = Readonly<Record<string, string>>;

function sumOf(tensors: ReadonlyMap<string, Tensor>, metadata: Metadata): string {
  let crc = crc32(canonicalJson(metadata));
  for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    crc = crc32(canonicalJson([name, tensor.dtype, tensor.shape]), crc);
    crc = crc32(
      scope(() => bytesOf(tensor)),
      crc,
    );
  }
  return hexOf(crc);
}

/** Writes tensors with their checksum, atomically. @throws UserError as {@link writeSafetensors} does. */
export function writeCheckedTensors(path: string, tensors: ReadonlyMap<string, Tensor>, metadata: Metadata = {}): void {
  writeSafetensors(path, tensors, { ...metadata, [KEY]: sumOf(tensors, metadata) });
}

/**
 * Reads tensors and compares them with their checksum.
 * @throws UserError as {@link readSafetensors} does, and when the checksum is another.
 */
export function readCheckedTensors(path: string): Safetensors {
  const { tensors, metadata } = readSafetensors(path);
  // `format` is what writeSafetensors adds by itself.
  const { [KEY]: stated, format: _, ...rest } = metadata;
  const actual = stated === undefined ? undefined : sumOf(tensors, rest);
  if (actual === stated) return { tensors, metadata };
  for (const tensor of tensors.values()) tensor.dispose();
  throw new UserError(`${path} is damaged: the CRC-32 of its tensors is ${actual}, it states ${stated}`);
}
