/**
 * Listing the image files of a folder or of a zip, tar or tar.gz archive, without decoding any.
 *
 * Archives are not unpacked: entries are read in place, so a path such as `../../x` is harmless. The archive library
 * refuses it as well. Sizes that an archive claims are checked before memory is allocated for them.
 */
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { open, readdir, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import yauzl from "yauzl";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { firstTwice } from "../base/twice.ts";
import {
  firstNameInTarGz,
  membersOfTarGz,
  type PackedMember,
  quoted,
  readTar,
  startsLikeTar,
  zipName,
} from "../formats/index.ts";
import type { FileState } from "./contents.ts";
import { endingOf, formatOf, MAGIC_LENGTH, namedLikeImage } from "./image-format.ts";
import { ItemReader, LARGEST_FILE } from "./item-reader.ts";
import { namedLikeTable } from "./labels/endings.ts";
import type { BrokenFile, BytesItem, EncodedItem, FileItem, PackedItem, StretchItem } from "./source.ts";

/** One image: its path inside the folder or archive, with forward slashes, where its bytes are, and how a file was seen. */
export interface Listed {
  readonly path: string;
  readonly item: EncodedItem | PackedItem;
  /** Undefined of an archive's entry. */
  readonly state?: FileState;
}

/** A file that can be read by itself. */
export interface ListedTable extends Listed {
  readonly item: EncodedItem;
}

/** A file of a folder. There may be millions, so properties are computed from the path when they are read. */
class ListedFile implements Listed {
  readonly path: string;
  readonly #root: string;
  readonly #size: number;
  readonly #modified: number;
  readonly #changed: number;
  readonly #inode: number;
  readonly #device: number;
  readonly #seen: number;

  constructor(root: string, path: string, { size, mtimeMs, ctimeMs, ino, dev }: Stats, seen: number) {
    this.path = path;
    this.#root = root;
    this.#size = size;
    this.#modified = mtimeMs;
    this.#changed = ctimeMs;
    this.#inode = ino;
    this.#device = dev;
    this.#seen = seen;
  }

  get item(): FileItem {
    return { kind: "file", path: join(this.#root, this.path) };
  }

  get state(): FileState {
    return {
      path: join(this.#root, this.path),
      size: this.#size,
      modified: this.#modified,
      changed: this.#changed,
      inode: this.#inode,
      device: this.#device,
      seen: this.#seen,
    };
  }
}

/** The contents of a folder or archive. */
export interface Listing {
  readonly files: readonly Listed[];
  readonly broken: readonly BrokenFile[];
  /** Number of files that are not images, by ending. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Folders that hold files which are no images, or nothing. */
  readonly bare: ReadonlySet<string>;
  /** Files that may label the images: `dataset.json` at the top, or in a folder there. */
  readonly tables: readonly ListedTable[];
  /** Other files that may label the images if they are named as `labelFile`. They count as ignored. */
  readonly labelFiles: readonly ListedTable[];
  /** Images of a zip archive whose names may be wrong: which code page they are of is not known. */
  readonly guessedNames: readonly string[];
}

/** Files whose properties are read at once. One after the other, a folder of a million takes minutes. */
const AT_ONCE = 64;

/** A listing whose entries are still being gathered. */
interface Draft {
  readonly files: Listed[];
  readonly broken: BrokenFile[];
  readonly ignored: Record<string, number>;
  readonly bare: Set<string>;
  readonly tables: ListedTable[];
  readonly labelFiles: ListedTable[];
  readonly guessedNames: string[];
}

/** Orders paths by code units: the same on every machine and in every locale. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Lists a folder (with all sub-folders, following links) or a zip, tar or tar.gz archive, in the order of the paths.
 *
 * @param inside - only this sub-folder of a folder; paths stay those seen from the folder
 *
 * @throws UserError when the path does not exist, is neither, or the archive's directory is damaged, and the reason of
 * `stop` once that is raised.
 */
export async function listImages(path: string, inside = "", stop?: AbortSignal): Promise<Listing> {
  const draft: Draft = {
    files: [],
    broken: [],
    ignored: {},
    bare: new Set(),
    tables: [],
    labelFiles: [],
    guessedNames: [],
  };
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, "read", path);
  }
  if (isFolder) await listFolder(path, inside, draft, { open: new Set(), stop });
  else if (await startsLikeZip(path)) await listZip(path, draft);
  else if (startsLikeTar(await firstBytes(path, 512))) await listTar(path, draft);
  else if (isTarGz(path, await firstBytes(path, 4096))) await listTarGz(path, draft, stop);
  else throw new UserError(`${path}: ${await unknownFile(path)}`);
  for (const list of [draft.files, draft.tables, draft.labelFiles]) list.sort((a, b) => byCodeUnit(a.path, b.path));
  return draft;
}

/** Names that operating systems and storage devices use for files of their own: no images, and no classes. */
const litter: ReadonlySet<string> = new Set([
  "__macosx",
  "thumbs.db",
  "desktop.ini",
  "@eadir",
  "@recycle",
  "#recycle",
  "$recycle.bin",
  "lost+found",
  "system volume information",
]);

/** Whether a name is hidden (`.DS_Store`, `.Trash-1000`) or litter. */
export const isLitter = (name: string): boolean => name.startsWith(".") || litter.has(name.toLowerCase());

function ignore(path: string, draft: Draft): void {
  const extension = endingOf(path) || "(no ending)";
  draft.ignored[extension] = (draft.ignored[extension] ?? 0) + 1;
  draft.bare.add(dirname(path));
}

const isTable = (path: string): boolean => /^([^/]+\/)?dataset\.json$/.test(path);

/** How many files a listing has seen, besides tables. */
export function filesIn({ files, broken, ignored }: Listing): number {
  return files.length + broken.length + Object.values(ignored).reduce((sum, count) => sum + count, 0);
}

/** The real paths of the folders above, and the signal that ends the listing. */
interface Walk {
  readonly open: ReadonlySet<string>;
  readonly stop: AbortSignal | undefined;
}

async function listFolder(root: string, inside: string, draft: Draft, { open, stop }: Walk): Promise<void> {
  const folder = join(root, inside);
  let entries: string[];
  let real: string;
  try {
    real = await realpath(folder);
    entries = await readdir(folder);
  } catch (error) {
    if (inside === "") throw fileError(error, "read", folder);
    draft.broken.push({
      file: `${inside}/`,
      reason: `the folder cannot be read (${(error as NodeJS.ErrnoException).code})`,
    });
    return;
  }
  // A link to a folder above would be followed for ever.
  if (open.has(real)) return;
  const chain = new Set(open).add(real);
  const wanted = entries.filter((name) => !isLitter(name));
  if (wanted.length === 0) draft.bare.add(inside);
  for (let begin = 0; begin < wanted.length; begin += AT_ONCE) {
    stop?.throwIfAborted();
    const names = wanted.slice(begin, begin + AT_ONCE);
    const seen = Date.now();
    const infos = await Promise.allSettled(names.map((name) => stat(join(folder, name))));
    for (const [i, name] of names.entries()) {
      const path = inside === "" ? name : `${inside}/${name}`;
      const info = infos[i]!;
      if (info.status === "rejected") {
        const { code } = info.reason as NodeJS.ErrnoException;
        if (namedLikeImage(path) === false) ignore(path, draft);
        else draft.broken.push({ file: path, reason: await unreachable(join(folder, name), code) });
      } else if (info.value.isDirectory()) await listFolder(root, path, draft, { open: chain, stop });
      else await addFile(root, path, info.value, seen, draft);
    }
  }
}

/** Why the file of a name cannot be looked at. */
async function unreachable(path: string, code: string | undefined): Promise<string> {
  if (code !== "ENOENT") return `cannot be read (${code})`;
  const target = await readlink(path).catch(() => "");
  const isAnnexed = target.includes(".git/annex/objects");
  return isAnnexed ? "a link of git-annex whose contents are not here; run `git annex get`" : "a link to nothing";
}

/** Whether a file is a picture: by its ending, or where it has none by its first bytes. */
async function isPicture(path: string, read: () => Promise<Uint8Array>): Promise<boolean> {
  const named = namedLikeImage(path);
  if (named !== undefined) return named;
  // One that cannot be read may be one.
  return read().then(
    (bytes) => formatOf(bytes) !== undefined,
    () => true,
  );
}

async function firstBytes(path: string, length = MAGIC_LENGTH): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function addFile(root: string, path: string, info: Stats, seen: number, draft: Draft): Promise<void> {
  const read = () => (info.isFile() ? firstBytes(join(root, path)) : Promise.resolve(new Uint8Array()));
  if (isTable(path) && info.isFile()) draft.tables.push(new ListedFile(root, path, info, seen));
  else if (!(await isPicture(path, read))) {
    ignore(path, draft);
    if (namedLikeTable(path) && info.isFile()) draft.labelFiles.push(new ListedFile(root, path, info, seen));
  } else if (!info.isFile()) draft.broken.push({ file: path, reason: "not a regular file" });
  else if (info.size > LARGEST_FILE) draft.broken.push({ file: path, reason: `larger than ${LARGEST_FILE} bytes` });
  else draft.files.push(new ListedFile(root, path, info, seen));
}

async function startsLikeZip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && ["504b0304", "504b0506"].includes(buffer.toString("hex"));
  } finally {
    await file.close();
  }
}

