/**
 * LMDB databases, read only: where each value of a `data.mdb` lies, in the order of the keys.
 *
 * The format is that of LMDB 0.9 (data version 1) on a 64-bit little-endian machine, in which LSUN's files and those of
 * Python's `lmdb` are written. Source of the layout: the structure descriptions in LMDB 0.9's mdb.c (OpenLDAP Public
 * License): MDB_page, MDB_meta, MDB_db, MDB_node.
 *
 * A file is pages of one size. Pages 0 and 1 are meta pages, of which the one with the larger transaction number holds.
 * It names the root of a B+tree: branch pages point to pages, leaf pages hold keys with values, and a value that is too
 * large for a leaf has overflow pages in a row, of which only the first has a header: so every value is one stretch of
 * the file.
 *
 * Why not a library: the available ones either read another format (LMDB 1.0's) or bind the C library. That maps the
 * file and trusts it, so one bad page of an incomplete download ends the process instead of naming the page.
 */
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import { RandomAccessFile } from "./random-access.ts";

/**
 * Bytes before a page's contents: its number (8), 2 unused, its flags (2), where its free space begins and ends (2 +
 * 2).
 */
export const PAGE_HEADER = 16;

const flags = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
type PageKind = keyof typeof flags;

/** What a leaf's node holds in place of a value: the number of an overflow page; the record of an inner database. */
const BIG_VALUE = 0x01;
const INNER_DATABASE = 0x02 | 0x04;

/** A node before its key: size of the value (or number of a page), flags, length of the key. */
const NODE_HEADER = 8;

const MAGIC = 0xbeefc0de;
const META_SIZE = 136;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** No tree is deeper: LMDB's own cursors end there. */
const DEEPEST = 32;

/** Where a key and its value lie in the file, in bytes. */
export interface LmdbPlace {
  readonly keyOffset: number;
  readonly keySize: number;
  readonly offset: number;
  readonly size: number;
  /** The number of the first overflow page that holds the value; 0 when it lies in a leaf. */
  readonly page: number;
}

interface Meta {
  readonly pageSize: number;
  readonly flags: number;
  readonly depth: number;
  readonly leaves: number;
  readonly count: number;
  readonly root: bigint;
  readonly lastPage: number;
  readonly transaction: number;
}

/**
 * An open database.
 *
 * @example
 * const database = new LmdbFile("church_outdoor_val_lmdb/data.mdb");
 * for (const place of database.places()) console.log(database.keyAt(place.keyOffset, place.keySize), place.size);
 * database.close();
 */
export class LmdbFile {
  readonly path: string;
  /** Number of keys. */
  readonly count: number;
  /** Changes whenever the database does. */
  readonly transaction: number;
  readonly #file: RandomAccessFile;
  readonly #meta: Meta;

