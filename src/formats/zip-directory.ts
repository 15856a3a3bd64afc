/**
 * The central directory of a zip archive, with every check that reading entries in place calls for.
 *
 * Layout: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (end
 * records), 4.5.3 (zip64). PyTorch and NumPy both write such archives, entries stored or deflated, zip64 when large.
 *
 * Why not yauzl, which reads archives of images: it is asynchronous, and the readers of weights are synchronous. It
 * also accepts two entries of one name and entries that overlap (a zip bomb counts one compressed block many times).
 * Here both are refused before anything is read.
 */
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import type { RandomAccessFile } from "./random-access.ts";
import { extraField, zipName } from "./zip-names.ts";

/** One entry of an archive, as its directory describes it. */
export interface ZipEntry {
  readonly name: string;
  /** Stored as it is, or compressed by deflate. */
  readonly method: "stored" | "deflated";
  readonly crc32: number;
  readonly compressedSize: number;
  /** Bytes of the entry itself. */
  readonly size: number;
  /** Position of its local header. */
  readonly offset: number;
  /** Where the next entry, or the directory, starts: its data may not reach further. */
  readonly bound: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const END_SIZE = 22;
const CENTRAL_SIZE = 46;
const ZIP64 = 1;
export const LOCAL_SIZE = 30;

/** The largest directory that is read. That of a million entries takes a hundred megabytes. */
const LARGEST_DIRECTORY = 2 ** 27;

/** The largest ratio of deflate: an entry that claims more is refused. */
const DEFLATE_RATIO = 1032;

interface DirectoryPlace {
  readonly start: number;
  readonly size: number;
  readonly count: number;
}

/**
 * The entries of an archive by name, in the order of the directory. Folders are left out.
 *
 * @throws UserError naming the file when it is no zip archive, is truncated, or when an entry is encrypted, compressed
 * by another method, doubled, overlapping, or claims more than it can hold.
 */
export function readZipDirectory(file: RandomAccessFile): Map<string, ZipEntry> {
  const place = findDirectory(file);
  const bytes = Buffer.from(file.read(place.start, place.size).buffer);
  const entries: Omit<ZipEntry, "bound">[] = [];
  let at = 0;
  for (let i = 0; i < place.count; i++) {
    if (at + CENTRAL_SIZE > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) {
      throw damaged(file, `entry ${i + 1} of ${place.count} of the directory is not one`);
    }
    const next =
      at + CENTRAL_SIZE + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw damaged(file, `entry ${i + 1} reaches beyond the directory`);
    entries.push(parseEntry(bytes.subarray(at, next), file));
    at = next;
  }
  if (at !== bytes.length) throw damaged(file, `${bytes.length - at} bytes of the directory belong to no entry`);
  return withBounds(entries, place.start, file);
}

const damaged = (file: RandomAccessFile, reason: string): UserError =>
  new UserError(`${file.path}: the zip archive is damaged: ${reason}`);

/** Reads the end record, or its zip64 form when a field is full. */
function findDirectory(file: RandomAccessFile): DirectoryPlace {
  const tailSize = Math.min(file.size, END_SIZE + 0xffff);
  const tail = Buffer.from(file.read(file.size - tailSize, tailSize).buffer);
  let at = tail.length - END_SIZE;
  // Only a comment, whose length it states, can follow the record.
  while (at >= 0 && !(tail.readUInt32LE(at) === END && at + END_SIZE + tail.readUInt16LE(at + 20) === tail.length))
    at--;
  if (at < 0) throw new UserError(`${file.path}: not a zip archive, or cut short: its end record is missing`);
  const end = file.size - tailSize + at;
  let place = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  let limit = end;
  const disks = tail.readUInt16LE(at + 4) | tail.readUInt16LE(at + 6);
  const full = place.count === 0xffff || place.size === 0xffffffff || place.start === 0xffffffff || disks === 0xffff;
  if (full) ({ place, limit } = readEnd64(file, end));
  else if (disks !== 0) throw new UserError(`${file.path}: a zip archive in several parts is not supported`);
  if (place.start + place.size > limit) throw damaged(file, "its directory does not lie before its end record");
  if (place.size > LARGEST_DIRECTORY) throw damaged(file, `its directory claims ${place.size} bytes`);
  if (place.count * CENTRAL_SIZE > place.size) throw damaged(file, `its directory cannot hold ${place.count} entries`);
  return place;
}

function readEnd64(file: RandomAccessFile, end: number): { place: DirectoryPlace; limit: number } {
  if (end < 20) throw damaged(file, "its zip64 locator is missing");
  const locator = Buffer.from(file.read(end - 20, 20).buffer);
  if (locator.readUInt32LE(0) !== LOCATOR64) throw damaged(file, "its zip64 locator is missing");
  const limit = wide(locator, 8, file);
  if (limit + 56 > end) throw damaged(file, "its zip64 end record lies beyond the end");
  const record = Buffer.from(file.read(limit, 56).buffer);
  if (record.readUInt32LE(0) !== END64) throw damaged(file, "its zip64 end record is missing");
  return {
    place: { count: wide(record, 32, file), size: wide(record, 40, file), start: wide(record, 48, file) },
    limit,
  };
}

/** A 64-bit number that must be one that JavaScript counts exactly. */
function wide(bytes: Buffer, at: number, file: RandomAccessFile): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(file, `it claims a size of ${value}`);
  return Number(value);
}

