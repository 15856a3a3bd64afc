/**
 * The folder in which a binding looks for libtorch (RPATH). It is a text inside the file, so a binding that was compiled on one
 * machine can be given the folder of another: the linker leaves room for any path, and the path is written into that room.
 *
 * The file's form is ELF for 64 bits, little-endian (System V ABI, chapters 4 and 5).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { SetupError } from "./say.js";

/** Bytes left for the path: the longest path that Linux takes. */
const room = 4096;

/** What the linker is given in place of a folder. */
export const roomForRpath = "/".repeat(room);

const loadedSegment = 1;
const dynamicSegment = 2;
const stringTable = 5n;
const rpath = 15n;

/**
 * Writes the folder of libtorch into a binding that was linked with {@link roomForRpath}.
 * @param {string} file
 * @param {string} folder
 */
export function setRpath(file, folder) {
  // In an RPATH these two have a meaning of their own.
  if (/[:$]/.test(folder) || Buffer.byteLength(folder) > room)
    throw new SetupError(`libtorch is in ${folder}; its path must have no ":" and no "$", and at most ${room} bytes.`);
  const bytes = readFileSync(file);
  const start = positionOfRpath(bytes);
  bytes.fill(0, start, start + room);
  bytes.write(folder, start, "utf8");
  writeFileSync(file, bytes);
}

/**
 * Where the text of the RPATH begins.
 * @param {Buffer} bytes of an ELF file
 */
function positionOfRpath(bytes) {
  const segments = segmentsOf(bytes);
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  /** @type {Map<bigint, bigint>} */
  const entries = new Map();
  if (dynamic)
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16)
      entries.set(bytes.readBigUInt64LE(at), bytes.readBigUInt64LE(at + 8));
  const table = entries.get(stringTable);
  const text = entries.get(rpath);
  if (table === undefined || text === undefined) throw new Error("the binding was linked without an RPATH");
  const address = Number(table);
  const home = segments.find(
    ({ type, address: from, size }) => type === loadedSegment && address >= from && address < from + size,
  );
  if (!home) throw new Error("the binding's table of strings is in none of its segments");
  return home.offset + (address - home.address) + Number(text);
}

/** @param {Buffer} bytes */
function segmentsOf(bytes) {
  if (bytes.toString("latin1", 0, 6) !== "\x7fELF\x02\x01") throw new Error("the binding is no ELF file for 64 bits");
  const first = Number(bytes.readBigUInt64LE(32));
  const length = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const at = first + i * length;
    const number = (/** @type {number} */ field) => Number(bytes.readBigUInt64LE(at + field));
    return { type: bytes.readUInt32LE(at), offset: number(8), address: number(16), size: number(32) };
  });
}
