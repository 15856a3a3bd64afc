/** Sources from listed files of a folder or of a zip, tar or tar.gz archive, with any labels. */
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { counted, noneOf } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { membersOfTarGz, type PackedMember } from "../formats/index.ts";
import { type RawConditions, rowsOf } from "./conditions.ts";
import { type Contents, type ContentsOptions, contentsOf, readContents } from "./contents.ts";
import { imageExtensions } from "./image-format.ts";
import type { Listed, Listing } from "./listing.ts";
import {
  type BrokenFile,
  type EncodedItem,
  type ImageSource,
  type LabelTable,
  type LostClass,
  type StreamedImages,
  sha256,
} from "./source.ts";

/** Listed files with their labels. */
export interface LabelledFiles {
  /** Name for people, such as "celeba (train)". */
  readonly name: string;
  readonly files: readonly Listed[];
  /** A label per file; 0 where there are no classes. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** Several numbers for each file, in place of classes. */
  readonly conditions?: RawConditions | undefined;
  /** The label file, and one that was not read. */
  readonly table?: LabelTable | undefined;
  readonly unreadTable?: string | undefined;
  /** What a user should know of them, in words. */
  readonly remarks?: readonly string[];
  readonly broken: readonly BrokenFile[];
  readonly ignored: Readonly<Record<string, number>>;
  /** How many files there are: used, broken, no images, or of another split. */
  readonly total: number;
  /** Classes that have lost all their files, each with one of them. */
  readonly lost?: readonly LostClass[];
  /** The number of images of the published set, if it is one. */
  readonly published?: number;
}

/** The source of listed files. Those that cannot be read are left out and listed as broken. */
export async function listedSource(given: LabelledFiles, options: ContentsOptions = {}): Promise<ImageSource> {
  const { hash, hashed, unreadable } = await contentsOfFiles(given.files, options);
  const readable = unreadable.size > 0 ? without(given, unreadable) : given;
  const order = orderOfArchive(readable);
  const labelled = order === undefined ? readable : chosen(readable, order);
  const { name, files, labels, classes, broken, ignored, total, lost = [], remarks = [] } = labelled;
  const { conditions, table, unreadTable } = labelled;
  // Nothing is added where there is none of it: packs that are there already keep their names.
  const told = [
    ...(conditions ? [conditions.names, sha256(bytesOf(conditions.values))] : []),
    ...(table ? [table] : []),
    ...remarks,
  ];
  return {
    name,
    // Includes all that the pack holds besides pixels: skipped files, and labels from a table.
    fingerprint: sha256(
      JSON.stringify([name, hash, namesOf(files), broken, ignored, Array.from(labels), classes, lost, ...told]),
    ),
    hashed,
    open: async () => ({
      images: packedImages(files, options.stop) ?? {
        form: "encoded",
        items: (index) => files[index]!.item as EncodedItem,
      },
      names: (index) => files[index]!.path,
      labels,
      classes,
      turns: order === undefined ? undefined : placesIn(order),
      conditions,
      table,
      unreadTable,
      remarks,
      broken,
      ignored,
      total,
      lost,
      note: noteOf(labelled),
    }),
  };
}

function contentsOfFiles(files: readonly Listed[], options: ContentsOptions): Promise<Contents> | Contents {
  const states = files.flatMap(({ state }) => state ?? []);
  if (states.length > 0) return contentsOf(states, options);
  const tars = new Set(
    files.flatMap(({ item }) => (item.kind === "stretch" ? [item.path] : item.kind === "packed" ? [item.archive] : [])),
  );
  // A zip archive has the sums of its entries in its directory; a tar archive has none.
  return tars.size > 0 ? readContents([...tars], options) : directoryOf(files);
}

/** The contents of an archive's entries, as its directory states them. */
function directoryOf(files: readonly Listed[]): Contents {
  const hash = createHash("sha256");
  for (const { item } of files) if (item.kind === "zip") hash.update(`${item.size} ${item.crc32}\n`);
  return {
    hash: hash.digest("hex"),
    hashed: `size and CRC-32 of ${counted(files.length, "entry", "entries")}`,
    unreadable: new Map(),
  };
}

/** A text that changes whenever an image is added, removed or renamed. */
function namesOf(files: readonly Listed[]): string {
  // Piece by piece: of a million files the text would take a hundred megabytes.
  const hash = createHash("sha256");
  for (const { path } of files) hash.update(`${path}\0`);
  return hash.digest("hex");
}