async function listZip(path: string, draft: Draft): Promise<void> {
  const file = openSync(path, "r");
  const entries = new ItemReader();
  try {
    const reader = new BlockReader(file);
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
    const zip = await yauzl.fromRandomAccessReaderPromise(reader, fstatSync(file).size, options);
    for await (const entry of zip.eachEntry()) await addEntry(path, entry, draft, entries);
    const used = [...draft.files, ...draft.tables, ...draft.labelFiles].map((one) => one.path);
    const twice = firstTwice([...used, ...draft.broken.map(({ file }) => file)]);
    if (twice !== undefined)
      throw new Error(`two of its entries are called ${quoted(twice)}; make it again without one`);
  } catch (error) {
    throw new UserError(`${path}: the zip archive cannot be used: ${(error as Error).message}`);
  } finally {
    await entries.close();
    closeSync(file);
  }
}

/**
 * Reads a file a megabyte at a time. The library asks for the few bytes of each directory entry with calls of their
 * own; from the disk, a directory of 60,000 entries takes seconds that way, from a block in memory a fraction of one.
 */
class BlockReader extends yauzl.RandomAccessReader {
  private readonly file: number;
  private readonly block = Buffer.alloc(1 << 20);
  private start = 0;
  private length = 0;

  constructor(file: number) {
    super();
    this.file = file;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    let bytesRead: number;
    try {
      bytesRead = this.copy(buffer, offset, length, position);
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback(null, bytesRead);
  }

  private copy(buffer: Buffer, offset: number, length: number, position: number): number {
    if (length > this.block.length) return readSync(this.file, buffer, offset, length, position);
    if (position < this.start || position + length > this.start + this.length) {
      this.start = position;
      this.length = readSync(this.file, this.block, 0, this.block.length, position);
    }
    const from = position - this.start;
    return this.block.copy(buffer, offset, from, Math.min(from + length, this.length));
  }
}

/** Archives and compressed files that are not read, by their first bytes. */
const otherArchives: readonly (readonly [what: string, start: string])[] = [
  ["a file compressed by xz", "fd377a585a00"],
  ["a file compressed by bzip2", "425a68"],
  ["a file compressed by zstd", "28b52ffd"],
  ["a 7z archive", "377abcaf271c"],
  ["a RAR archive", "526172211a07"],
];

/** What is said of a file that is no archive. */
async function unknownFile(path: string): Promise<string> {
  const head = await firstBytes(path);
  const format = formatOf(head);
  if (format !== undefined) return `a single image (${format}); give the folder or archive that holds the images`;
  if (head.length === 0) return "the file is empty";
  if (isGzip(head)) return "a gzip file that holds no tar archive; unpack it by gunzip";
  const packed = otherArchives.find(([, start]) => head.toString("hex").startsWith(start));
  if (packed !== undefined)
    return `${packed[0]}, which is not read; unpack it, or pack its files as .zip, .tar or .tar.gz`;
  if (/^MATLAB [57]/.test(head.toString("latin1"))) {
    return "a MATLAB file, which is not read; save its arrays by numpy.savez(path, images=..., labels=...)";
  }
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) {
    return "a Python pickle, which is not read, as loading one runs code; save its arrays by numpy.savez(path, images=..., labels=...)";
  }
  if (namedLikeTable(path)) {
    return "a table, no images; points and other vectors: docs/how-to/data/vectors.md; a table of labels goes with the path of images";
  }
  return (
    "neither a folder, a zip or tar archive, nor a parquet, HDF5, .npz or .npy file; a file that was cut short may look like " +
    "this"
  );
}

