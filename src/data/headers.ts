/** The sizes of images by their headers, before any is decoded. */
import { open } from "node:fs/promises";
import sharp from "sharp";
import { MAGIC_LENGTH, requireImage } from "./image-format.ts";
import { ItemReader } from "./item-reader.ts";
import { LARGEST_IMAGE } from "./resize.ts";
import type { EncodedImages, EncodedItem, OpenSource, StreamedImages } from "./source.ts";

/** Width and height of an image, upright. */
export interface HeaderSize {
  /** Its name, for reports. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Whether it is stored without colour. */
  readonly gray: boolean;
}

/** Headers that are read at once. */
const AT_ONCE = 32;

/** The item of an index. */
export const itemOf = ({ items }: EncodedImages): ((index: number) => EncodedItem) =>
  typeof items === "function" ? items : (index) => items[index]!;

/** The name of an item, for reports. */
export const nameOf = ({ names }: OpenSource): ((index: number) => string) =>
  typeof names === "function" ? names : (index) => names[index]!;

/**
 * The sizes of the images of a source in their order. Images whose header cannot be read are passed over: packing says what
 * is wrong with them. Throws the reason of `stop` once that is raised.
 */
export async function* imageSizes(source: OpenSource, stop?: AbortSignal): AsyncGenerator<HeaderSize> {
  const { images, labels } = source;
  const name = nameOf(source);
  if (images.form === "raw") {
    const { width, height, channels } = images;
    yield { name: name(0), width, height, gray: channels === 1 };
    return;
  }
  if (images.form === "streamed") {
    yield* streamedSizes(images, labels.length, name, stop);
    return;
  }
  const item = itemOf(images);
  const reader = new ItemReader();
  try {
    for (let begin = 0; begin < labels.length; begin += AT_ONCE) {
      stop?.throwIfAborted();
      const indices = Array.from({ length: Math.min(AT_ONCE, labels.length - begin) }, (_, i) => begin + i);
      const sizes = await Promise.all(
        indices.map((index) =>
          headerOf(item(index), reader).then(
            (size) => ({ name: name(index), ...size }),
            () => undefined,
          ),
        ),
      );
      for (const size of sizes) if (size !== undefined) yield size;
    }
  } finally {
    await reader.close();
  }
}

async function* streamedSizes(
  { planar, read }: StreamedImages,
  count: number,
  name: (index: number) => string,
  stop: AbortSignal | undefined,
): AsyncGenerator<HeaderSize> {
  if (planar !== undefined) {
    yield { name: name(0), width: planar.width, height: planar.height, gray: planar.channels === 1 };
    return;
  }
  let index = 0;
  for await (const bytes of read(Uint32Array.from({ length: count }, (_, i) => i))) {
    stop?.throwIfAborted();
    const size = await sizeOf(bytes).catch(() => undefined);
    if (size !== undefined) yield { name: name(index), ...size };
    index++;
  }
}

async function headerOf(item: EncodedItem, reader: ItemReader): Promise<Omit<HeaderSize, "name">> {
  if (item.kind !== "file") return sizeOf(await reader.read(item));
  const file = await open(item.path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_LENGTH), 0, MAGIC_LENGTH, 0);
    requireImage(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
  return sizeOf(item.path);
}

async function sizeOf(input: string | Uint8Array): Promise<Omit<HeaderSize, "name">> {
  if (typeof input !== "string") requireImage(input);
  const { width, height, channels, autoOrient } = await sharp(input, { limitInputPixels: LARGEST_IMAGE }).metadata();
  const upright = { width: autoOrient?.width ?? width, height: autoOrient?.height ?? height };
  // With transparency gray has two channels.
  return { ...upright, gray: channels <= 2 };
}
