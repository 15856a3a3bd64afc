/**
 * JSON files that notice their own damage: the key `crc32` holds the CRC-32 of everything else, written as canonical
 * JSON. A flipped bit is found; a file without the key, as older versions wrote it, is taken as it is.
 */
import { crc32 } from "node:zlib";
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";
import { hexOf } from "./crc-of-file.ts";

type Json = Readonly<Record<string, unknown>>;

// As the file will hold it: without undefined values.
const sumOf = (value: Json): string => hexOf(crc32(canonicalJson(JSON.parse(JSON.stringify(value)))));

/** The text of a JSON file with its checksum. */
export function checkedJson(value: Json): string {
  const { crc32: _, ...rest } = value;
  return `${JSON.stringify({ ...rest, crc32: sumOf(rest) }, null, 2)}\n`;
}

/**
 * Compares a parsed file with its checksum.
 *
 * @throws UserError when they differ: the file is damaged, or was changed by hand.
 */
export function requireIntact(path: string, value: Json): void {
  const { crc32: stated, ...rest } = value;
  if (stated === undefined) return;
  const actual = sumOf(rest);
  if (stated !== actual)
    throw new UserError(
      `${path} is damaged or was changed by hand: the CRC-32 of its contents is ${actual}, it states ${String(stated)}`,
    );
}