async function listTar(path: string, draft: Draft): Promise<void> {
  const { members, folders, others, ended } = readTar(path);
  const outside = [...members.map(({ name }) => name), ...others].find((name) => name.split("/").includes(".."));
  if (outside !== undefined) {
    throw new UserError(`${path}: the tar archive cannot be used: invalid relative path: ${quoted(outside)}`);
  }
  const entries = new ItemReader();
  // `./a.png` and `a.png` are one file when they are unpacked: the later counts.
  const last = new Map(members.map((member) => [partsOf(member.name).join("/"), member]));
  try {
    for (const { name, offset, size } of last.values()) {
      const item = { kind: "stretch", path, offset, size } as const;
      const head = async () => (size < MAGIC_LENGTH ? new Uint8Array() : entries.stretch(path, offset, MAGIC_LENGTH));
      await addMember(name, item, size, head, draft);
    }
  } finally {
    await entries.close();
  }
  for (const name of folders) draft.bare.add(partsOf(name).join("/"));
  for (const name of others) addLink(name, draft);
  if (!ended)
    draft.broken.push({ file: basename(path), reason: "the archive has no end mark; it may have been cut short" });
}

/** Whether a gzip file is a tar archive: by what it begins with, or where that is damaged by its name. */
const isTarGz = (path: string, head: Uint8Array): boolean =>
  firstNameInTarGz(head) !== undefined || (isGzip(head) && /\.(tar\.gz|tgz)$/i.test(path));

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Tables that are kept in memory; no label file is larger. */
const LARGEST_TABLE = 2 ** 26;

