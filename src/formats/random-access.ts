/**
 * A file that is read at positions, and a cursor that walks through bytes. The readers of archives and pickles use
 * them. No length that a file claims is trusted: each is compared with the file's size before memory is allocated for
 * it.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";

/** The largest typed array that every supported Node can make. */
const LARGEST_PIECE = 2 ** 32 - 1;

/**
 * An array of `length` bytes for a piece of the file at `path`.
 * @throws UserError when it cannot be had.
 */
export function allocate(length: number, path: string): Uint8Array<ArrayBuffer> {
  if (length > LARGEST_PIECE) {
    throw new UserError(
      `${path}: a piece of ${length} bytes is too large (at most ${LARGEST_PIECE}); read it in parts`,
    );
  }
  try {
    return new Uint8Array(length);
  } catch {
    throw new UserError(`${path}: there is not enough memory for a piece of ${length} bytes`);
  }
}

/** Something with bytes at positions: a file, or bytes in memory. */
export interface ByteSource {
  /** The `length` bytes from `position`; the caller must not write to them. */
  read(position: number, length: number): Uint8Array;
}

/** An open file. Every failure is a UserError that names the path. */
export class RandomAccessFile implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;

  /**
   * Opens `path`.
   * @throws UserError when the file system refuses or it is not a regular file.
   */
  constructor(path: string) {
    this.path = path;
    let descriptor: number | undefined;
    try {
      // Before opening: a pipe without a writer would block.
      const status = statSync(path);
      if (status.isDirectory()) throw new UserError(`cannot read ${path}: it is a folder, not a file (EISDIR)`);
      if (!status.isFile()) throw new UserError(`cannot read ${path}: it is not a regular file`);
      descriptor = openSync(path, "r");
      this.size = fstatSync(descriptor).size;
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor);
      throw fileError(error, "read", path);
    }
    this.#descriptor = descriptor;
  }

  /**
   * A fresh array of the `length` bytes from `position`.
   * @throws UserError when the file ends before.
   */
  read(position: number, length: number): Uint8Array<ArrayBuffer> {
    if (position + length > this.size) {
      throw new UserError(
        `${this.path}: truncated: bytes ${position} to ${position + length} are needed, the file ends after ${this.size}`,
      );
    }
    const bytes = allocate(length, this.path);
    let done = 0;
    try {
      while (done < length) {
        const count = readSync(this.#descriptor, bytes, done, Math.min(length - done, 1 << 30), position + done);
        if (count === 0) throw new UserError(`${this.path}: truncated while it was read`);
        done += count;
      }
    } catch (error) {
      throw fileError(error, "read", this.path);
    }
    return bytes;
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Runs `use` with an open file, and closes it whatever happens. */
export function withRandomAccess<T>(path: string, use: (file: RandomAccessFile) => T): T {
  const file = new RandomAccessFile(path);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/** A window is fetched at a time: small reads from the disk would each be a system call. */
const WINDOW = 1 << 16;

/** Walks through the bytes of a source from `position` to `end`. `where` opens the message of its errors. */
export class ByteCursor {
  readonly where: string;
  readonly #source: ByteSource;
  readonly #end: number;
  #window: Uint8Array = new Uint8Array(0);
  /** Where the window starts in the source, and how far the cursor is inside it. */
  #start: number;
  #at = 0;

  constructor(source: ByteSource, position: number, end: number, where: string) {
    this.#source = source;
    this.#start = position;
    this.#end = end;
    this.where = where;
  }

  /** The position of the next byte in the source. */
  get position(): number {
    return this.#start + this.#at;
  }

  /**
   * The next `count` bytes, which stay valid until the next call.
   * @throws UserError when fewer are left.
   */
  take(count: number): Uint8Array {
    if (this.#at + count > this.#window.length) this.#fetch(count);
    const bytes = this.#window.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  /** The next byte. */
  byte(): number {
    if (this.#at === this.#window.length) this.#fetch(1);
    return this.#window[this.#at++]!;
  }

  /** The bytes up to the next line break, which is consumed; at most `limit` bytes. */
  line(limit: number): Uint8Array {
    const line: number[] = [];
    for (let byte = this.byte(); byte !== 0x0a; byte = this.byte()) {
      if (line.length === limit) throw new UserError(`${this.where}: damaged: a line of more than ${limit} bytes`);
      line.push(byte);
    }
    return Uint8Array.from(line);
  }

  #fetch(count: number): void {
    const position = this.position;
    const left = this.#end - position;
    if (count > left) {
      throw new UserError(`${this.where}: truncated: ${count} bytes are needed at byte ${position}, ${left} are left`);
    }
    this.#window = this.#source.read(position, Math.min(left, Math.max(count, WINDOW)));
    this.#start = position;
    this.#at = 0;
  }
}
