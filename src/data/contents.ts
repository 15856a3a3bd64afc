/**
 * What identifies the contents of files: a hash that another file of the same size and time does not have.
 *
 * Sets of files of up to 4 GiB together are hashed whole. Of larger sets files up to a megabyte are; of the others 16 blocks of
 * 64 KiB are, the first, the last and those evenly between, with size and times: hundreds of gigabytes would delay the start of
 * a run. The times are those of the last modification and of the last change of the inode (ctime). `GANTRY_HASH=all` hashes
 * every byte.
 *
 * Reading 60,000 files again at each start would take minutes on a slow disk. So the hash of a set of files is remembered
 * under the paths, inodes, sizes and times of all of them, the time of the last change of each inode among these (ctime).
 * A program cannot set that time: it differs after a file was overwritten and its modification time put back.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { type FileHandle, open, statfs } from "node:fs/promises";
import { join } from "node:path";
import { counted } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { writeFileAtomic } from "../formats/index.ts";
import { cacheFolder } from "./paths.ts";

/** Raised whenever the hash of the same files changes. */
const VERSION = 2;

/** Larger sets of files are not hashed whole. */
const LARGEST_SET = 2 ** 32;

/** Larger files of such a set are hashed by blocks. */
const LARGEST_WHOLE = 2 ** 20;
const BLOCKS = 16;
const BLOCK = 2 ** 16;

/** Files that are read at once. */
const AT_ONCE = 32;

/**
 * A file that changed less than this before it was looked at may change once more within one tick of the file system's
 * clock. Nothing is remembered of it.
 */
const TICK_MS = 2000;

/**
 * File systems of Linux whose ctime is the kernel's: ext2 to ext4, xfs, btrfs, f2fs, zfs, tmpfs, overlayfs. On others
 * (network mounts, FAT, images that are mounted read-only) the contents are read each time.
 */
const KEEPS_CTIME = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630]);

/** A file as it was seen: what changes whenever its contents do. */
export interface FileState {
  readonly path: string;
  readonly size: number;
  /** Times of the last modification, and of the last change of the inode, in ms. */
  readonly modified: number;
  readonly changed: number;
  readonly inode: number;
  readonly device: number;
  /** When this was looked up, in ms. */
  readonly seen: number;
}

/** The hash of a set of files. */
export interface Contents {
  readonly hash: string;
  /** What was hashed, in words. */
  readonly hashed: string;
  /** Positions of the files that could not be read, each with the reason. */
  readonly unreadable: ReadonlyMap<number, string>;
}

/** Where hashes are remembered, and the signal that ends the reading. */
export interface ContentsOptions {
  readonly cache?: string | undefined;
  readonly stop?: AbortSignal | undefined;
}

/** The contents of some files in their order; their names are not part of it. */
export async function contentsOf(files: readonly FileState[], options: ContentsOptions = {}): Promise<Contents> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const all = process.env.GANTRY_HASH === "all" || total <= LARGEST_SET;
  const whole = all ? Number.POSITIVE_INFINITY : LARGEST_WHOLE;
  const large = files.reduce((count, { size }) => count + (size > whole ? 1 : 0), 0);
  const hashed = inWords(files.length - large, large);
  const place = (await mayRemember(files)) ? placeOf(files, whole, options.cache) : undefined;
  const remembered = place === undefined ? undefined : recall(place);
  if (remembered !== undefined) return { hash: remembered, hashed, unreadable: new Map() };

  const hash = createHash("sha256");
  const unreadable = new Map<number, string>();
  for (let begin = 0; begin < files.length; begin += AT_ONCE) {
    options.stop?.throwIfAborted();
    const sums = await Promise.allSettled(
      files.slice(begin, begin + AT_ONCE).map((file) => sumOf(file, whole, options.stop)),
    );
    for (const [i, sum] of sums.entries()) {
      if (sum.status === "fulfilled") hash.update(sum.value);
      else unreadable.set(begin + i, (sum.reason as NodeJS.ErrnoException).code ?? String(sum.reason));
    }
  }
  const contents = { hash: hash.digest("hex"), hashed, unreadable };
  if (place !== undefined && unreadable.size === 0) remember(place, contents.hash);
  return contents;
}

function inWords(whole: number, large: number): string {
  const small = `every byte of ${counted(whole, "file")}`;
  if (large === 0) return small;
  const blocks = `${BLOCKS} blocks, size and times of ${counted(large, "file")} above 1 MiB`;
  return whole === 0 ? blocks : `${small}, ${blocks}`;
}

async function sumOf({ path, size, modified, changed }: FileState, whole: number, stop?: AbortSignal): Promise<Buffer> {
  const file = await open(path);
  try {
    const hash = createHash("sha256");
    if (size > whole) {
      hash.update(`${size} ${modified} ${changed}`);
      for (let i = 0; i < BLOCKS; i++) {
        hash.update(await blockAt(file, Math.floor((i * (size - BLOCK)) / (BLOCKS - 1)), BLOCK));
      }
    } else {
      // To the end of the file, wherever that is by now.
      const length = Math.min(size + 1, LARGEST_WHOLE);
      for (let at = 0, read = length; read === length; at += read) {
        stop?.throwIfAborted();
        const block = await blockAt(file, at, length);
        hash.update(block);
        read = block.length;
      }
    }
    return hash.digest();
  } finally {
    await file.close();
  }
}

async function blockAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** Whether equal states mean equal contents. */
async function mayRemember(files: readonly FileState[]): Promise<boolean> {
  const devices = new Map<number, string>();
  for (const { path, device, changed, seen } of files) {
    if (changed > seen - TICK_MS) return false;
    devices.set(device, path);
  }
  const types = await Promise.all(Array.from(devices.values(), (path) => statfs(path).catch(() => undefined)));
  return types.every((found) => found !== undefined && KEEPS_CTIME.has(found.type));
}

function placeOf(files: readonly FileState[], whole: number, cache: string = cacheFolder()): string {
  const hash = createHash("sha256").update(`${VERSION} ${whole}\n`);
  for (const { path, size, modified, changed, inode, device } of files) {
    hash.update(`${path}\0${size} ${modified} ${changed} ${inode} ${device}\n`);
  }
  return join(cache, "contents", hash.digest("hex").slice(0, 32));
}

function recall(place: string): string | undefined {
  try {
    const text = readFileSync(place, "utf8");
    return /^[0-9a-f]{64}\n$/.test(text) ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}

function remember(place: string, hash: string): void {
  try {
    writeFileAtomic(place, [`${hash}\n`]);
  } catch {
    // The cache cannot be written: the files are read again the next time.
  }
}

/**
 * The contents of files by their paths.
 * @throws UserError when one cannot be read.
 */
export async function readContents(paths: readonly string[], options: ContentsOptions = {}): Promise<Contents> {
  const seen = Date.now();
  const states = paths.map((path): FileState => {
    try {
      const { size, mtimeMs: modified, ctimeMs: changed, ino: inode, dev: device } = statSync(path);
      return { path, size, modified, changed, inode, device, seen };
    } catch (error) {
      throw fileError(error, "read", path);
    }
  });
  const contents = await contentsOf(states, options);
  for (const [position, code] of contents.unreadable) throw new UserError(`cannot read ${paths[position]} (${code})`);
  return contents;
}