/** Lists a compressed archive, which is read through once. What is no image by itself is kept: tables, and first bytes. */
async function listTarGz(path: string, draft: Draft, stop: AbortSignal | undefined): Promise<void> {
  const last = new Map<string, PackedMember>();
  const wanted = ({ name, kind, size }: Omit<PackedMember, "bytes">): number => {
    if (kind !== "file") return 0;
    if (namedLikeTable(name)) return size <= LARGEST_TABLE ? size : 0;
    return namedLikeImage(name) === undefined ? MAGIC_LENGTH : 0;
  };
  for await (const member of membersOfTarGz(path, wanted, stop)) {
    const { name, kind } = member;
    if (name.split("/").includes("..")) {
      throw new UserError(`${path}: the tar archive cannot be used: invalid relative path: ${quoted(name)}`);
    }
    // Of two with one path the later counts, as when they are unpacked.
    if (kind === "file") last.set(partsOf(name).join("/"), member);
    else if (kind === "folder") draft.bare.add(partsOf(name).join("/"));
    else addLink(name, draft);
  }
  for (const [name, { number, size, bytes }] of last) {
    const isTaken = namedLikeTable(name) && bytes.length === size;
    const item = isTaken
      ? ({ kind: "bytes", bytes } as const)
      : ({ kind: "packed", archive: path, number, size } as const);
    await addMember(name, item, size, () => Promise.resolve(bytes), draft);
  }
  if (draft.ignored[".cls"] !== undefined) {
    throw new UserError(
      `${path}: compressed shards of webdataset are not read; unpack it by gunzip (a .tar is read in place)`,
    );
  }
}

