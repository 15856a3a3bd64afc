/**
 * Which files are images, by their names or first bytes, and what is said of those whose format is not read.
 *
 * What is read is what sharp's libvips reads. Pictures in other formats count as images all the same: a folder of them is
 * a class that cannot be used, not a class that is not there.
 */
import { extname } from "node:path";
import { rareCompression } from "./tiff-colour.ts";

/** File name endings of the formats that are read, in any case. */
export const imageExtensions = [
  ".jpg",
  ".jpeg",
  ".jpe",
  ".jfif",
  ".png",
  ".apng",
  ".webp",
  ".gif",
  ".tif",
  ".tiff",
  ".avif",
] as const;

/** Endings of pictures whose format is not read. */
const otherPictures: ReadonlySet<string> = new Set([
  ...[".bmp", ".dib", ".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".tga", ".heic", ".heif", ".hif", ".jxl", ".jp2", ".j2k"],
  ...[".psd", ".xcf", ".exr", ".hdr", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"],
]);

/** The ending of a file's name, in lower case; "" for none. */
export const endingOf = (path: string): string => extname(path).toLowerCase();

/** Whether a file is a picture by its ending; undefined where it has none, and its first bytes say it. */
export function namedLikeImage(path: string): boolean | undefined {
  const ending = endingOf(path);
  if (ending === "") return undefined;
  return (imageExtensions as readonly string[]).includes(ending) || otherPictures.has(ending);
}

/** Bytes at the start of a file that {@link formatOf} looks at. */
export const MAGIC_LENGTH = 16;

/** Formats by their first bytes, in hexadecimal: the signatures of their specifications. */
const signatures: readonly (readonly [format: string, pattern: RegExp])[] = [
  ["JPEG", /^ffd8ff/],
  ["PNG", /^89504e470d0a1a0a/],
  ["GIF", /^474946383[79]61/],
  ["WebP", /^52494646.{8}57454250/],
  ["TIFF", /^(4949(2a|2b)00|4d4d00(2a|2b))/],
  // "ftyp" and the brand: avif, avis.
  ["AVIF", /^.{8}66747970617669(66|73)/],
  // heic, heix, heim, heis, hevc and the like, mif1, msf1.
  ["HEIC", /^.{8}66747970(6865(69|76)(63|6d|73|78)|6d696631|6d736631)/],
  // Four bytes of size, then four that are zero.
  ["BMP", /^424d.{8}00000000/],
  ["PPM or PGM", /^503[1-7](09|0a|0d|20|23)/],
  ["JPEG XL", /^(ff0a|0000000c4a584c20)/],
  ["JPEG 2000", /^0000000c6a502020/],
  ["Photoshop's format", /^38425053/],
  ["GIMP's format", /^67696d7020786366/],
  ["OpenEXR", /^762f3101/],
];

/** The image format of a file, by its first bytes; undefined when they are of none. */
export function formatOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, MAGIC_LENGTH)).toString("hex");
  return signatures.find(([, pattern]) => pattern.test(head))?.[0];
}

/**
 * Refuses bytes that do not begin as a format that is read, whatever the file's name says. libvips would draw SVG too:
 * one of two kilobytes can keep it busy for minutes, and may name other files.
 *
 * @throws an Error with the reason.
 */
export function requireImage(bytes: Uint8Array): void {
  const reason = foreignFormat(bytes);
  if (reason !== undefined) throw new Error(reason);
  if (formatOf(bytes) === undefined) throw new Error(`no image of a format that is read (${[...read].join(", ")})`);
}

const read: ReadonlySet<string> = new Set(["JPEG", "PNG", "GIF", "WebP", "TIFF", "AVIF"]);

/** What a decoder says that cannot read a form of a format. */
const CANNOT = /not configured|not implemented|not supported|unsupported/i;

/** Why the decoder refused a form of a format that is read otherwise; undefined where its own words say it. */
export function unreadForm(bytes: Uint8Array, error: unknown): string | undefined {
  if (!(error instanceof Error) || !CANNOT.test(error.message)) return undefined;
  const format = formatOf(bytes);
  if (format === "AVIF") {
    const brand = Buffer.from(bytes.subarray(8, 12)).toString("latin1");
    return brand === "avis" ? "an animated AVIF, which is not read; save its first picture as PNG" : undefined;
  }
  if (format === "JPEG" && /precision 1[26]/.test(error.message)) {
    return "its values have more than 8 bits, which are not read of JPEG; save it as a PNG of 16 bits";
  }
  const compression = format === "TIFF" ? rareCompression(bytes) : undefined;
  return compression && `its compression (${compression}) is not read; save it with LZW or Deflate, or as PNG`;
}

/** Why a file cannot be an image that is read, by its first bytes; undefined when it may be one. */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  const format = formatOf(bytes);
  if (format !== undefined) return read.has(format) ? undefined : `${format} is not read; convert it to PNG`;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 40)).toString("latin1");
  if (text.startsWith("version https://git-lfs")) return "a pointer of Git LFS, not the image; run `git lfs pull`";
  if (text.startsWith("/annex/objects/") || text.includes(".git/annex/objects")) {
    return "a pointer of git-annex, not the image; run `git annex get`";
  }
  return undefined;
}
