/**
 * The data of a zip archive's entries, read in place: nothing is unpacked to disk, so a name such as `../x` is
 * harmless.
 */
import { crc32 } from "node:zlib";
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import type { RandomAccessFile } from "./random-access.ts";
import { LOCAL_SIZE, type ZipEntry } from "./zip-directory.ts";

const LOCAL = 0x04034b50;

/**
 * The position of an entry's data in the file.
 *
 * @throws UserError when the entry's own header is missing, names another entry than the directory does, or leaves too
 * little room for the data.
 */
export function locateEntry(file: RandomAccessFile, entry: ZipEntry): number {
  const where = `${file.path}: zip entry ${quoted(entry.name)}`;
  const header = Buffer.from(file.read(entry.offset, LOCAL_SIZE).buffer);
  if (header.readUInt32LE(0) !== LOCAL) throw new UserError(`${where} is damaged: its header is missing`);
  const nameLength = header.readUInt16LE(26);
  const start = entry.offset + LOCAL_SIZE + nameLength + header.readUInt16LE(28);
  if (start + entry.compressedSize > entry.bound) throw new UserError(`${where} is damaged: it overlaps the next one`);
  const name = Buffer.from(file.read(entry.offset + LOCAL_SIZE, nameLength).buffer).toString("utf8");
  if (name !== entry.name) throw new UserError(`${where} is damaged: its own header calls it ${quoted(name)}`);
  return start;
}

/**
 * The bytes of a stored entry, a fresh array.
 * @throws UserError when they do not have the CRC-32 that the archive states.
 */
export function readStoredEntry(file: RandomAccessFile, entry: ZipEntry): Uint8Array<ArrayBuffer> {
  const bytes = file.read(locateEntry(file, entry), entry.size);
  checkCrc(file, entry, crc32(bytes));
  return bytes;
}

/** @throws UserError when `actual` is not the CRC-32 that the archive states for the entry. */
export function checkCrc(file: RandomAccessFile, entry: ZipEntry, actual: number): void {
  if (actual === entry.crc32) return;
  throw new UserError(
    `${file.path}: zip entry ${quoted(entry.name)} is damaged: its CRC-32 is ${hex(actual)}, the archive states ${hex(entry.crc32)}`,
  );
}

const hex = (value: number): string => value.toString(16).padStart(8, "0");
