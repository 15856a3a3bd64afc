/** The lines of a file that may be longer than the longest string of JavaScript (0.5 GB). */
import { closeSync, openSync, readSync } from "node:fs";

const CHUNK = 1 << 20;
/** A longer line is none of a log, and is not kept in memory. */
const LONGEST_LINE = 64 << 20;
const NEWLINE = 0x0a;

/** Gives every line without its newline; undefined for one above 64 MiB. */
export function* textLines(path: string): Generator<string | undefined> {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    let parts: Buffer[] = [];
    let length = 0;
    const add = (part: Buffer): void => {
      length += part.length;
      if (length > LONGEST_LINE) parts = [];
      // The buffer is used again.
      else parts.push(Buffer.from(part));
    };
    const taken = (): string | undefined => {
      const text = length > LONGEST_LINE ? undefined : Buffer.concat(parts).toString("utf8");
      parts = [];
      length = 0;
      return text;
    };
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      const chunk = buffer.subarray(0, count);
      let begin = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
        if (length === 0) yield chunk.toString("utf8", begin, end);
        else {
          add(chunk.subarray(begin, end));
          yield taken();
        }
        begin = end + 1;
      }
      if (begin < count) add(chunk.subarray(begin));
    }
    if (length > 0) yield taken();
  } finally {
    closeSync(file);
  }
}
