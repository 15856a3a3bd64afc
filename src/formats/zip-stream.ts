/**
 * The bytes of one zip entry in order, a piece at a time, stored or deflated: an array of ten gigabytes is never held whole.
 *
 * An entry that is read from the first byte to the last is checked against the archive's CRC-32 at the end.
 */

import { pipeline, Readable } from "node:stream";
import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import { allocate, type RandomAccessFile } from "./random-access.ts";
import { requirePlausible } from "./unpacked.ts";
import type { ZipEntry } from "./zip-directory.ts";
import { checkCrc, locateEntry } from "./zip-entries.ts";

const PIECE = 1 << 20;

/** Reads an entry at positions: anywhere when it is stored; forwards, or again from its start, when it is deflated. */
export class ZipEntryReader {
  readonly #file: RandomAccessFile;
  readonly #entry: ZipEntry;
  #inflater: Inflater | undefined;
  /** How far the entry was read without a gap, and the CRC-32 up to there. */
  #position = 0;
  #crc = 0;

  constructor(file: RandomAccessFile, entry: ZipEntry) {
    this.#file = file;
    this.#entry = entry;
  }

  /**
   * The `length` bytes of the entry from `position`; a fresh array. One call at a time.
   *
   * @throws UserError when the entry ends before, is damaged, or its size is not plausible for so short an entry.
   */
  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { size, method, name, compressedSize } = this.#entry;
    const where = `${this.#file.path}: zip entry ${quoted(name)}`;
    if (position + length > size) {
      throw new UserError(`${where} is cut short: ${position + length} bytes are needed, it has ${size}`);
    }
    if (method === "stored") {
      const bytes = this.#file.read(locateEntry(this.#file, this.#entry) + position, length);
      if (position === 0) this.close();
      if (position === this.#position) this.#account(bytes);
      return bytes;
    }
    requirePlausible(where, length, compressedSize);
    if (this.#inflater === undefined || position < this.#position) {
      this.close();
      this.#inflater = new Inflater(this.#file, this.#entry);
    }
    while (this.#position < position) {
      this.#account(await this.#inflater.take(Math.min(PIECE, position - this.#position)));
    }
    const bytes = await this.#inflater.take(length);
    this.#account(bytes);
    return bytes;
  }

  /** Frees the state of reading; reading may start again. */
  close(): void {
    this.#inflater?.close();
    this.#inflater = undefined;
    this.#position = 0;
    this.#crc = 0;
  }

  #account(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#position += bytes.length;
    if (this.#position === this.#entry.size) checkCrc(this.#file, this.#entry, this.#crc);
  }
}

class Inflater {
  readonly #stream: InflateRaw;
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #where: string;
  readonly #path: string;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: RandomAccessFile, entry: ZipEntry) {
    const start = locateEntry(file, entry);
    function* compressed(): Generator<Uint8Array> {
      for (let done = 0; done < entry.compressedSize; done += PIECE) {
        yield file.read(start + done, Math.min(PIECE, entry.compressedSize - done));
      }
    }
    this.#path = file.path;
    this.#where = `${file.path}: zip entry ${quoted(entry.name)}`;
    this.#stream = createInflateRaw({ chunkSize: 1 << 16 });
    // The reader sees errors itself; the callback gets the same error, or the one of an ended reader.
    pipeline(Readable.from(compressed()), this.#stream, () => {});
    this.#pieces = this.#stream[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = allocate(count, this.#path);
    let done = 0;
    while (done < count) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const part = this.#rest.subarray(0, count - done);
      bytes.set(part, done);
      done += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return bytes;
  }

  async #next(): Promise<Buffer> {
    let result: IteratorResult<Buffer>;
    try {
      result = await this.#pieces.next();
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`${this.#where} is damaged: ${(error as Error).message}`);
    }
    if (result.done) throw new UserError(`${this.#where} is damaged: it holds fewer bytes than the archive states`);
    return result.value;
  }

  close(): void {
    this.#stream.destroy();
  }
}
