/**
 * Image sources: the origin of a dataset, before anything is decoded or resized.
 *
 * A source is opened in two steps. Its fingerprint is cheap (no decoding) and says whether a prepared pack still fits.
 * If none does, it is opened, which lists its files or loads its raw pixels.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { counted } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { findName } from "../base/find-name.ts";
import type { ImageSize } from "../base/image-size.ts";
import { firstTwice } from "../base/twice.ts";
import { type LmdbPlace, quoted } from "../formats/index.ts";
import type { RawConditions } from "./conditions.ts";
import type { Fit } from "./options.ts";

/** An image as a file of its own. */
export interface FileItem {
  readonly kind: "file";
  readonly path: string;
}

/** An image as an entry of a zip archive: where its local header starts and what the directory promises. */
export interface ZipItem {
  readonly kind: "zip";
  readonly archive: string;
  readonly offset: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly method: number;
  readonly crc32: number;
}

/** An image as a value of an LMDB database: where it lies, see {@link ../formats/lmdb.ts}. */
export interface LmdbItem extends Pick<LmdbPlace, "offset" | "size" | "page"> {
  readonly kind: "lmdb";
  readonly path: string;
}

/** An image as a stretch of a larger file, such as a member of a tar archive. */
export interface StretchItem {
  readonly kind: "stretch";
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** An image file in memory: what a container that is read from its beginning hands on. */
export interface BytesItem {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
}

/** An image as a member of a compressed archive, which is read from its beginning. */
export interface PackedItem {
  readonly kind: "packed";
  readonly archive: string;
  /** Its place in the archive. */
  readonly number: number;
  readonly size: number;
}

/** One encoded image, in any place that can be reached by itself. */
export type EncodedItem = FileItem | ZipItem | LmdbItem | StretchItem | BytesItem;

/** Images that still have to be decoded, in the order of the source. */
export interface EncodedImages {
  readonly form: "encoded";
  /** A function, because a list of millions of objects would take too much memory. */
  readonly items: readonly EncodedItem[] | ((index: number) => EncodedItem);
}

/** Images of one size as planar bytes [channels, height, width], `stride` bytes apart, the first at `start`. */
export interface RawImages {
  readonly form: "raw";
  /** The bytes, or the path of a file of which each image is read when its turn comes. */
  readonly pixels: Uint8Array | string;
  readonly start: number;
  readonly stride: number;
  readonly channels: 1 | 3 | 4;
  readonly height: number;
  readonly width: number;
  /**
   * Whether each plane is stored column by column, [channels, width, height], as MATLAB writes it. Default: row by row.
   */
  readonly columns?: boolean;
  /** Whether the channels of a pixel follow each other, [height, width, channels]. Default: each is a plane. */
  readonly interleaved?: boolean;
  /**
   * Which stored plane each plane of an image is, `channels` numbers per image: planes of height x width, `stride`
   * bytes apart, may then stand in many images. Default: the planes of image i follow each other, from i x stride on.
   */
  readonly planes?: Uint32Array;
}

/**
 * Images of a container that is read in its own order, such as a compressed one: piece by piece in this process, while
 * worker threads decode what was read before.
 */
export interface StreamedImages {
  readonly form: "streamed";
  /** The form of planar bytes [channels, height, width]; undefined where each image is a file. */
  readonly planar?: Pick<RawImages, "channels" | "height" | "width"> | undefined;
  /**
   * The bytes of images by their numbers, which ascend, in turn.
   * @throws UserError where the container is damaged.
   */
  read(indices: Uint32Array): AsyncIterable<Uint8Array>;
}

/** A file that could not be used, and why. */
export interface BrokenFile {
  readonly file: string;
  readonly reason: string;
}

/** A class none of whose files can be used, and one of these. */
export interface LostClass extends BrokenFile {
  readonly name: string;
}

/** A label file that was read. */
export interface LabelTable {
  /** Its path in the folder or archive, or its name. */
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Images that have no row and are left out. */
  readonly withoutRow: number;
  /** Rows whose image is not there. */
  readonly withoutImage: number;
  /** What was read of it, in words. */
  readonly note: string;
}

/** A source whose contents are known. */
export interface OpenSource {
  readonly images: EncodedImages | RawImages | StreamedImages;
  /** A name for each item, for reports. */
  readonly names: readonly string[] | ((index: number) => string);
  /** A label for each item: an index into `classes`, or 0 where there are no classes. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** The items in the order in which `first` counts them, where the source has another one. */
  readonly turns?: Uint32Array | undefined;
  /** Several numbers for each item, in place of classes. Default: none. */
  readonly conditions?: RawConditions | undefined;
  /** The label file, where one was read. */
  readonly table?: LabelTable | undefined;
  /** A file that may hold labels and was not read. */
  readonly unreadTable?: string | undefined;
  /** What a user should know of the files, in words. Default: nothing. */
  readonly remarks?: readonly string[];
  /** Files that are unusable, as the listing already shows. Default: none. */
  readonly broken?: readonly BrokenFile[];
  /** Files that are not images, by ending. Default: none. */
  readonly ignored?: Readonly<Record<string, number>>;
  /** How many files there are, of a folder or archive: those that are used and all others. */
  readonly total?: number;
  /** Whether the note says what was found at a path that is no folder of images: users are told. Default false. */
  readonly isContainer?: boolean;
  /** Classes that have lost all their files. Default: none. */
  readonly lost?: readonly LostClass[];
  /** Provenance, in one sentence: which files, which split, whether they are the official ones. */
  readonly note: string;
}

/** Where images come from. */
export interface ImageSource {
  /** Name for people, such as "mnist (train)". */
  readonly name: string;
  /** Changes whenever the contents do. */
  readonly fingerprint: string;
  /** What of the files the fingerprint covers, in words. Default: every byte. */
  readonly hashed?: string;
  /** How images get a size when the options do not say; default `crop`. */
  readonly defaultFit?: (size: ImageSize) => Fit;
  open(): Promise<OpenSource>;
}

/**
 * The SHA-256 of a file, read in pieces.
 * @throws UserError when it cannot be read.
 */
export function sha256OfFile(path: string): Promise<string> {
  return sumOfFile("sha256", path);
}

/**
 * The sum of a file by an algorithm of OpenSSL's, in hexadecimal.
 * @throws UserError when it cannot be read.
 */
export async function sumOfFile(algorithm: "sha256" | "md5", path: string): Promise<string> {
  const hash = createHash(algorithm);
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  } catch (error) {
    throw fileError(error, "read", path);
  }
  return hash.digest("hex");
}

