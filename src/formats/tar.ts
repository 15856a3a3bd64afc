/**
 * Tar archives, read in place: where each member lies. Only the headers are read, 512 bytes a member.
 *
 * Layout: POSIX.1-1988 (ustar), POSIX.1-2001 (pax: long names and sizes in members of type `x`) and GNU's tar (long names
 * in members of type `L`). Headers are decoded by the package `tar`, which reads whole archives and gives no positions.
 */
import { Header, Pax } from "tar";
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import { RandomAccessFile } from "./random-access.ts";

const BLOCK = 512;

/** No name is as long: a member with one that claims more is damaged. */
const LONGEST_NAME = 2 ** 20;

/** A regular file of an archive: its name, and where its bytes lie. */
export interface TarMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** What an archive holds. */
export interface TarDirectory {
  /** The regular files, in the order of the archive. Of two with one name the later counts, as when they are unpacked. */
  readonly members: readonly TarMember[];
  /** Names of folders. */
  readonly folders: readonly string[];
  /** Names of links, devices and the like. */
  readonly others: readonly string[];
  /** Whether the archive has its end mark. Without one it may have been cut between two members. */
  readonly ended: boolean;
}

/** Whether a file that begins with these 512 bytes is a tar archive. */
export const startsLikeTar = (head: Uint8Array): boolean => isHeader(headerAt(head, 0));

/** Types of members that say something of others: long names and the like. */
const extensions: ReadonlySet<string> = new Set([
  "ExtendedHeader",
  "GlobalExtendedHeader",
  "NextFileHasLongLinkpath",
  "NextFileHasLongPath",
  "OldExtendedHeader",
  "OldGnuLongPath",
]);

/** The name of the first file or folder of an archive by the bytes at its start; undefined when it is none. */
export function firstNameInTar(bytes: Uint8Array): string | undefined {
  for (let at = 0; ; ) {
    const header = headerAt(bytes, at);
    if (!isHeader(header)) return undefined;
    if (!extensions.has(header.type)) return header.path;
    at += BLOCK + padded(header.size ?? 0);
  }
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

function headerAt(bytes: Uint8Array, at: number): Header | undefined {
  if (at + BLOCK > bytes.length) return undefined;
  return headerOf(Buffer.from(bytes.buffer, bytes.byteOffset + at, BLOCK));
}

const isHeader = (header: Header | undefined): header is Header => header?.cksumValid === true && !header.nullBlock;

/** The header of a block; undefined when it has numbers that are none. */
function headerOf(block: Buffer, pending?: Pending): Header | undefined {
  try {
    return new Header(block, 0, pending);
  } catch {
    return undefined;
  }
}

/** What a member of type `x` or `L` says of the next one. */
interface Pending {
  path?: string;
  size?: number;
}

/**
 * Lists an archive, or only its first members.
 * @throws UserError when it is no tar archive, is damaged, or ends inside a member.
 */
export function readTar(path: string, most = Number.POSITIVE_INFINITY): TarDirectory {
  const file = new RandomAccessFile(path);
  try {
    return walk(file, most);
  } finally {
    file.close();
  }
}

function walk(file: RandomAccessFile, most: number): TarDirectory {
  const { path } = file;
  const members = new Map<string, TarMember>();
  const folders: string[] = [];
  const others: string[] = [];
  let pending: Pending | undefined;
  let at = 0;
  let ended = false;
  while (at + BLOCK <= file.size && members.size < most) {
    const block = Buffer.from(file.read(at, BLOCK).buffer);
    const header = headerOf(block, pending);
    if (header?.nullBlock) {
      ended = true;
      break;
    }
    if (!header?.cksumValid || header.size === undefined) {
      throw new UserError(
        at === 0
          ? `${path}: not a tar archive`
          : `${path}: the tar archive is damaged: there is no header at byte ${at}`,
      );
    }
    const { size } = header;
    // A pax path counts in place of the header's name and of its prefix.
    const name = pending?.path ?? header.path ?? "";
    const offset = at + BLOCK;
    at = offset + padded(size);
    if (at > file.size) {
      throw new UserError(
        `${path}: the tar archive is cut short inside ${quoted(name)}, which should end at byte ${at}; the file has ` +
          `${file.size}`,
      );
    }
    if (extensions.has(header.type)) {
      if (["GlobalExtendedHeader", "NextFileHasLongLinkpath"].includes(header.type)) continue;
      if (size > LONGEST_NAME) throw new UserError(`${path}: the tar archive is damaged: a name of ${size} bytes`);
      const text = Buffer.from(file.read(offset, size).buffer).toString();
      const isPax = header.type.endsWith("ExtendedHeader");
      const said = isPax ? Pax.parse(text) : { path: text.replace(/\0.*$/s, ""), size: undefined };
      pending = { ...pending };
      if (said.path !== undefined) pending.path = said.path;
      if (said.size !== undefined) pending.size = said.size;
      continue;
    }
    pending = undefined;
    if (["File", "OldFile", "ContiguousFile"].includes(header.type)) {
      // Taken out first, so that the order is that of the later member.
      members.delete(name);
      members.set(name, { name, offset, size });
    } else if (["Directory", "GNUDumpDir"].includes(header.type)) folders.push(name);
    else others.push(name);
  }
  return { members: [...members.values()], folders, others, ended };
}
