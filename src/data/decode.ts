/**
 * Decodes a chunk of a source: the work of one message to a worker thread.
 *
 * Runs in a worker or in the calling thread; it imports no tensor code, since the engine must stay out of worker
 * threads.
 */
import sharp from "sharp";
import { areaOf } from "../base/image-size.ts";
import { foreignFormat, formatOf, unreadForm } from "./image-format.ts";
import { ItemReader } from "./item-reader.ts";
import type { Target } from "./options.ts";
import { type Resized, resizeFile, resizePlanar } from "./resize.ts";
import type { EncodedItem, RawImages } from "./source.ts";

/** A part of a source: encoded items, or indices into raw images. */
export type Chunk =
  | { readonly form: "encoded"; readonly target: Target; readonly items: readonly EncodedItem[] }
  | { readonly form: "raw"; readonly target: Target; readonly images: RawImages; readonly indices: Uint32Array };

/** The decoded images of a chunk one after the other, without those that failed. */
export interface Decoded {
  readonly pixels: Uint8Array;
  /** Positions within the chunk of the images in `pixels`. */
  readonly good: Uint32Array;
  /** Width and height before resizing of each good image, in turn. */
  readonly sizes: Uint32Array;
  /** How many of them had pixels that are not opaque. */
  readonly transparent: number;
  /** How many of them were JPEG files by their contents. */
  readonly jpeg: number;
  /** The highest level of their colours or gray. */
  readonly most: number;
  readonly failures: readonly DecodeFailure[];
}

/** An image that failed: its position within the chunk, and why. */
export interface DecodeFailure {
  readonly position: number;
  readonly reason: string;
  /** Whether the file system failed, not the image: another time it may be read. */
  readonly unread: boolean;
}

/** Images that one thread decodes at once: sharp decodes on the process's four pool threads, which this keeps busy. */
const IN_FLIGHT = 4;

// One thread per image: the parallelism is across images. The cache would only hold what is never read again.
sharp.concurrency(1);
sharp.cache(false);

/** Decodes a chunk; a file that fails is listed with the reason, and nothing is thrown. */
export async function decodeChunk(chunk: Chunk): Promise<Decoded> {
  const count = chunk.form === "raw" ? chunk.indices.length : chunk.items.length;
  const reader = new ItemReader();
  const decodeOne = (position: number): Promise<One> => {
    if (chunk.form === "raw") return decodeRaw(chunk.images, chunk.indices[position]!, chunk.target, reader);
    return decodeItem(chunk.items[position]!, chunk.target, reader);
  };
  const bytes = chunk.target.channels * areaOf(chunk.target.size);
  const results: (One | Failed)[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const position = next++;
      results[position] = await decodeOne(position).catch(failed);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    // libvips keeps one error text for the process, which images decoded at once take from each other: what failed is
    // decoded again on its own, so that the reason belongs to the file.
    for (const [position, result] of results.entries()) {
      if ("reason" in result) results[position] = await decodeOne(position).catch(failed);
    }
  } finally {
    await reader.close();
  }
  const good = results.flatMap((result, position) => ("reason" in result ? [] : [position]));
  const pixels = new Uint8Array(good.length * bytes);
  const sizes = new Uint32Array(good.length * 2);
  let [transparent, jpeg, most] = [0, 0, 0];
  for (const [at, position] of good.entries()) {
    const result = results[position] as One;
    pixels.set(result.pixels, at * bytes);
    sizes.set([result.width, result.height], at * 2);
    if (result.transparent) transparent++;
    if (result.isJpeg) jpeg++;
    most = Math.max(most, result.most);
  }
  const failures = results.flatMap((result, position) => ("reason" in result ? [{ position, ...result }] : []));
  return { pixels, good: Uint32Array.from(good), sizes, transparent, jpeg, most, failures };
}

async function decodeRaw(images: RawImages, index: number, target: Target, reader: ItemReader): Promise<Resized> {
  const { pixels, planes, start, stride, channels } = images;
  const area = images.height * images.width;
  // Of pixels in memory a copy, since sharp cannot take memory that threads share.
  const read = async (at: number, size: number): Promise<Uint8Array> => {
    const begin = start + at * stride;
    return typeof pixels === "string" ? reader.stretch(pixels, begin, size) : pixels.slice(begin, begin + size);
  };
  let stored: Uint8Array;
  if (planes === undefined) stored = await read(index, channels * area);
  else {
    stored = new Uint8Array(channels * area);
    for (let c = 0; c < channels; c++) stored.set(await read(planes[index * channels + c]!, area), c * area);
  }
  const planar = images.interleaved ? planesOf(stored, channels) : images.columns ? rowsOf(stored, images) : stored;
  return resizePlanar(planar, images, target);
}

/** Planes stored column by column, [channels, width, height], as [channels, height, width]. */
function rowsOf(columns: Uint8Array, { channels, height, width }: RawImages): Uint8Array {
  const rows = new Uint8Array(columns.length);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * height * width;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[to++] = columns[plane + x * height + y]!;
  }
  return rows;
}

/** Pixels whose channels follow each other, [height, width, channels], as planes. */
function planesOf(pixels: Uint8Array, channels: number): Uint8Array {
  const area = pixels.length / channels;
  const planes = new Uint8Array(pixels.length);
  for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) planes[c * area + i] = pixels[i * channels + c]!;
  return planes;
}

/** One image, and whether its file was JPEG. */
interface One extends Resized {
  readonly isJpeg?: boolean;
}

async function decodeItem(item: EncodedItem, target: Target, reader: ItemReader): Promise<One> {
  const bytes = await reader.read(item);
  if (bytes.byteLength === 0) throw new Error(item.kind === "file" ? "the file is empty" : "it is empty");
  const resized = await resizeFile(bytes, target).catch((error: unknown) => {
    const reason = foreignFormat(bytes) ?? unreadForm(bytes, error);
    throw reason === undefined ? error : new Error(reason);
  });
  return { ...resized, isJpeg: formatOf(bytes) === "JPEG" };
}

type Failed = Omit<DecodeFailure, "position">;

function failed(error: unknown): Failed {
  return { reason: reasonOf(error), unread: typeof (error as NodeJS.ErrnoException).syscall === "string" };
}

/** The first line of an error, without the paths and dashes that libraries put before it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.split("\n").find((part) => part.trim() !== "") ?? "";
  // The text when another thread took the reason.
  return line === "" || line === "Unknown error" ? "the decoder found it damaged" : line.trim();
}