/** The SHA-256 of bytes or text in memory. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The note of a split of published files: how many images, and whether the files are the official ones. */
export function splitNote(name: string, split: string, count: number, isOfficial: boolean): string {
  return `${name}, ${split} split, ${counted(count, "image")}, ${isOfficial ? "the official files" : "NOT the official files, with the official names of the classes"}`;
}

/** Places in lists of the given lengths, one of each list in turn: so the first of them hold every class. */
export function* takeTurns(lengths: readonly number[]): Generator<[list: number, index: number]> {
  let open = Array.from(lengths.keys());
  for (let index = 0; open.length > 0; index++) {
    open = open.filter((list) => index < lengths[list]!);
    for (const list of open) yield [list, index];
  }
}

/** Names that are listed one by one before "and N more". */
const MOST_LISTED = 200;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  // As an option takes them.
  const shown = names.slice(0, MOST_LISTED).map((name) => (name.includes(",") ? JSON.stringify(name) : name));
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Which items of a source are wanted, with labels renumbered to the wanted classes. */
export interface Selection {
  readonly indices: Uint32Array;
  readonly labels: Uint32Array;
  readonly classes: readonly string[];
}

/**
 * Picks classes and a number of items; what is picked is in the order of the source.
 *
 * @param classes names of the wanted classes; they are numbered 0, 1, ... in this order. Default: all, as in the source
 * @param first how many of the remaining items to take. Default: all
 *
 * @throws UserError when two classes of the source have one name, a class is unknown or named twice, or nothing is left.
 */
export function select(source: OpenSource, name: string, classes?: readonly string[], first?: number): Selection {
  const twice = firstTwice(source.classes);
  if (twice !== undefined) {
    throw new UserError(`${name} has two classes called ${quoted(twice)}; each class needs a name of its own`);
  }
  const wanted = classes ?? source.classes;
  const renumber = new Map<number, number>();
  const numbers = new Map(source.classes.map((className, index) => [className, index]));
  for (const [position, className] of (classes ?? []).entries()) {
    const index = numbers.get(className) ?? findName(className, source.classes);
    if (index === undefined) {
      const known = source.classes.length > 0 ? `its classes: ${listed(source.classes)}` : "it has no classes";
      throw new UserError(`\`classes\` names \`${className}\`, which ${name} does not have; ${known}`);
    }
    if (renumber.has(index)) throw new UserError(`\`classes\` names \`${className}\` twice`);
    renumber.set(index, position);
  }
  const count = source.labels.length;
  const limit = first ?? count;
  const numberOf = (i: number): number | undefined =>
    classes === undefined ? source.labels[i]! : renumber.get(source.labels[i]!);
  const indices: number[] = [];
  for (let turn = 0; turn < count && indices.length < limit; turn++) {
    const i = source.turns?.[turn] ?? turn;
    if (numberOf(i) !== undefined) indices.push(i);
  }
  if (source.turns !== undefined) indices.sort((a, b) => a - b);
  if (indices.length === 0) throw new UserError(`${name} holds no image${classes ? ` of ${classes.join(", ")}` : ""}`);
  return {
    indices: Uint32Array.from(indices),
    labels: Uint32Array.from(indices, (i) => numberOf(i)!),
    classes: [...wanted],
  };
}
