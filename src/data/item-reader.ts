/**
 * The bytes of items: of a file, an entry of a zip archive, a value of an LMDB database, or any stretch of a larger file.
 * What many items lie in is opened once.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { crc32, inflateRawSync } from "node:zlib";
import yauzl from "yauzl";
import { overflowDamage, PAGE_HEADER } from "../formats/index.ts";
import type { EncodedItem, LmdbItem, ZipItem } from "./source.ts";

/** No image file is larger; an archive or database that claims so is damaged or hostile. */
export const LARGEST_FILE = 256 * 2 ** 20;

/** Reads items; whatever is wrong with one is thrown as an Error with the reason. Close it when done. */
export class ItemReader {
  readonly #archives = new Map<string, Promise<Archive>>();
  readonly #files = new Map<string, Promise<FileHandle>>();

  /** The bytes of an encoded image. */
  async read(item: EncodedItem): Promise<Buffer> {
    if (item.kind === "file") return readFile(item.path);
    if (item.kind === "lmdb") return this.#value(item);
    if (item.kind === "stretch") return this.stretch(item.path, item.offset, item.size);
    if (item.kind === "bytes") return Buffer.from(item.bytes.buffer, item.bytes.byteOffset, item.bytes.byteLength);
    return (await opened(this.#archives, item.archive, Archive.open)).read(item);
  }

  /** The `size` bytes of a file from `offset`. */
  async stretch(path: string, offset: number, size: number): Promise<Buffer> {
    const file = await opened(this.#files, path, (name) => open(name));
    return stretchOf(file, offset, size, "the file ends inside it");
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    for (const opening of [...this.#archives.values(), ...this.#files.values()]) {
      await opening.then((file) => file.close()).catch(() => undefined);
    }
  }

  async #value(item: LmdbItem): Promise<Buffer> {
    const { path, offset, size, page } = item;
    if (size > LARGEST_FILE) throw new Error(`the value claims ${size} bytes, too large for an image`);
    if (page === 0) return this.stretch(path, offset, size);
    const bytes = await this.stretch(path, offset - PAGE_HEADER, PAGE_HEADER + size);
    const reason = overflowDamage(bytes, item);
    if (reason !== undefined) throw new Error(reason);
    return bytes.subarray(PAGE_HEADER);
  }
}

/** What a map holds for a path, opened now if it is not there. */
function opened<T>(map: Map<string, Promise<T>>, path: string, openOne: (path: string) => Promise<T>): Promise<T> {
  let opening = map.get(path);
  if (opening === undefined) {
    opening = openOne(path);
    map.set(path, opening);
  }
  return opening;
}

async function stretchOf(file: FileHandle, offset: number, size: number, ifShort: string): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await file.read(bytes, 0, size, offset);
  if (bytesRead < size) throw new Error(ifShort);
  return bytes;
}

/** Random access to the entries of a zip file whose directory has been read elsewhere. */
class Archive {
  private readonly zip: yauzl.ZipFile;
  private readonly file: FileHandle;

  private constructor(zip: yauzl.ZipFile, file: FileHandle) {
    this.zip = zip;
    this.file = file;
  }

  static async open(path: string): Promise<Archive> {
    // Lazy: only the end record is read, not the directory of every entry.
    return new Archive(await yauzl.openPromise(path, { lazyEntries: true, autoClose: false }), await open(path));
  }

  async read(item: ZipItem): Promise<Buffer> {
    const place = { relativeOffsetOfLocalHeader: item.offset, compressedSize: item.compressedSize };
    const { fileDataStart } = await this.zip.readLocalFileHeaderPromise(place as yauzl.Entry, { minimal: true });
    const packed = await stretchOf(this.file, fileDataStart, item.compressedSize, "the archive ends inside this entry");
    // The bound is what guards against a bomb: an entry inflates to what it promised, or not at all.
    const bytes = item.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, item.size) });
    if (bytes.byteLength !== item.size) {
      throw new Error(`the entry holds ${bytes.byteLength} bytes, the directory promises ${item.size}`);
    }
    if (crc32(bytes) !== item.crc32) throw new Error("CRC-32 mismatch");
    return bytes;
  }

  async close(): Promise<void> {
    this.zip.close();
    await this.file.close();
  }
}
