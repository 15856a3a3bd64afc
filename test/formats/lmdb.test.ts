/** LMDB databases that the C library wrote (by way of Python's lmdb), whole and damaged. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { LmdbFile, type LmdbPlace } from "../../src/formats/lmdb.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
const fixtures = join(import.meta.dirname, "../fixtures/datasets");
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8"));
const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");

function withDatabase<T>(path: string, use: (database: LmdbFile) => T): T {
  const database = new LmdbFile(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

const placesOf = (path: string): LmdbPlace[] => withDatabase(path, (database) => [...database.places()]);
const lsun = join(fixtures, "lsun/bridge_train_lmdb/data.mdb");
const deep = join(fixtures, "lmdb/deep.mdb");

describe("a database of LMDB 0.9", () => {
  it("gives every key with its value, in leaves and in overflow pages", () => {
    const rows = expected["lsun bridge train"];
    withDatabase(lsun, (database) => {
      const places = [...database.places()];
      expect(places.map(({ keyOffset, keySize }) => database.keyAt(keyOffset, keySize))).toEqual(Object.keys(rows));
      expect(places.filter(({ page }) => page > 0).length).toBeGreaterThanOrEqual(6);
      expect(places.some(({ page }) => page === 0)).toBe(true);
      for (const place of places) {
        const value = Buffer.from(database.read(place));
        expect(value.length).toBe(rows[database.keyAt(place.keyOffset, place.keySize)].bytes);
        if (value.readUInt16BE(0) === 0xffd8) {
          // JPEG: from its first marker to its last.
          expect(value.readUInt16BE(value.length - 2)).toBe(0xffd9);
          continue;
        }
        // WebP: RIFF, the length of what follows, WEBP.
        expect(value.toString("latin1", 0, 4) + value.toString("latin1", 8, 12)).toBe("RIFFWEBP");
        expect(value.readUInt32LE(4) + 8).toBe(value.length);
      }
    });
  });

  it("walks a tree of three levels after deletions, as the C library does", () => {
    const { depth, rows } = expected["lmdb deep"];
    expect(depth).toBe(3);
    withDatabase(deep, (database) => {
      const found = [...database.places()].map((place) => {
        const key = database.keyAt(place.keyOffset, place.keySize);
        return [sha256(key).slice(0, 16), sha256(database.read(place)).slice(0, 16)];
      });
      expect(found).toEqual(rows);
      expect(database.count).toBe(rows.length);
    });
  });

  it("may be empty", () => {
    expect(placesOf(join(fixtures, "lmdb/empty.mdb"))).toEqual([]);
  });
});

describe("a database that cannot be used", () => {
  /** A copy of a file with some of its bytes changed. */
  function altered(source: string, change: (bytes: Buffer) => Buffer | undefined): string {
    const bytes = readFileSync(source);
    const path = join(folder, `altered-${Math.random()}.mdb`);
    writeFileSync(path, change(bytes) ?? bytes);
    return path;
  }
  const bothMetas = (bytes: Buffer, change: (meta: Buffer) => void): undefined => {
    for (const start of [0, 4096]) change(bytes.subarray(start, start + 4096));
  };
  const root = (bytes: Buffer): number => Number(bytes.readBigUInt64LE(16 + 112 + 4096 * newest(bytes)));
  const newest = (bytes: Buffer): number =>
    bytes.readBigUInt64LE(16 + 128) > bytes.readBigUInt64LE(4096 + 16 + 128) ? 0 : 1;

  it.each<[string, RegExp, (bytes: Buffer) => Buffer | undefined]>([
    ["another file", /not an LMDB database: its first page is no meta page/, (b) => b.fill(7)],
    ["a file of a few bytes", /cut short: it has 100 bytes/, (b) => b.subarray(0, 100)],
    ["a file of one page", /cut short: it has 4096 bytes/, (b) => b.subarray(0, 4096)],
    ["another version", /data version 2 is not supported/, (b) => bothMetas(b, (m) => m.writeUInt32LE(2, 20))],
    [
      "LMDB 1.0",
      /written by LMDB 1.0 or a fork of it; LMDB 0.9's form/,
      (b) => Buffer.concat([b.subarray(0, 8), Buffer.alloc(8), b.subarray(8)]),
    ],
    ["a 32-bit machine", /written on a 32-bit machine/, (b) => b.subarray(4)],
    ["a big-endian machine", /big-endian/, (b) => bothMetas(b, (m) => m.writeUInt32BE(0xbeefc0de, 16))],
    ["pages of 3 bytes", /pages of 3 bytes/, (b) => bothMetas(b, (m) => m.writeUInt32LE(3, 40))],
    [
      "several values a key",
      /with several values are not supported \(flags 4\)/,
      (b) => bothMetas(b, (m) => m.writeUInt16LE(4, 92)),
    ],
    ["a count that is wrong", /were found, it states 9 in/, (b) => bothMetas(b, (m) => m.writeUInt32LE(9, 120))],
    [
      "a root outside",
      /at page 99999: page 99999 is named there/,
      (b) => bothMetas(b, (m) => m.writeUInt32LE(99999, 128)),
    ],
    [
      "a depth that is wrong",
      /it is not the leaf page that belongs there/,
      (b) => bothMetas(b, (m) => m.writeUInt16LE(1, 94)),
    ],
    ["pages cut off", /truncated: bytes \d+ to \d+ are needed/, (b) => b.subarray(0, 5 * 4096)],
    [
      "a root that was overwritten",
      /at page \d+: it is not the branch page/,
      (b) => b.fill(0, root(b) * 4096, root(b) * 4096 + 64),
    ],
    [
      "bounds without sense",
      /bounds of its free space make no sense/,
      (b) => void b.writeUInt16LE(3, root(b) * 4096 + 12),
    ],
    ["a node outside its page", /a node lies outside it/, (b) => void b.writeUInt16LE(4095, root(b) * 4096 + 16)],
    [
      "a ring of pages",
      /damaged at page \d+/,
      (b) => {
        // The last child of the root is the first once more.
        const page = b.subarray(root(b) * 4096, (root(b) + 1) * 4096);
        const last = page.readUInt16LE(12) - 2;
        page.writeUInt32LE(page.readUInt32LE(page.readUInt16LE(16)), page.readUInt16LE(last));
        return undefined;
      },
    ],
  ])("is refused: %s", (_, reason, change) => {
    const path = altered(deep, change);
    expect(() => placesOf(path)).toThrow(UserError);
    expect(() => placesOf(path)).toThrow(reason);
  });

  it("is refused when it holds named databases", () => {
    expect(() => placesOf(join(fixtures, "lmdb/named.mdb"))).toThrow(/key `inner` is an inner database/);
  });

  it("says which overflow page is not the one that belongs there, and which value is cut off", () => {
    const large = placesOf(lsun).filter(({ page }) => page > 0);
    const at = large[2]!;
    const overwritten = altered(lsun, (b) => b.fill(0, at.page * 4096, at.page * 4096 + 16));
    withDatabase(overwritten, (database) => {
      expect(() => database.read(at)).toThrow(`page ${at.page} is not the overflow page that belongs there`);
      expect(database.read(large[0]!)).toHaveLength(large[0]!.size);
    });
    const short = altered(lsun, (b) => void b.writeUInt32LE(0, at.page * 4096 + 12));
    withDatabase(short, (database) => {
      expect(() => database.read(at)).toThrow(/begins 0 overflow pages, too few for/);
      expect(() => database.read({ ...at, offset: 1e9 + 16, page: 1e9 / 4096 })).toThrow(/truncated/);
    });
  });

  it("never reads on for ever nor crashes, whichever bytes are spoilt", () => {
    const good = readFileSync(deep);
    let state = 1;
    const random = (below: number): number => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(good);
      for (let i = 0; i < 4; i++) bytes[random(bytes.length)] = random(256);
      const path = join(folder, "spoilt.mdb");
      writeFileSync(path, bytes);
      try {
        withDatabase(path, (database) => {
          for (const place of database.places()) database.read(place);
        });
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }
  });
});
