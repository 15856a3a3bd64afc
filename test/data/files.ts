/** Files that the tests of src/data make: zip archives (well-formed or not), CIFAR-10 records, IDX files, pictures. */
import { deflateRawSync } from "node:zlib";
import sharp from "sharp";

/** One entry of a zip archive, with what a damaged or hostile one would say instead of the truth. */
export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** What the directory says of the size, the CRC, the method and the flags. */
  readonly claims?: { size?: number; crc?: number; method?: number; flags?: number };
}

const crcTable = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/** The CRC-32 of bytes (ISO 3309), computed here so that the reader is checked against something else than itself. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A zip archive of entries (PKWARE's APPNOTE, sections 4.3.7 and 4.3.12). */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflate = false, claims = {} } of entries) {
    const packed = deflate ? deflateRawSync(data) : Buffer.from(data);
    const file = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(claims.flags ?? 0x800, 2);
    common.writeUInt16LE(claims.method ?? (deflate ? 8 : 0), 4);
    common.writeUInt32LE(claims.crc ?? crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims.size ?? data.length, 18);
    common.writeUInt16LE(file.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), common, file, packed]);
    bodies.push(body);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, tail, file);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

/** The bytes of an IDX file of uint8. */
export function idxOf(shape: readonly number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = 8;
  head[3] = shape.length;
  for (const [i, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * i);
  return Buffer.concat([head, data]);
}

/** A picture of one colour as a file of the given kind. */
export function picture(
  kind: "jpeg" | "png" | "webp" | "gif" | "tiff" | "avif",
  width: number,
  height: number,
  colour: { r: number; g: number; b: number; alpha?: number },
): Promise<Buffer> {
  const channels = colour.alpha === undefined ? 3 : 4;
  const image = sharp({ create: { width, height, channels, background: colour } });
  const lossless = { jpeg: { quality: 100 }, webp: { lossless: true }, avif: { lossless: true } } as const;
  return image.toFormat(kind, kind in lossless ? lossless[kind as keyof typeof lossless] : {}).toBuffer();
}

/** CIFAR-10 records: label, then three planes; pixel p of plane c of record i is (i + c + p) % 256. */
export function cifarRecords(count: number, first = 0): Buffer {
  const bytes = Buffer.alloc(count * 3073);
  for (let i = 0; i < count; i++) {
    bytes[i * 3073] = (first + i) % 10;
    for (let p = 0; p < 3072; p++) bytes[i * 3073 + 1 + p] = (first + i + Math.floor(p / 1024) + (p % 1024)) % 256;
  }
  return bytes;
}