/** Only the files at some positions, in their order. */
function chosen(labelled: LabelledFiles, kept: readonly number[]): LabelledFiles {
  const { files, labels, conditions } = labelled;
  return {
    ...labelled,
    files: kept.map((position) => files[position]!),
    labels: kept.map((position) => labels[position]!),
    ...(conditions === undefined ? {} : { conditions: rowsOf(conditions, kept) }),
  };
}

const placeOf = ({ item }: Listed): number => (item.kind === "packed" ? item.number : 0);

/** The positions of a compressed archive's members in its order, as they can be read only so; undefined of other files. */
function orderOfArchive({ files }: LabelledFiles): number[] | undefined {
  if (files[0]?.item.kind !== "packed") return undefined;
  return [...files.keys()].sort((a, b) => placeOf(files[a]!) - placeOf(files[b]!));
}

/** Where each position stands in an order. */
function placesIn(order: readonly number[]): Uint32Array {
  const places = new Uint32Array(order.length);
  for (const [place, position] of order.entries()) places[position] = place;
  return places;
}

/** The images of a compressed archive, each inflated when its turn comes; undefined of other files. */
function packedImages(files: readonly Listed[], stop: AbortSignal | undefined): StreamedImages | undefined {
  const item = files[0]?.item;
  if (item?.kind !== "packed") return undefined;
  const { archive } = item;
  return {
    form: "streamed",
    async *read(indices) {
      const numbers = Array.from(indices, (index) => placeOf(files[index]!));
      let [asked, given] = [0, 0];
      const wanted = ({ number, size }: Pick<PackedMember, "number" | "size">): number => {
        if (number !== numbers[asked]) return 0;
        asked++;
        return size;
      };
      for await (const { number, bytes } of membersOfTarGz(archive, wanted, stop)) {
        if (number !== numbers[given]) continue;
        yield bytes;
        if (++given === numbers.length) return;
      }
      if (given < numbers.length) throw new UserError(`${archive}: it was changed while it was read`);
    },
  };
}

function without(labelled: LabelledFiles, unreadable: ReadonlyMap<number, string>): LabelledFiles {
  const { files, broken } = labelled;
  const kept = Array.from(files.keys()).filter((position) => !unreadable.has(position));
  const lost = Array.from(unreadable, ([position, code]) => {
    return { file: files[position]!.path, reason: `cannot be read (${code})` };
  });
  return { ...chosen(labelled, kept), broken: [...broken, ...lost] };
}

/** @throws UserError when a listing has no image that could be read. */
export function refuseEmpty(path: string, { files, broken, ignored }: Listing): void {
  if (files.length > 0) return;
  const [first] = broken;
  if (first !== undefined) {
    throw new UserError(`${path}: ${noneOf(broken.length, "image")} be read; ${first.file}: ${first.reason}`);
  }
  const found = Object.entries(ignored).map(([extension, count]) => `${count} ${extension}`);
  const instead = found.length > 0 ? ` (found: ${found.join(", ")})` : "";
  throw new UserError(
    `${path}: no image files${instead}; accepted endings: ${imageExtensions.join(" ")}${otherData(path, ignored)}`,
  );
}

/** Endings of files that are data by themselves. */
const containerEndings = [".npz", ".zip", ".tgz", ".gz", ".h5", ".hdf5"];

/** What to do with a folder that holds data, not images. */
function otherData(path: string, ignored: Listing["ignored"]): string {
  const names = statSync(path).isDirectory() ? readdirSync(path) : [];
  if (names.some((name) => /idx\d-ubyte/i.test(name))) {
    return (
      "; IDX files are called train-images-idx3-ubyte and train-labels-idx1-ubyte, those of the test split t10k-images-idx3-ubyte and " +
      "t10k-labels-idx1-ubyte, also with .gz: rename them"
    );
  }
  if (ignored[".npy"] !== undefined) {
    return (
      "; arrays lie in one folder, such as train_images.npy, train_labels.npy and test_images.npy; those of one image each are stacked " +
      "to one array first (numpy.stack)"
    );
  }
  const ending = containerEndings.find((one) => ignored[one] !== undefined);
  return ending === undefined ? "" : `; one ${ending} file is a dataset of its own: give its path`;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function noteOf({ name, files, published, table }: LabelledFiles): string {
  const whole = published === undefined || published === files.length ? "" : ` (the published set has ${published})`;
  return `${counted(files.length, "image file")} from ${name}${whole}${table === undefined ? "" : `, ${table.note}`}`;
}
