/**
 * Files that the tests of src/data make: zip archives (well-formed or not), CIFAR and STL-10 records, IDX files, images; and
 * what they look at in a pack.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import sharp from "sharp";
import { areaOf } from "../../src/base/image-size.ts";
import type { Pack } from "../../src/data/pack-header.ts";

/** One entry of a zip archive, with what a damaged or hostile one would say instead of the truth. */
export interface ZipEntry {
  /** Bytes: of another encoding than UTF-8. */
  readonly name: string | Buffer;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Extra fields of the directory. */
  readonly extra?: Buffer;
  /** What the directory says of the size, the CRC, the method and the flags. */
  readonly claims?: { size?: number; crc?: number; method?: number; flags?: number; mode?: number };
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
  for (const { name, data, deflate = false, extra = Buffer.alloc(0), claims = {} } of entries) {
    const packed = deflate ? deflateRawSync(data) : Buffer.from(data);
    const file = typeof name === "string" ? Buffer.from(name) : name;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(claims.flags ?? 0x800, 2);
    common.writeUInt16LE(claims.method ?? (deflate ? 8 : 0), 4);
    common.writeUInt32LE(claims.crc ?? crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims.size ?? data.length, 18);
    common.writeUInt16LE(file.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((claims.mode ?? 0) * 2 ** 16, 6);
    tail.writeUInt32LE(offset, 10);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), common, file, packed]);
    bodies.push(body);
    const described = Buffer.from(common);
    described.writeUInt16LE(extra.length, 24);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), described, tail, file, extra);
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

/** An image of one colour as a file of the given kind. */
export function imageFile(
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

/**
 * A gray TIFF, uncompressed in one strip (TIFF 6.0, sections 2 and 8): `samples` is 1 for whole numbers, 2 for signed ones,
 * 3 for floats.
 */
export function tiffOf(width: number, height: number, bits: number, samples: 1 | 2 | 3, data: Uint8Array): Buffer {
  const tags: [tag: number, type: number, value: number][] = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, bits],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, height],
    [279, 4, data.length],
    [339, 3, samples],
  ];
  const head = Buffer.from("49492a0000000000", "hex");
  head.writeUInt32LE(8 + data.length, 4);
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length, 0);
  for (const [i, [tag, type, value]] of tags.entries()) {
    const at = 2 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(1, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  return Buffer.concat([head, data, directory]);
}

/** CIFAR records: labels, then three planes; pixel p of plane c of record i is (i + c + p) % 256. */
export function cifarRecords(count: number, first = 0, labels = 1): Buffer {
  const record = labels + 3072;
  const bytes = Buffer.alloc(count * record);
  for (let i = 0; i < count; i++) {
    bytes.fill((first + i) % 10, i * record, i * record + labels);
    for (let p = 0; p < 3072; p++)
      bytes[i * record + labels + p] = (first + i + Math.floor(p / 1024) + (p % 1024)) % 256;
  }
  return bytes;
}

/** STL-10's file of images: planes column by column; the value at row y and column x of plane c of image i is i + c + 2y + x. */
export function stl10Images(count: number): Buffer {
  const bytes = Buffer.alloc(count * 27648);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) {
      for (let x = 0; x < 96; x++) for (let y = 0; y < 96; y++) bytes[at++] = (i + c + 2 * y + x) % 256;
    }
  }
  return bytes;
}

/** The folder of small datasets in their publishers' files, and what an independent reader saw in them (expected.json). */
export const published = join(import.meta.dirname, "../fixtures/datasets");

/** See {@link published}. */
export const expected = JSON.parse(readFileSync(join(published, "expected.json"), "utf8"));

/** The labels of a pack. */
export function labelsOf(pack: Pack): number[] {
  return Array.from(new BigInt64Array(new Uint8Array(readFileSync(pack.labelsPath)).buffer), Number);
}

/** The SHA-256 of each image of a pack. */
export function sumsOf({ header, imagesPath }: Pack): string[] {
  const size = header.channels * areaOf(header.size);
  const pixels = readFileSync(imagesPath);
  return Array.from({ length: header.count }, (_, i) =>
    createHash("sha256")
      .update(pixels.subarray(i * size, (i + 1) * size))
      .digest("hex"),
  );
}