  /**
   * Opens a database.
   * @throws UserError when it cannot be read or has another format than the one above.
   */
  constructor(path: string) {
    this.path = path;
    this.#file = new RandomAccessFile(path);
    try {
      this.#meta = newestMeta(this.#file);
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.count = this.#meta.count;
    this.transaction = this.#meta.transaction;
  }

  /**
   * Where every key and value lies, in the order of the keys. Reads branch and leaf pages only.
   *
   * @throws UserError that names the page when one is damaged or missing, and at the end when keys are.
   */
  *places(): Generator<LmdbPlace> {
    const { root, depth, leaves, count } = this.#meta;
    let seen = 0;
    let leavesSeen = 0;
    let before: Buffer | undefined;
    if (count > 0) {
      for (const page of this.#leavesBelow(Number(root), depth)) {
        leavesSeen++;
        for (const place of this.#nodesOf(page)) {
          const key = page.bytes.subarray(place.keyOffset - page.start, place.keyOffset - page.start + place.keySize);
          // This also ends the walk when damage has made a ring of pages.
          if (before !== undefined && before.compare(key) >= 0)
            throw this.#damaged(page.number, "its keys are not in order");
          before = key;
          seen++;
          yield place;
        }
      }
    }
    if (seen !== count || leavesSeen !== leaves) {
      throw new UserError(
        `${this.path}: the LMDB database is damaged: ${seen} keys in ${leavesSeen} leaf pages were found, it states ${count} in ${leaves}`,
      );
    }
  }

  /** The key at a place, as text; other bytes than printable ASCII are written as hexadecimal digits. */
  keyAt(offset: number, size: number): string {
    const bytes = Buffer.from(this.#file.read(offset, size));
    return bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? bytes.toString("latin1") : bytes.toString("hex");
  }

  /**
   * The value at a place.
   * @throws UserError when the file ends before it does or its page is damaged.
   */
  read(place: LmdbPlace): Uint8Array<ArrayBuffer> {
    if (place.page === 0) return this.#file.read(place.offset, place.size);
    const bytes = this.#file.read(place.offset - PAGE_HEADER, PAGE_HEADER + place.size);
    const reason = overflowDamage(bytes, place);
    if (reason !== undefined) throw new UserError(`${this.path}: the LMDB database is damaged: ${reason}`);
    return bytes.subarray(PAGE_HEADER);
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }

  *#leavesBelow(number: number, depth: number): Generator<Page> {
    const page = this.#page(number, depth > 1 ? "branch" : "leaf");
    if (depth === 1) {
      yield page;
      return;
    }
    for (const node of page.nodes) {
      const { bytes } = page;
      // Branch nodes have no flags: the field is the upper part of the page's number.
      const child = bytes.readUInt32LE(node) + bytes.readUInt16LE(node + 4) * 2 ** 32;
      yield* this.#leavesBelow(child, depth - 1);
    }
  }

  *#nodesOf(page: Page): Generator<LmdbPlace> {
    const { bytes, start } = page;
    for (const node of page.nodes) {
      const size = bytes.readUInt32LE(node);
      const nodeFlags = bytes.readUInt16LE(node + 4);
      const keySize = bytes.readUInt16LE(node + 6);
      const key = node + NODE_HEADER;
      const value = key + keySize;
      const big = (nodeFlags & BIG_VALUE) !== 0;
      if (value + (big ? 8 : size) > bytes.length) throw this.#damaged(page.number, "a node reaches beyond it");
      if (nodeFlags & INNER_DATABASE) {
        const name = quoted(bytes.toString("latin1", key, value));
        throw new UserError(
          `${this.path}: key ${name} is an inner database or has several values; neither is supported`,
        );
      }
      const place = { keyOffset: start + key, keySize, size };
      if (!big) yield { ...place, offset: start + value, page: 0 };
      else {
        const overflow = this.#inside(bytes.readBigUInt64LE(value), page.number);
        yield { ...place, offset: overflow * this.#meta.pageSize + PAGE_HEADER, page: overflow };
      }
    }
  }

  #page(number: number, kind: PageKind): Page {
    const { pageSize } = this.#meta;
    this.#inside(BigInt(number), number);
    const start = number * pageSize;
    const bytes = Buffer.from(this.#file.read(start, pageSize).buffer);
    if (bytes.readBigUInt64LE(0) !== BigInt(number) || bytes.readUInt16LE(10) !== flags[kind]) {
      throw this.#damaged(number, `it is not the ${kind} page that belongs there`);
    }
    const lower = bytes.readUInt16LE(12);
    const upper = bytes.readUInt16LE(14);
    if (lower <= PAGE_HEADER || lower % 2 !== 0 || lower > upper || upper > pageSize) {
      throw this.#damaged(number, "the bounds of its free space make no sense");
    }
    const nodes = Array.from({ length: (lower - PAGE_HEADER) / 2 }, (_, i) => bytes.readUInt16LE(PAGE_HEADER + 2 * i));
    if (nodes.some((node) => node < upper || node + NODE_HEADER > pageSize)) {
      throw this.#damaged(number, "a node lies outside it");
    }
    return { number, start, bytes, nodes };
  }

  /** A page's number as a number, if there is such a page; `at` is the page that names it. */
  #inside(number: bigint, at: number): number {
    const { lastPage } = this.#meta;
    if (number > 1n && number <= BigInt(lastPage)) return Number(number);
    throw this.#damaged(at, `page ${number} is named there, the last one is ${lastPage}`);
  }

  #damaged(page: number, reason: string): UserError {
    return new UserError(`${this.path}: the LMDB database is damaged at page ${page}: ${reason}`);
  }
}

