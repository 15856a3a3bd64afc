/**
 * Decoding a chunk of a source: the work of one message to a worker thread.
 *
 * Runs in a worker or in the calling thread; it imports no tensor code, since the engine must stay out of worker threads.
 */
import { open, readFile } from "node:fs/promises";
import * as zlib from "node:zlib";
import sharp from "sharp";
import yauzl from "yauzl";
import type { Target } from "./options.ts";
import { type Resized, resizeFile, resizePlanar } from "./resize.ts";
import type { FileItem, RawImages, ZipItem } from "./source.ts";

/** A part of a source: encoded items, or indices into raw images. */
export type Chunk =
  | { readonly form: "encoded"; readonly target: Target; readonly items: readonly (FileItem | ZipItem)[] }
  | { readonly form: "raw"; readonly target: Target; readonly images: RawImages; readonly indices: Uint32Array };

/** The decoded images of a chunk one after the other, without those that failed. */
export interface Decoded {
  readonly pixels: Uint8Array;
  /** Positions within the chunk of the images in `pixels`. */
  readonly good: Uint32Array;
  /** Width and height before resizing of each good image, in turn. */
  readonly sizes: Uint32Array;
  readonly failures: readonly { readonly position: number; readonly reason: string }[];
}

/** No image file is larger; an archive that claims so is damaged or hostile. */
export const LARGEST_FILE = 256 * 2 ** 20;

/** Pictures in flight in one thread: sharp decodes on the process's four pool threads, which this keeps fed. */
const IN_FLIGHT = 4;

// One thread a picture: the parallelism is across pictures. The cache would only hold what is never read again.
sharp.concurrency(1);
sharp.cache(false);

/** Decodes a chunk; a file that fails is listed with the reason, never thrown. */
export async function decodeChunk(chunk: Chunk): Promise<Decoded> {
  const count = chunk.form === "raw" ? chunk.indices.length : chunk.items.length;
  const archives = new Archives();
  const decodeOne = (position: number): Promise<Resized> => {
    if (chunk.form === "raw") return decodeRaw(chunk.images, chunk.indices[position]!, chunk.target);
    return decodeItem(chunk.items[position]!, chunk.target, archives);
  };
  const bytes = chunk.target.channels * chunk.target.size ** 2;
  const results: (Resized | string)[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const position = next++;
      results[position] = await decodeOne(position).catch(reasonOf);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    // libvips keeps one error text for the process, which pictures in flight take from each other: what failed is decoded
    // again on its own, so that the reason belongs to the file.
    for (const [position, result] of results.entries()) {
      if (typeof result === "string") results[position] = await decodeOne(position).catch(reasonOf);
    }
  } finally {
    await archives.close();
  }
  const good = results.flatMap((result, position) => (typeof result === "string" ? [] : [position]));
  const pixels = new Uint8Array(good.length * bytes);
  const sizes = new Uint32Array(good.length * 2);
  for (const [at, position] of good.entries()) {
    const result = results[position] as Resized;
    pixels.set(result.pixels, at * bytes);
    sizes.set([result.width, result.height], at * 2);
  }
  const failures = results.flatMap((reason, position) => (typeof reason === "string" ? [{ position, reason }] : []));
  return { pixels, good: Uint32Array.from(good), sizes, failures };
}

function decodeRaw(images: RawImages, index: number, target: Target): Promise<Resized> {
  const begin = images.start + index * images.stride;
  // A copy, since sharp cannot take memory that threads share.
  const planar = images.pixels.slice(begin, begin + images.channels * images.height * images.width);
  return resizePlanar(planar, images, target);
}

async function decodeItem(item: FileItem | ZipItem, target: Target, archives: Archives): Promise<Resized> {
  const bytes = item.kind === "file" ? await readFile(item.path) : await archives.read(item);
  if (bytes.byteLength === 0) throw new Error("the file is empty");
  return resizeFile(bytes, target);
}

/** The first line of an error, without the paths and dashes that libraries put before it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split("\n").find((part) => part.trim() !== "") ?? "";
  // What is left when another thread took the text.
  return line === "" || line === "Unknown error" ? "the decoder found it damaged" : line.trim();
}

/** The archives that a chunk reads from, each opened once. */
class Archives {
  private readonly open = new Map<string, Promise<Archive>>();

  async read(item: ZipItem): Promise<Buffer> {
    let archive = this.open.get(item.archive);
    if (archive === undefined) {
      archive = Archive.open(item.archive);
      this.open.set(item.archive, archive);
    }
    return (await archive).read(item);
  }

  async close(): Promise<void> {
    for (const archive of this.open.values()) await archive.then((a) => a.close()).catch(() => undefined);
  }
}

type FileHandle = Awaited<ReturnType<typeof open>>;

/** Random access to the entries of a zip file whose directory has been read elsewhere. */
class Archive {
  private readonly zip: yauzl.ZipFile;
  private readonly file: FileHandle;

  private constructor(zip: yauzl.ZipFile, file: FileHandle) {
    this.zip = zip;
    this.file = file;
  }

  static async open(path: string): Promise<Archive> {
    // Lazy: only the end record is read, not the directory of every entry.
    return new Archive(await yauzl.openPromise(path, { lazyEntries: true, autoClose: false }), await open(path));
  }

  async read(item: ZipItem): Promise<Buffer> {
    const place = { relativeOffsetOfLocalHeader: item.offset, compressedSize: item.compressedSize };
    const { fileDataStart } = await this.zip.readLocalFileHeaderPromise(place as yauzl.Entry, { minimal: true });
    const packed = Buffer.alloc(item.compressedSize);
    const { bytesRead } = await this.file.read(packed, 0, packed.byteLength, fileDataStart);
    if (bytesRead < packed.byteLength) throw new Error("the archive ends inside this entry");
    // The bound is what guards against a bomb: an entry inflates to what it promised, or not at all.
    const bytes = item.method === 0 ? packed : zlib.inflateRawSync(packed, { maxOutputLength: Math.max(1, item.size) });
    if (bytes.byteLength !== item.size) {
      throw new Error(`the entry holds ${bytes.byteLength} bytes, the directory promises ${item.size}`);
    }
    // Node has had crc32 since 20.15; before that damage is found by the decoder only.
    if (typeof zlib.crc32 === "function" && zlib.crc32(bytes) !== item.crc32) throw new Error("CRC-32 mismatch");
    return bytes;
  }

  async close(): Promise<void> {
    this.zip.close();
    await this.file.close();
  }
}
