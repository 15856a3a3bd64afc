/**
 * One image to one square of bytes: decoding, orientation, colour, transparency, scaling, placing.
 *
 * Scaling: reduction with a Lanczos kernel (a = 3) stretched by the factor of reduction, so that it low-passes before
 * it samples (libvips first averages whole blocks, as long as twice the wanted size remains); enlargement with bicubic
 * interpolation. A resizer without a low-pass aliases, and Parmar et al., "On Aliased Resizing and Surprising
 * Subtleties in GAN Evaluation" (2022), show that this alone moves FID by several points. JPEG and WebP may be reduced
 * by whole factors while they are decoded, but never to less than twice the wanted size. The same version of sharp and
 * libvips gives the same bytes; the versions are part of a pack's key.
 */
import sharp, { type Metadata, type Sharp } from "sharp";
import { UserError } from "../base/errors.ts";
import type { Target } from "./options.ts";

/** The version of the resizing in a pack. A different value makes a different pack. */
export const resizer = `lanczos3 down, cubic up; sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;

/** Number of pixels above which an image is refused: a file of kilobytes can claim billions of pixels. */
export const LARGEST_IMAGE = 100_000_000;

/** Planar bytes [channels, size, size] with the size that the image had before. */
export interface Resized {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Whether any pixel was laid over the background because it is not opaque. */
  readonly transparent: boolean;
}

/** Interleaved bytes as sharp returns them. */
interface Interleaved {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

const resizeModes = { crop: "cover", fit: "inside", stretch: "fill", pad: "inside" } as const;

/**
 * Decodes an image file (JPEG, PNG, WebP, GIF, TIFF, AVIF; of an animation the first frame) and turns it into a square.
 * Orientation follows EXIF, colours are converted to sRGB (or to luminance for one channel), 16 bits to 8 (value / 256),
 * transparency is laid over the background.
 *
 * @throws an Error with libvips' reason when the file is damaged, cut short or larger than 100 megapixels, and when its
 * values have no white that is known: see {@link refuseUnscaled}.
 */
export async function resizeFile(bytes: Uint8Array, target: Target): Promise<Resized> {
  const image = sharp(bytes, { failOn: "error", limitInputPixels: LARGEST_IMAGE });
  const metadata = await image.metadata();
  const { width, height, autoOrient } = metadata;
  await refuseUnscaled(bytes, metadata);
  const transparent = await isTransparent(bytes, metadata);
  const pixels = await convert(image.autoOrient(), target);
  return { pixels, width: autoOrient?.width ?? width, height: autoOrient?.height ?? height, transparent };
}

/** A 16-bit image with no larger value is taken for one of 12 bits or fewer: it would become 0 to 15 of 255. */
const LARGEST_OF_12_BITS = 4095;

/**
 * What white is: 255 of 8 bits, 65,535 of 16. Floats, and whole numbers of other sizes, have none that all tools agree
 * on, so libvips would make them black or white without a word.
 *
 * @throws an Error for such an image, and for one of 16 bits none of whose values exceeds 4,095.
 */
async function refuseUnscaled(bytes: Uint8Array, { depth, space, hasAlpha }: Metadata): Promise<void> {
  if (depth === "uchar") return;
  if (depth !== "ushort") {
    throw new Error(
      `its values are of type ${depth}, of which no value is known to be white; save it with 8 or 16 bits`,
    );
  }
  if (space !== "grey16" && space !== "rgb16") return;
  const { channels } = await sharp(bytes, { limitInputPixels: LARGEST_IMAGE }).stats();
  const largest = Math.max(...(hasAlpha ? channels.slice(0, -1) : channels).map(({ max }) => max));
  if (largest === 0 || largest > LARGEST_OF_12_BITS) return;
  throw new Error(
    `the largest of its 16-bit values is ${largest} of 65535, so it would be almost black; scale its values (12 bits by 16)`,
  );
}

async function isTransparent(bytes: Uint8Array, { hasAlpha, depth }: Metadata): Promise<boolean> {
  if (!hasAlpha) return false;
  const image = sharp(bytes, { failOn: "error", limitInputPixels: LARGEST_IMAGE });
  if (depth !== "uchar") return !(await image.stats()).isOpaque;
  return (await image.extractChannel("alpha").raw().toBuffer()).some((alpha) => alpha < 255);
}

/** The form of planar images. */
interface Planar {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

/** Whether images of a form reach the target by copying pixels, without resampling and without mixing colours. */
export function isCopy({ channels, height, width }: Planar, target: Target): boolean {
  if (channels !== target.channels && channels !== 1) return false;
  if (height === target.size && width === target.size) return true;
  return target.fit === "pad" && height <= target.size && width <= target.size;
}

/** Turns planar bytes [channels, height, width] into a square. */
export async function resizePlanar(planar: Uint8Array, from: Planar, target: Target): Promise<Resized> {
  const { channels, height, width } = from;
  if (isCopy(from, target)) {
    const pixels = place({ data: interleave(planar, from), width, height, channels }, target);
    return { pixels, width, height, transparent: false };
  }
  const image = sharp(interleave(planar, from), { raw: { width, height, channels } });
  return { pixels: await convert(image, target), width, height, transparent: false };
}

async function convert(image: Sharp, target: Target): Promise<Uint8Array> {
  const { size, channels, fit, background: level } = target;
  const { data, info } = await image
    .flatten({ background: { r: level, g: level, b: level } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .resize(size, size, {
      fit: resizeModes[fit],
      position: "centre",
      kernel: "lanczos3",
      fastShrinkOnLoad: false,
      withoutEnlargement: fit === "pad",
    })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return place({ data, width: info.width, height: info.height, channels: info.channels }, target);
}

/**
 * Centres interleaved pixels on a canvas of the background and separates the channels; one gray channel fills three.
 */
function place(image: Interleaved, target: Target): Uint8Array {
  const { size, channels, background } = target;
  const { data, width, height } = image;
  if (width > size || height > size || (image.channels !== channels && image.channels !== 1)) {
    throw new UserError(
      `${width}x${height} pixels of ${image.channels} channels do not fit ${size}x${size} of ${channels}`,
    );
  }
  const pixels = new Uint8Array(channels * size * size);
  if (width < size || height < size) pixels.fill(background);
  const left = Math.floor((size - width) / 2);
  const top = Math.floor((size - height) / 2);
  for (let channel = 0; channel < channels; channel++) {
    const offset = image.channels === channels ? channel : 0;
    for (let y = 0; y < height; y++) {
      let from = y * width * image.channels + offset;
      let to = (channel * size + top + y) * size + left;
      for (let x = 0; x < width; x++, from += image.channels) pixels[to++] = data[from]!;
    }
  }
  return pixels;
}

function interleave(planar: Uint8Array, from: Planar): Uint8Array {
  if (from.channels === 1) return planar;
  const area = from.height * from.width;
  const data = new Uint8Array(planar.length);
  for (let channel = 0; channel < from.channels; channel++) {
    for (let i = 0; i < area; i++) data[i * from.channels + channel] = planar[channel * area + i]!;
  }
  return data;
}
