/** Reads a file that another process is adding lines to: each call gives the whole lines that are new. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

/** Bytes that are read before other work gets a turn. */
const CHUNK = 1 << 20;
/** A longer line is left out: memory stays bounded whatever a file holds. */
const LONGEST_LINE = 1 << 20;
const NEWLINE = 0x0a;
/** What all readers read into: what is in it is used before another one gets a turn. */
const shared = Buffer.allocUnsafe(LONGEST_LINE + CHUNK);

/** What a reader gives its lines to. */
export interface LineSink {
  /** Whole lines, each with its newline. The buffer is used again after the call. */
  lines(chunk: Buffer): void;
  /** The file was shortened, replaced or removed: everything before does not count. */
  restart(): void;
}

/** Follows one file. A half line at its end waits until the rest has been written. */
export class LineReader {
  readonly #path: string;
  #offset = 0;
  #inode = 0;
  #rest = Buffer.alloc(0);
  /** Inside a line that is too long. */
  #skipping = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Gives the new lines to `sink`. A file that is not there is an empty one. Links are not followed. */
  async read(sink: LineSink): Promise<void> {
    let file: number;
    try {
      file = openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      this.#forget(sink);
      return;
    }
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) return this.#forget(sink);
      if (stat.size < this.#offset || (this.#inode !== 0 && stat.ino !== this.#inode)) this.#forget(sink);
      this.#inode = stat.ino;
      while (this.#offset < stat.size) {
        const begun = this.#rest.copy(shared);
        const count = readSync(file, shared, begun, Math.min(CHUNK, stat.size - this.#offset), this.#offset);
        if (count === 0) break;
        this.#offset += count;
        this.#take(shared.subarray(0, begun + count), sink);
        if (this.#offset < stat.size) await setImmediate();
      }
    } finally {
      closeSync(file);
    }
  }

  /** Takes what was left of the last chunk, and the new one after it. */
  #take(bytes: Buffer, sink: LineSink): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      sink.lines(bytes.subarray(this.#skipping ? bytes.indexOf(NEWLINE) + 1 : 0, end));
      this.#skipping = false;
    }
    this.#skipping ||= bytes.length - end > LONGEST_LINE;
    this.#rest = this.#skipping ? Buffer.alloc(0) : Buffer.from(bytes.subarray(end));
  }

  #forget(sink: LineSink): void {
    if (this.#offset === 0) return;
    this.#offset = 0;
    this.#inode = 0;
    this.#rest = Buffer.alloc(0);
    this.#skipping = false;
    sink.restart();
  }
}