/** A link or device in an archive, where it stands for an image. */
function addLink(name: string, draft: Draft): void {
  const inside = partsOf(name);
  if (inside.some(isLitter) || namedLikeImage(name) === false) return;
  draft.broken.push({ file: inside.join("/"), reason: LINK });
}

/** `zip -r x.zip ./photos` and tar write paths that begin with `./`. */
const partsOf = (name: string): string[] => name.split("/").filter((part) => part !== "." && part !== "");

/** @param head - reads its first bytes */
async function addMember(
  name: string,
  item: StretchItem | BytesItem | PackedItem,
  size: number,
  head: () => Promise<Uint8Array>,
  draft: Draft,
): Promise<void> {
  const names = partsOf(name);
  if (names.some(isLitter)) return;
  const path = names.join("/");
  if (item.kind !== "packed" && isTable(path)) draft.tables.push({ path, item });
  else if (!(await isPicture(path, head))) {
    ignore(path, draft);
    if (item.kind !== "packed" && namedLikeTable(path)) draft.labelFiles.push({ path, item });
  } else if (size > LARGEST_FILE) draft.broken.push({ file: path, reason: `larger than ${LARGEST_FILE} bytes` });
  else draft.files.push({ path, item });
}

const LINK = "a link or device in the archive, not a file";

/** Unix's type of the entry, in the upper half of its attributes: 0o12 is a symbolic link, and its data a path. */
const isLink = ({ externalFileAttributes: attributes }: yauzl.Entry): boolean => attributes >>> 28 === 0o12;

/**
 * The name of an entry. Old programs of Windows have backslashes between folders; next to slashes, in a code page that is not
 * known, one may be a part of a letter.
 *
 * @throws Error for a path that leaves the archive.
 */
function nameOf({ fileNameRaw, generalPurposeBitFlag, extraFieldRaw }: yauzl.Entry): ReturnType<typeof zipName> {
  const { name, isGuess } = zipName(fileNameRaw, generalPurposeBitFlag, extraFieldRaw);
  const slashes = name.replaceAll("\\", "/");
  const fault = yauzl.validateFileName(slashes);
  if (fault !== null) throw new Error(fault);
  return { name: isGuess && name.includes("/") ? name : slashes, isGuess };
}

async function addEntry(archive: string, entry: yauzl.Entry, draft: Draft, reader: ItemReader): Promise<void> {
  const { name, isGuess } = nameOf(entry);
  const names = partsOf(name);
  if (names.some(isLitter)) return;
  const path = names.join("/");
  if (name.endsWith("/")) {
    draft.bare.add(path);
    return;
  }
  const { compressionMethod: method, uncompressedSize: size, compressedSize, crc32 } = entry;
  let reason: string | undefined;
  if (isLink(entry)) reason = LINK;
  else if (entry.isEncrypted()) reason = "the entry is encrypted";
  else if (method !== 0 && method !== 8)
    reason = `compression method ${method} is not supported (stored and deflate are)`;
  else if (size > LARGEST_FILE || compressedSize > LARGEST_FILE)
    reason = `the entry claims ${size} bytes, too large for an image`;
  const offset = entry.relativeOffsetOfLocalHeader;
  const item = { kind: "zip", archive, offset, compressedSize, size, method, crc32 } as const;
  const read = () => (reason === undefined ? reader.read(item) : Promise.reject(new Error(reason)));
  if (isTable(path) && reason === undefined) draft.tables.push({ path, item });
  else if (!(await isPicture(path, read))) {
    ignore(path, draft);
    if (namedLikeTable(path) && reason === undefined) draft.labelFiles.push({ path, item });
    return;
  } else if (reason !== undefined) draft.broken.push({ file: path, reason });
  else draft.files.push({ path, item });
  if (isGuess) draft.guessedNames.push(path);
}
