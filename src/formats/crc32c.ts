/** CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of TFRecord files. Node's zlib has the other CRC-32. */

const POLYNOMIAL = 0x82f63b78;

/** The remainder of each byte. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/**
 * The checksum of bytes, as an unsigned number of 32 bits.
 *
 * @example
 * crc32c(Buffer.from("123456789")); // 0xe3069283
 */
export function crc32c(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = table[(rest ^ byte) & 0xff]! ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
