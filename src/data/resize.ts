/**
 * One image to bytes of the wanted size: decoding, orientation, colour, transparency, scaling, placing.
 *
 * Images of 16 bits and of floats become bytes first, see {@link ./deep-image.ts}; all that follows is done with bytes.
 *
 * Scaling: reduction with a Lanczos kernel (a = 3) stretched by the factor of reduction, so that it low-passes before
 * it samples (libvips first averages whole blocks, as long as twice the wanted size remains); enlargement by cubic
 * convolution, see {@link ./enlarge.ts}. A resizer without a low-pass aliases, and Parmar et al., "On Aliased Resizing and Surprising
 * Subtleties in GAN Evaluation" (2022), show that this alone moves FID by several points. JPEG and WebP may be reduced
 * by whole factors while they are decoded, but never to less than twice the wanted size. The same version of sharp and
 * libvips gives the same bytes; the versions are part of a pack's key.
 */
import sharp, { type Metadata, type Sharp } from "sharp";
import { UserError } from "../base/errors.ts";
import { areaOf, sidesOf, sizeText } from "../base/image-size.ts";
import { requirePlausible } from "../formats/index.ts";
import { bytesOfDeep, isDeep } from "./deep-image.ts";
import { enlarge, type Pixels } from "./enlarge.ts";
import { leavesCanvasFree } from "./gif-canvas.ts";
import { formatOf, requireImage } from "./image-format.ts";
import type { Background, Target } from "./options.ts";
import { profiledPng } from "./profiled-png.ts";
import { refuseUnknownColour } from "./tiff-colour.ts";

