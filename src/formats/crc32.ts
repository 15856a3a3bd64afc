/** CRC-32 as zip and gzip use it (polynomial 0xEDB88320, reflected), which can be continued over pieces. */
import * as zlib from "node:zlib";

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The byte-at-a-time form, for Node before 20.15. Exported for its test. */
export function crc32Portable(bytes: Uint8Array, previous = 0): number {
  let value = ~previous;
  for (const byte of bytes) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}

/**
 * The CRC-32 of `bytes`, continued from the CRC of what came before.
 *
 * @example
 * crc32(Buffer.from("123456789")).toString(16); // "cbf43926"
 */
export const crc32: (bytes: Uint8Array, previous?: number) => number =
  typeof zlib.crc32 === "function" ? zlib.crc32 : crc32Portable;
