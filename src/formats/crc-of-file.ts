/** The CRC-32 of a file's bytes (ISO 3309, as zip and PNG use it): finds every flipped bit, at the speed of memory. */
import { crc32 } from "node:zlib";
import { withRandomAccess } from "./random-access.ts";

const CHUNK = 1 << 24;

/** A CRC-32 as it is stored: eight hexadecimal digits. */
export const hexOf = (crc: number): string => crc.toString(16).padStart(8, "0");

/**
 * The CRC-32 of a whole file.
 *
 * @throws UserError when the file cannot be read.
 *
 * @example
 * hexOf(crcOfFile("weights.safetensors")); // "89ab12cd"
 */
export function crcOfFile(path: string): number {
  return withRandomAccess(path, (file) => {
    let crc = 0;
    for (let at = 0; at < file.size; at += CHUNK) crc = crc32(file.read(at, Math.min(CHUNK, file.size - at)), crc);
    return crc;
  });
}