/** The version of the resizing in a pack. A different value makes a different pack. */
export const resizer = `lanczos3 down, bicubic up; sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;

/** Number of pixels above which an image is refused: a file of kilobytes can claim billions of pixels. */
export const LARGEST_IMAGE = 100_000_000;

const OPTIONS = { failOn: "error", limitInputPixels: LARGEST_IMAGE } as const;

/** Seconds for one image: 100 megapixels take two or three. */
const LONGEST_DECODING = 30;

/** Planar bytes [channels, height, width] of the target with the size that the image had before. */
export interface Resized {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Whether any pixel is not opaque. It is laid over the background where the target has no alpha. */
  readonly transparent: boolean;
  /** The highest level of its colours or gray, whatever is behind it. */
  readonly most: number;
}

const resizeModes = { crop: "cover", fit: "inside", stretch: "fill", pad: "inside" } as const;

/**
 * Decodes an image file (JPEG, PNG, WebP, GIF, TIFF, AVIF; of an animation the first frame) and gives it the target's form.
 * Orientation follows EXIF, colours are converted to sRGB (or to luminance for one channel). Transparency is laid over the
 * background; with four channels it stays, and what cannot be seen at all gets the background's colour.
 *
 * @throws an Error with libvips' reason when the file is damaged, cut short or larger than 100 megapixels, when it has too few
 * bytes for its pixels, and when its values have no white that is known: see {@link bytesOfDeep}.
 */
export async function resizeFile(bytes: Uint8Array, target: Target): Promise<Resized> {
  requireImage(bytes);
  if (formatOf(bytes) === "TIFF") refuseUnknownColour(bytes);
  const image = sharp(bytes, OPTIONS).timeout({ seconds: LONGEST_DECODING });
  const metadata = await image.metadata().catch((error: Error) => {
    // libvips' words for a TIFF of more than 32 bits a value, which is not damaged.
    if (!error.message.includes("tiff2vips: samples out of range")) throw error;
    throw new Error(
      "its values have more than 32 bits, which are not read; save it with floats of 32 bits, or with 8 or 16 bits",
    );
  });
  const { width, height, pages = 1 } = metadata;
  // With transparent pixels libvips leaves the rest transparent, as browsers do.
  if (formatOf(bytes) === "GIF" && !metadata.hasAlpha && leavesCanvasFree(bytes)) {
    throw new Error(
      "its first picture does not cover the GIF's canvas, and programs differ in what is around it; save it as PNG",
    );
  }
  if (formatOf(bytes) === "TIFF" && pages > 1) {
    throw new Error(
      `it is a TIFF of ${pages} pages, and any of them may be the one that is meant; save that one as a file of its own`,
    );
  }
  requirePlausible("it", width * height * metadata.channels * bytesOfDepth(metadata.depth), bytes.byteLength);
  return width * height > LARGE
    ? alone(() => scaled(image, metadata, bytes, target))
    : scaled(image, metadata, bytes, target);
}

/** Larger images are decoded one after the other within a thread: one of them takes half a gigabyte. */
const LARGE = 2 ** 24;

let last: Promise<unknown> = Promise.resolve();

function alone<T>(decode: () => Promise<T>): Promise<T> {
  const result = last.then(decode);
  last = result.catch(() => undefined);
  return result;
}

/** Bytes of one value, by libvips' name of its type. */
const bytesOfDepth = (depth: string): number => ({ uchar: 1, char: 1, ushort: 2, short: 2, double: 8 })[depth] ?? 4;

async function scaled(image: Sharp, metadata: Metadata, bytes: Uint8Array, target: Target): Promise<Resized> {
  const { width, height, autoOrient } = metadata;
  const upright = { width: autoOrient?.width ?? width, height: autoOrient?.height ?? height };
  if (isDeep(metadata)) {
    const { icc } = metadata;
    const deep = icc === undefined ? image : sharp(bytes, { ...OPTIONS, ignoreIcc: true });
    const { data, info } = await bytesOfDeep(deep.timeout({ seconds: LONGEST_DECODING }).autoOrient(), metadata);
    const transparent =
      metadata.hasAlpha === true && data.some((value, i) => i % info.channels === info.channels - 1 && value < 255);
    const image8 = icc === undefined ? sharp(data, { raw: info }) : sharp(profiledPng({ data, info }, icc), OPTIONS);
    const given = await inColour(image8, info.channels, target);
    return { ...(await convert(given, upright, target)), ...upright, transparent };
  }
  const transparent = await isTransparent(bytes, metadata);
  const given = await inColour(image.autoOrient(), metadata.channels, target);
  return { ...(await convert(given, upright, target)), ...upright, transparent };
}

async function isTransparent(bytes: Uint8Array, { hasAlpha }: Metadata): Promise<boolean> {
  if (!hasAlpha) return false;
  const image = sharp(bytes, OPTIONS);
  return (await image.extractChannel("alpha").raw().toBuffer()).some((alpha) => alpha < 255);
}

/** The form of planar images. */
interface Planar {
  readonly channels: 1 | 3 | 4;
  readonly height: number;
  readonly width: number;
}

/** Whether images of a form reach the target by copying pixels, without resampling and without mixing colours. */
export function isCopy({ channels, height, width }: Planar, { size, channels: wanted, fit }: Target): boolean {
  if (channels !== wanted && !(channels === 1 && wanted === 3)) return false;
  const to = sidesOf(size);
  if (height === to.height && width === to.width) return true;
  return fit === "pad" && height <= to.height && width <= to.width;
}

/** Gives planar bytes [channels, height, width] the form of the target. */
export async function resizePlanar(planar: Uint8Array, from: Planar, target: Target): Promise<Resized> {
  const { channels, height, width } = from;
  const transparent = channels === 4 && planar.subarray(3 * height * width).some((alpha) => alpha < 255);
  if (isCopy(from, target)) {
    return {
      ...place({ data: interleave(planar, from), width, height, channels }, target),
      width,
      height,
      transparent,
    };
  }
  const image = sharp(interleave(planar, from), { raw: { width, height, channels } });
  return { ...(await convert(image, from, target)), width, height, transparent };
}

/** Red, green and blue of a background. */
const coloursOf = (given: Background): readonly [number, number, number] =>
  typeof given === "number" ? [given, given, given] : given;

/** Gray with alpha gets red, green and blue where it is laid over a colour: libvips would take the colour's red for its gray. */
async function inColour(image: Sharp, given: number, { background, channels }: Target): Promise<Sharp> {
  if (given !== 2 || channels !== 3 || typeof background === "number") return image;
  const { data, info } = await image
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: info });
}

/** Pixels in their place, and the highest level among them. */
type Placed = Pick<Resized, "pixels" | "most">;

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** The size of an image after scaling, before what is too much is cut off and what is missing is filled. */
function scaledSides({ width, height }: Sides, { size, fit }: Target): Sides {
  const wanted = sidesOf(size);
  if (fit === "stretch") return wanted;
  const factors = [wanted.width / width, wanted.height / height] as const;
  const factor = fit === "crop" ? Math.max(...factors) : Math.min(...factors, ...(fit === "pad" ? [1] : []));
  const scaled = (side: number) => Math.max(1, Math.round(factor * side));
  return { width: scaled(width), height: scaled(height) };
}

/** @param from - The size of the image. */
async function convert(image: Sharp, from: Sides, target: Target): Promise<Placed> {
  const { channels, fit, background } = target;
  const [r, g, b] = coloursOf(background);
  const laid = channels === 4 ? image.ensureAlpha() : image.flatten({ background: { r, g, b } });
  const coloured = laid.toColourspace(channels === 1 ? "b-w" : "srgb");
  const reduced = (to: Sides, how: keyof typeof resizeModes): Sharp =>
    coloured.resize(to.width, to.height, {
      fit: resizeModes[how],
      position: "centre",
      kernel: "lanczos3",
      fastShrinkOnLoad: false,
      withoutEnlargement: how === "pad",
    });
  const pixelsOf = async (made: Sharp): Promise<Pixels> => {
    const { data, info } = await made.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  };
  const to = scaledSides(from, target);
  if (to.width <= from.width && to.height <= from.height) {
    return place(await pixelsOf(reduced(sidesOf(target.size), fit)), target);
  }
  const least = { width: Math.min(from.width, to.width), height: Math.min(from.height, to.height) };
  const isReduced = least.width < from.width || least.height < from.height;
  const given = await pixelsOf(isReduced ? reduced(least, "stretch") : coloured);
  const placed = place(middleOf(enlarge(given, to), sidesOf(target.size)), target);
  return { ...placed, most: Math.max(placed.most, highestOf(given)) };
}

/** The highest level of an image's colours or gray. Between pixels, where an enlarged image has its own, levels may be lower. */
function highestOf({ data, channels }: Pixels): number {
  let most = 0;
  for (const [i, level] of data.entries()) if ((channels < 4 || i % 4 < 3) && level > most) most = level;
  return most;
}

/** The middle of an image that is too wide or too high. */
function middleOf(image: Pixels, wanted: Sides): Pixels {
  const { data, width, height, channels } = image;
  const to = { width: Math.min(width, wanted.width), height: Math.min(height, wanted.height) };
  if (to.width === width && to.height === height) return image;
  const left = Math.floor((width - to.width) / 2);
  const top = Math.floor((height - to.height) / 2);
  const out = new Uint8Array(to.width * to.height * channels);
  for (let y = 0; y < to.height; y++) {
    const first = ((top + y) * width + left) * channels;
    out.set(data.subarray(first, first + to.width * channels), y * to.width * channels);
  }
  return { data: out, ...to, channels };
}

/**
 * Centres interleaved pixels on a canvas of the background and separates the channels; one gray channel fills three.
 */
function place(image: Pixels, target: Target): Placed {
  const { size, channels } = target;
  const { data, width, height } = image;
  const to = sidesOf(size);
  if (width > to.width || height > to.height || (image.channels !== channels && image.channels !== 1)) {
    throw new UserError(
      `${height}x${width} pixels of ${image.channels} channels do not fit ${sizeText(size)} of ${channels}`,
    );
  }
  const area = areaOf(size);
  const pixels = new Uint8Array(channels * area);
  const behind = coloursOf(target.background);
  if (width < to.width || height < to.height) {
    for (let channel = 0; channel < Math.min(channels, 3); channel++) {
      pixels.fill(behind[channel]!, channel * area, (channel + 1) * area);
    }
  }
  const left = Math.floor((to.width - width) / 2);
  const top = Math.floor((to.height - height) / 2);
  let most = 0;
  for (let channel = 0; channel < channels; channel++) {
    const offset = image.channels === channels ? channel : 0;
    // The fourth is alpha.
    const isLevel = channel < 3;
    for (let y = 0; y < height; y++) {
      let from = y * width * image.channels + offset;
      let at = channel * area + (top + y) * to.width + left;
      for (let x = 0; x < width; x++, from += image.channels) {
        const level = data[from]!;
        pixels[at++] = level;
        if (isLevel && level > most) most = level;
      }
    }
  }
  if (channels === 4) coverUnseen(pixels, area, behind);
  return { pixels, most };
}

/** Gives the pixels of alpha 0 one colour: what is stored there is left over, and no two tools store the same. */
function coverUnseen(pixels: Uint8Array, area: number, behind: readonly [number, number, number]): void {
  for (let i = 0; i < area; i++) {
    if (pixels[3 * area + i] !== 0) continue;
    for (const [channel, level] of behind.entries()) pixels[channel * area + i] = level;
  }
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