/** A branch or leaf page; `nodes` are positions inside `bytes`, `start` is that of the page in the file. */
interface Page {
  readonly number: number;
  readonly start: number;
  readonly bytes: Buffer;
  readonly nodes: readonly number[];
}

/**
 * What is wrong with the overflow page at the head of `bytes`, which are the page's header and a value's bytes;
 * undefined when nothing is. Damage to the value itself LMDB cannot notice: it stores no sums.
 */
export function overflowDamage(
  bytes: Uint8Array,
  place: Pick<LmdbPlace, "page" | "offset" | "size">,
): string | undefined {
  const header = new DataView(bytes.buffer, bytes.byteOffset, PAGE_HEADER);
  const isThere = header.getBigUint64(0, true) === BigInt(place.page) && header.getUint16(10, true) === flags.overflow;
  if (!isThere) return `page ${place.page} is not the overflow page that belongs there`;
  const pageSize = (place.offset - PAGE_HEADER) / place.page;
  const pages = header.getUint32(12, true);
  if (pages * pageSize >= PAGE_HEADER + place.size) return undefined;
  return `page ${place.page} begins ${pages} overflow pages, too few for ${place.size} bytes`;
}

/** The meta page of the last transaction. */
function newestMeta(file: RandomAccessFile): Meta {
  const first = parseMeta(file, 0);
  const second = parseMeta(file, first.pageSize);
  const meta = second.transaction > first.transaction ? second : first;
  if (meta.flags !== 0) {
    throw new UserError(
      `${file.path}: keys of another order or with several values are not supported (flags ${meta.flags})`,
    );
  }
  if ((meta.root === NO_PAGE) !== (meta.count === 0) || meta.depth > DEEPEST || (meta.count > 0 && meta.depth < 1)) {
    throw new UserError(`${file.path}: the LMDB database is damaged: its meta page contradicts itself`);
  }
  return meta;
}

function parseMeta(file: RandomAccessFile, position: number): Meta {
  if (position + PAGE_HEADER + META_SIZE > file.size) {
    throw new UserError(`${file.path}: not an LMDB database, or cut short: it has ${file.size} bytes`);
  }
  const bytes = Buffer.from(file.read(position, PAGE_HEADER + META_SIZE).buffer);
  const meta = bytes.subarray(PAGE_HEADER);
  const version = meta.readUInt32LE(4);
  if (meta.readUInt32LE(0) !== MAGIC || (bytes.readUInt16LE(10) & flags.meta) === 0) throw foreign(file, bytes);
  if (version !== 1) {
    throw new UserError(`${file.path}: LMDB's data version ${version} is not supported; version 1, of LMDB 0.9, is`);
  }
  const pageSize = meta.readUInt32LE(24);
  if (pageSize < 512 || pageSize > 0x8000 || (pageSize & (pageSize - 1)) !== 0) {
    throw new UserError(`${file.path}: the LMDB database is damaged: it states pages of ${pageSize} bytes`);
  }
  const wide = (at: number): number => Number(meta.readBigUInt64LE(at));
  return {
    pageSize,
    flags: meta.readUInt16LE(76),
    depth: meta.readUInt16LE(78),
    leaves: wide(88),
    count: wide(104),
    root: meta.readBigUInt64LE(112),
    lastPage: wide(120),
    transaction: wide(128),
  };
}

/** Why a file without the magic number in its place is refused: it may be LMDB's, of another kind. */
function foreign(file: RandomAccessFile, bytes: Buffer): UserError {
  const kinds = [
    ["by LMDB 1.0 or a fork of it", bytes.readUInt32LE(24) === MAGIC],
    ["on a 32-bit machine", bytes.readUInt32LE(12) === MAGIC],
    ["on a big-endian machine", bytes.readUInt32BE(16) === MAGIC],
  ] as const;
  const kind = kinds.find(([, is]) => is)?.[0];
  if (kind === undefined) return new UserError(`${file.path}: not an LMDB database: its first page is no meta page`);
  return new UserError(
    `${file.path}: the LMDB database was written ${kind}; LMDB 0.9's form of 64-bit little-endian machines is accepted`,
  );
}