function parseEntry(record: Buffer, file: RandomAccessFile): Omit<ZipEntry, "bound"> {
  const nameEnd = CENTRAL_SIZE + record.readUInt16LE(28);
  const extraEnd = nameEnd + record.readUInt16LE(30);
  const extra = record.subarray(nameEnd, extraEnd);
  const { name } = zipName(record.subarray(CENTRAL_SIZE, nameEnd), record.readUInt16LE(8), extra);
  const fields = {
    size: record.readUInt32LE(24),
    compressedSize: record.readUInt32LE(20),
    offset: record.readUInt32LE(42),
  };
  // The zip64 field holds, in this order, those of the three that are full in the record.
  const missing = (["size", "compressedSize", "offset"] as const).filter((key) => fields[key] === 0xffffffff);
  if (missing.length > 0) {
    const field = extraField(extra, ZIP64);
    if (field === undefined || field.length < missing.length * 8) {
      throw damaged(file, `entry ${quoted(name)} lacks its zip64 sizes`);
    }
    for (const [i, key] of missing.entries()) fields[key] = wide(field, 8 * i, file);
  }
  const { size, compressedSize, offset } = fields;
  const where = `${file.path}: zip entry ${quoted(name)}`;
  if (record.readUInt16LE(8) & 0x2041) throw new UserError(`${where} is encrypted`);
  const method = record.readUInt16LE(10);
  if (method !== 0 && method !== 8) {
    throw new UserError(`${where}: compression method ${method} is not supported (stored and deflate are)`);
  }
  if (method === 0 && size !== compressedSize) {
    throw new UserError(`${where} is stored, yet claims ${size} bytes in ${compressedSize}`);
  }
  if (size > compressedSize * DEFLATE_RATIO + 1024) {
    throw new UserError(`${where} claims ${size} bytes in ${compressedSize}, more than deflate can hold`);
  }
  return {
    name,
    method: method === 0 ? "stored" : "deflated",
    crc32: record.readUInt32LE(16),
    compressedSize,
    size,
    offset,
  };
}

/** Orders the entries by position, and refuses those that share a name or a byte. */
function withBounds(
  entries: readonly Omit<ZipEntry, "bound">[],
  directory: number,
  file: RandomAccessFile,
): Map<string, ZipEntry> {
  const bounds = new Map<Omit<ZipEntry, "bound">, number>();
  let next = directory;
  for (const entry of [...entries].sort((a, b) => b.offset - a.offset)) {
    if (entry.offset + LOCAL_SIZE + entry.compressedSize > next) {
      throw damaged(file, `entry ${quoted(entry.name)} overlaps another or the directory`);
    }
    bounds.set(entry, next);
    next = entry.offset;
  }
  const byName = new Map<string, ZipEntry>();
  for (const entry of entries) {
    if (byName.has(entry.name)) throw damaged(file, `two entries are named ${quoted(entry.name)}`);
    byName.set(entry.name, { ...entry, bound: bounds.get(entry)! });
  }
  for (const name of byName.keys()) if (name.endsWith("/")) byName.delete(name);
  return byName;
}
