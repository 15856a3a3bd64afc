/**
 * metrics.crc: the checksums of the lines of metrics.jsonl. Each line says where a line of the log ends, in bytes, and the
 * CRC-32 of the bytes since the one before:
 *
 *     118 1c291ca3
 *     290 9be3e0a3
 *
 * A process that is killed between the two writes leaves one line of the log without a checksum; the next one covers both.
 */
import { appendFileSync, existsSync, statSync, truncateSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { hexOf, RandomAccessFile, readBytes } from "../../formats/index.ts";
import { textLines } from "./text-lines.ts";

/** The name of the file in a run's folder. */
export const LOG_CHECKSUMS = "metrics.crc";

const CHUNK = 1 << 20;

interface Entry {
  /** Where its lines end in the log. */
  readonly end: number;
  readonly crc: string;
}

/** What has become of a log since it was written. */
export interface LogDamage {
  /** In one sentence; undefined when all lines with a checksum are as they were written. */
  readonly problem?: string | undefined;
  /** Bytes at the end that have no checksum. */
  readonly unchecked: number;
}

/** The checksums of one log. */
export class LogChecksums {
  readonly #log: string;
  readonly #file: string;
  /** Where the log ended after the last line that was added; undefined before the first. */
  #end: number | undefined;

  constructor(log: string) {
    this.#log = log;
    this.#file = join(dirname(log), LOG_CHECKSUMS);
  }

  /**
   * Adds the checksum of `text`, which has just been written to the end of the log.
   * @throws what the file system throws.
   */
  add(text: string): void {
    const bytes = Buffer.from(text);
    const end = statSync(this.#log).size;
    if (end - bytes.length === this.#end) this.#append(end, crc32(bytes));
    else this.#catchUp(end, bytes.length);
  }

  #append(end: number, crc: number): void {
    appendFileSync(this.#file, `${end} ${hexOf(crc)}\n`);
    this.#end = end;
  }

  /** The first line of a session: what an earlier one has left without a checksum counts as a part of it. */
  #catchUp(end: number, length: number): void {
    const before = end - length;
    let kept = 0;
    let from = 0;
    for (const [entry, written] of this.#entries()) {
      if (entry === undefined || entry.end > before) break;
      kept += written;
      from = entry.end;
    }
    if (existsSync(this.#file) && statSync(this.#file).size > kept) truncateSync(this.#file, kept);
    let crc = 0;
    for (const chunk of chunksOf(this.#log, from, end)) crc = crc32(chunk, crc);
    this.#append(end, crc);
  }

  /** Each line of the file with its length; undefined for one that is none. */
  *#entries(): Generator<[Entry | undefined, number]> {
    if (!existsSync(this.#file)) return;
    for (const text of textLines(this.#file)) {
      const [, end, crc] = /^(\d{1,15}) ([0-9a-f]{8})$/.exec(text ?? "") ?? [];
      yield [end === undefined ? undefined : { end: Number(end), crc: crc! }, (text?.length ?? 0) + 1];
    }
  }

  /** Whether the last line is the beginning of one, as a crash leaves it. */
  #endsInHalf(): boolean {
    if (!existsSync(this.#file)) return false;
    const text = readBytes(this.#file).toString("latin1");
    return /^\d{1,15}( [0-9a-f]{0,8})?$/.test(text.slice(text.lastIndexOf("\n") + 1));
  }

  /** Compares the log with its checksums. */
  damage(): LogDamage {
    const size = existsSync(this.#log) ? statSync(this.#log).size : 0;
    const entries = Array.from(this.#entries(), ([entry]) => entry);
    if (entries.at(-1) === undefined && this.#endsInHalf()) entries.pop();
    const last = entries.at(-1)?.end ?? 0;
    const unchecked = Math.max(0, size - last);
    if (entries.length === 0) return { unchecked };
    const odd = entries.findIndex((entry, i) => entry === undefined || entry.end <= (entries[i - 1]?.end ?? 0));
    if (odd >= 0) return { unchecked, problem: `${this.#file} is damaged: its line ${odd + 1} is no checksum` };
    if (last > size) {
      return { unchecked, problem: `${this.#log} is cut short: it had at least ${last} bytes, and has ${size}` };
    }
    const damaged: number[] = [];
    let [at, crc, i] = [0, 0, 0];
    for (const chunk of chunksOf(this.#log, 0, last)) {
      for (let begin = 0; begin < chunk.length; ) {
        const { end, crc: stated } = entries[i]!;
        const stop = Math.min(chunk.length, begin + end - at);
        crc = crc32(chunk.subarray(begin, stop), crc);
        at += stop - begin;
        begin = stop;
        if (at < end) continue;
        if (hexOf(crc) !== stated) damaged.push(i + 1);
        crc = 0;
        i++;
      }
    }
    if (damaged.length === 0) return { unchecked };
    const which = damaged.length === 1 ? `line ${damaged[0]}` : `${damaged.length} lines, from ${damaged[0]} on,`;
    const verb = damaged.length === 1 ? "is" : "are";
    return { unchecked, problem: `${this.#log} is damaged: ${which} ${verb} not as ${LOG_CHECKSUMS} says` };
  }
}

function* chunksOf(path: string, from: number, to: number): Generator<Uint8Array> {
  const file = new RandomAccessFile(path);
  try {
    for (let at = from; at < to; at += CHUNK) yield file.read(at, Math.min(CHUNK, to - at));
  } finally {
    file.close();
  }
}
