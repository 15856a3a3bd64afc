/**
 * Bytes of pixels with a colour profile, as a PNG file for the decoder, which converts 8-bit files by their profile.
 *
 * Images of more bits become bytes first, and sharp cannot be given a profile for bytes. By itself it makes 16-bit colours with a
 * profile those of Display P3, and floats with one black.
 *
 * Layout: PNG, third edition (W3C 2025): IHDR, iCCP, IDAT, IEND. Colour types: 0 gray, 2 colour, 4 and 6 the same with alpha.
 */
import { crc32, deflateSync } from "node:zlib";
import type { Bytes } from "./deep-image.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOUR_TYPES = [0, 4, 2, 6] as const;

function chunk(type: string, data: Uint8Array): Buffer {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The file of interleaved bytes whose colours are those of an ICC profile. */
export function profiledPng({ data, info: { width, height, channels } }: Bytes, profile: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, COLOUR_TYPES[channels - 1]!], 8);
  // Each row begins with its filter, 0 for none.
  const row = width * channels;
  const rows = Buffer.alloc(height * (row + 1));
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const named = Buffer.concat([Buffer.from("icc\0\0", "latin1"), deflateSync(profile, { level: 1 })]);
  const pixels = deflateSync(rows, { level: 1 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("iCCP", named),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
