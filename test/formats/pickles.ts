/** Hand-made pickles and the two containers around them, for files that no honest program writes. */
import { crc32 } from "node:zlib";

/** Bytes of a text of one-byte characters, or of numbers. */
export const raw = (...parts: (string | number | Uint8Array)[]): Buffer =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(typeof part === "number" ? [part] : part),
    ),
  );

export const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff);
  return bytes;
};

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

export const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
};

/** A text (BINUNICODE), a number (BININT or LONG1), a global (GLOBAL). */
export const text = (value: string): Buffer => raw("X", u32(Buffer.byteLength(value)), Buffer.from(value));
export const number = (value: number | bigint): Buffer =>
  typeof value === "bigint" ? raw("\x8a\x08", u64(value)) : raw("J", u32(value));
export const global = (module: string, name: string): Buffer => raw(`c${module}\n${name}\n`);

/** A tuple of any pickled values. */
export const tuple = (...values: Uint8Array[]): Buffer => raw("(", ...values, "t");

/** The reference to a storage, as torch.save writes it. */
export const storage = (count: number | bigint, type = "FloatStorage", key = "0"): Buffer =>
  raw(tuple(text("storage"), global("torch", type), text(key), text("cpu"), number(count)), "Q");

/** The call that makes a tensor. */
export const tensor = (
  source: Uint8Array,
  offset: number | bigint,
  shape: readonly (number | bigint)[],
  strides: readonly (number | bigint)[],
): Buffer =>
  raw(
    global("torch._utils", "_rebuild_tensor_v2"),
    tuple(source, number(offset), tuple(...shape.map(number)), tuple(...strides.map(number)), raw("\x89"), raw("}")),
    "R",
  );

/** A pickle of protocol 2. */
export const pickle = (...parts: (string | number | Uint8Array)[]): Buffer => raw("\x80\x02", ...parts, ".");

/** A zip archive of stored entries; `wide` has every size and position in the zip64 fields. */
export function zip(entries: readonly (readonly [name: string, data: Uint8Array])[], wide = false): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of entries) {
    const facts = raw(u16(0), u16(0), u16(0), u16(0), u32(crc32(data)));
    const sizes = raw(u32(data.length), u32(data.length));
    const nameLength = u16(Buffer.byteLength(name));
    const local = raw("PK\x03\x04", u16(45), facts, sizes, nameLength, u16(0), Buffer.from(name), data);
    const length = BigInt(data.length);
    // Some other field stands before the one of zip64.
    const extra = wide
      ? raw(u16(0x5455), u16(1), 0, u16(1), u16(24), u64(length), u64(length), u64(BigInt(offset)))
      : raw();
    centrals.push(
      raw(
        ...[
          "PK\x01\x02",
          u16(45),
          u16(45),
          facts,
          wide ? u32(-1) : sizes.subarray(4),
          wide ? u32(-1) : sizes.subarray(4),
        ],
        ...[
          nameLength,
          u16(extra.length),
          u16(0),
          u16(0),
          u16(0),
          u32(0),
          u32(wide ? -1 : offset),
          Buffer.from(name),
          extra,
        ],
      ),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = raw(...centrals);
  const count = entries.length;
  const [start, size] = [BigInt(offset), BigInt(directory.length)];
  const end64 = raw(
    ...[
      "PK\x06\x06",
      u64(44n),
      u16(45),
      u16(45),
      u32(0),
      u32(0),
      u64(BigInt(count)),
      u64(BigInt(count)),
      u64(size),
      u64(start),
    ],
    ...["PK\x06\x07", u32(0), u64(start + size), u32(1)],
  );
  const fields = wide
    ? [u16(-1), u16(-1), u32(-1), u32(-1)]
    : [u16(count), u16(count), u32(directory.length), u32(offset)];
  return raw(...locals, directory, ...(wide ? [end64] : []), "PK\x05\x06", u16(0), u16(0), ...fields, u16(0));
}

/** A checkpoint in a zip archive. */
export const archive = (
  value: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: readonly (readonly [string, Uint8Array])[] = [],
): Buffer =>
  zip([
    ["x/data.pkl", value],
    ...Object.entries(storages).map(([key, data]) => [`x/data/${key}`, data] as const),
    ...more,
  ]);

const MAGIC = raw("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");

/** A checkpoint as a stream of pickles. `counts` are written before the storages. */
export const stream = (
  value: Uint8Array,
  storages: readonly (readonly [key: string, count: bigint, data: Uint8Array])[] = [],
): Buffer =>
  raw(
    pickle(MAGIC),
    pickle("M", u16(1001)),
    pickle("}"),
    value,
    pickle("](", ...storages.map(([key]) => text(key)), "e"),
    ...storages.flatMap(([, count, data]) => [u64(count), data]),
  );
