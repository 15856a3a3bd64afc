/** The lines of a file that may be longer than the longest string of JavaScript (0.5 GB). */
import { RandomAccessFile } from "../../formats/index.ts";

const CHUNK = 1 << 20;
/** A longer line is none of a log, and is not kept in memory. */
const LONGEST_LINE = 64 << 20;
const NEWLINE = 0x0a;

/**
 * Gives every line without its newline; undefined for one above 64 MiB.
 *
 * @throws UserError when the file cannot be read, or is none.
 */
export function* textLines(path: string): Generator<string | undefined> {
  const file = new RandomAccessFile(path);
  try {
    let parts: Buffer[] = [];
    let length = 0;
    const add = (part: Buffer): void => {
      length += part.length;
      if (length > LONGEST_LINE) parts = [];
      else parts.push(part);
    };
    const taken = (): string | undefined => {
      const text = length > LONGEST_LINE ? undefined : Buffer.concat(parts).toString("utf8");
      parts = [];
      length = 0;
      return text;
    };
    for (let at = 0; at < file.size; at += CHUNK) {
      const bytes = file.read(at, Math.min(CHUNK, file.size - at));
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let begin = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
        if (length === 0) yield chunk.toString("utf8", begin, end);
        else {
          add(chunk.subarray(begin, end));
          yield taken();
        }
        begin = end + 1;
      }
      if (begin < chunk.length) add(chunk.subarray(begin));
    }
    if (length > 0) yield taken();
  } finally {
    file.close();
  }
}
