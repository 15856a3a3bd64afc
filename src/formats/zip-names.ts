/**
 * The names of a zip archive's entries: which text their bytes are.
 *
 * A flag of the entry says UTF-8, or an extra field has the name in it (APPNOTE.TXT, 4.4.4 and 4.6.9). Without either a name
 * is of code page 437 by the standard. Programs write others: Info-ZIP on Unix UTF-8 without the flag, those of Windows the
 * code page of the system. Bytes that are UTF-8 are hardly ever anything else, so they are read as that.
 */
import { crc32 } from "node:zlib";

const IS_UTF8 = 0x800;
const UNICODE_PATH = 0x7075;

/** The upper half of code page 437. The lower one is ASCII. */
const UPPER_437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The name of an entry. */
export interface ZipName {
  readonly name: string;
  /** Whether it is of code page 437 for want of anything else: it may be of another one, such as Shift-JIS. */
  readonly isGuess: boolean;
}

/**
 * Reads a name.
 *
 * @param bytes - as the directory has it
 * @param flags - of the entry
 * @param extra - its extra fields
 */
export function zipName(bytes: Buffer, flags: number, extra: Buffer): ZipName {
  const unicode = unicodePath(bytes, extra);
  if (unicode !== undefined) return { name: unicode.toString(), isGuess: false };
  if (flags & IS_UTF8) return { name: bytes.toString(), isGuess: false };
  try {
    return { name: utf8.decode(bytes), isGuess: false };
  } catch {
    const letters = Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : UPPER_437[byte - 0x80]!));
    return { name: letters.join(""), isGuess: true };
  }
}

/** The name in the extra field, which begins with a version and the CRC-32 of the name that it belongs to. */
function unicodePath(name: Buffer, extra: Buffer): Buffer | undefined {
  const field = extraField(extra, UNICODE_PATH);
  if (field === undefined || field.length < 6 || field[0] !== 1) return undefined;
  return field.readUInt32LE(1) === crc32(name) ? field.subarray(5) : undefined;
}

/** The contents of an extra field; undefined where it is not there, or reaches beyond the end. */
export function extraField(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return end <= extra.length ? extra.subarray(at + 4, end) : undefined;
    at = end;
  }
  return undefined;
}
