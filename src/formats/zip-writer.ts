/**
 * Zip archives that are written: entries stored as they are, since images in PNG are compressed already.
 *
 * Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (end
 * records), 4.5.3 (zip64, where an archive is larger than 4 GiB or has 65,535 entries). All entries have the date of
 * 1980-01-01, so the same contents are the same bytes.
 */
import { writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { fileError } from "../base/file-error.ts";
import { UnfinishedFile } from "./unfinished.ts";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;

const FULL32 = 0xffffffff;
const FULL16 = 0xffff;
/** Names are UTF-8. */
const FLAGS = 0x800;
/** 1980-01-01, the first day that the format knows. */
const DATE = 0x21;
const VERSION = 20;
const VERSION64 = 45;

/** An entry whose size is known before its bytes. */
interface Entry {
  readonly name: Buffer;
  readonly size: number;
  /** Where its header begins, and where its bytes do. */
  readonly offset: number;
  readonly start: number;
  written: number;
  crc: number;
}

/**
 * Writes an archive, atomically. The place of an entry follows from its size, so several can be filled in turns.
 *
 * @throws UserError when the file system refuses; then, and after `abandon()`, nothing is left at the path.
 *
 * @example
 * const zip = new ZipWriter("samples.zip");
 * zip.add("0.png", png);
 * zip.finish();
 */
export class ZipWriter {
  readonly #file: UnfinishedFile;
  readonly #entries: Entry[] = [];
  #end = 0;

  constructor(path: string) {
    this.#file = new UnfinishedFile(path);
  }

  /** Adds an entry of `bytes`. */
  add(name: string, bytes: Uint8Array): void {
    this.append(this.reserve(name, bytes.byteLength), bytes);
  }

  /** Makes room for an entry of `size` bytes, to be given to {@link append}. */
  reserve(name: string, size: number): Entry {
    const bytes = Buffer.from(name);
    const offset = this.#end;
    const start = offset + 30 + bytes.length + (size >= FULL32 ? 20 : 0);
    const entry = { name: bytes, size, offset, start, written: 0, crc: 0 };
    this.#entries.push(entry);
    this.#end = start + size;
    return entry;
  }

  /** Writes the next bytes of an entry. */
  append(entry: Entry, bytes: Uint8Array): void {
    if (entry.written + bytes.byteLength > entry.size)
      throw new Error(`${entry.name} has ${entry.size} bytes, not more`);
    this.#write(bytes, entry.start + entry.written);
    entry.written += bytes.byteLength;
    entry.crc = crc32(bytes, entry.crc);
  }

  /** Writes the headers, and gives the archive its name. @throws Error when an entry is not full. */
  finish(): void {
    const directory: Buffer[] = [];
    for (const entry of this.#entries) {
      if (entry.written !== entry.size) throw new Error(`${entry.name}: ${entry.written} of ${entry.size} bytes`);
      this.#write(localHeader(entry), entry.offset);
      directory.push(centralHeader(entry));
    }
    const bytes = Buffer.concat(directory);
    this.#write(bytes, this.#end);
    this.#write(endRecords(this.#entries.length, this.#end, bytes.length), this.#end + bytes.length);
    this.#file.finish();
  }

  /** Removes what was written. */
  abandon(): void {
    this.#file.abandon();
  }

  #write(bytes: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < bytes.byteLength; ) {
        done += writeSync(this.#file.descriptor, bytes, done, bytes.byteLength - done, position + done);
      }
    } catch (error) {
      this.abandon();
      throw fileError(error, "write", this.#file.path);
    }
  }
}

function localHeader({ name, size, crc }: Entry): Buffer {
  const wide = size >= FULL32;
  const head = Buffer.alloc(30);
  head.writeUInt32LE(LOCAL, 0);
  writeCommon(head, 4, { name, size, crc, extra: wide ? 20 : 0, version: wide ? VERSION64 : VERSION });
  return Buffer.concat([head, name, wide ? wideField([size, size]) : Buffer.alloc(0)]);
}

function centralHeader({ name, size, crc, offset }: Entry): Buffer {
  const values = [...(size >= FULL32 ? [size, size] : []), ...(offset >= FULL32 ? [offset] : [])];
  const extra = values.length === 0 ? Buffer.alloc(0) : wideField(values);
  const version = values.length === 0 ? VERSION : VERSION64;
  const head = Buffer.alloc(46);
  head.writeUInt32LE(CENTRAL, 0);
  head.writeUInt16LE(version, 4);
  writeCommon(head, 6, { name, size, crc, extra: extra.length, version });
  head.writeUInt32LE(Math.min(offset, FULL32), 42);
  return Buffer.concat([head, name, extra]);
}

/** The fields that both headers have, from `at`: version, flags, method 0, time, date, CRC-32, sizes, lengths. */
function writeCommon(
  head: Buffer,
  at: number,
  { name, size, crc, extra, version }: Pick<Entry, "name" | "size" | "crc"> & { extra: number; version: number },
): void {
  head.writeUInt16LE(version, at);
  head.writeUInt16LE(FLAGS, at + 2);
  head.writeUInt16LE(DATE, at + 8);
  head.writeUInt32LE(crc, at + 10);
  head.writeUInt32LE(Math.min(size, FULL32), at + 14);
  head.writeUInt32LE(Math.min(size, FULL32), at + 18);
  head.writeUInt16LE(name.length, at + 22);
  head.writeUInt16LE(extra, at + 24);
}

/** Zip64's extra field. */
function wideField(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * values.length, 2);
  for (const [i, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  return field;
}

function endRecords(count: number, start: number, size: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(Math.min(count, FULL16), 8);
  end.writeUInt16LE(Math.min(count, FULL16), 10);
  end.writeUInt32LE(Math.min(size, FULL32), 12);
  end.writeUInt32LE(Math.min(start, FULL32), 16);
  if (count < FULL16 && start < FULL32 && size < FULL32) return end;
  const wide = Buffer.alloc(56);
  wide.writeUInt32LE(END64, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeUInt16LE(VERSION64, 12);
  wide.writeUInt16LE(VERSION64, 14);
  for (const [i, value] of [count, count, size, start].entries()) wide.writeBigUInt64LE(BigInt(value), 24 + 8 * i);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(LOCATOR64, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([wide, locator, end]);
}
