/**
 * The two containers that `torch.save` has written: the pickled value, and where the bytes of each storage lie.
 *
 * Since PyTorch 1.6, a zip archive: `<name>/data.pkl`, `<name>/data/<key>` for each storage, stored and aligned to 64 bytes,
 * `<name>/version`, and since 2.1 `<name>/byteorder` (`torch/serialization.py`, `_save`).
 *
 * Before, and still with `_use_new_zipfile_serialization=False`, a stream: four pickles (a magic number, the protocol 1001,
 * facts about the machine, the value), one with the keys of the storages, then each storage: its length in elements as a
 * 64-bit integer, and its bytes (`_legacy_save`). Published weights from 2019 and before have this form.
 */
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import { unpickle } from "./pickle.ts";
import { describePickled, type PickleValue } from "./pickle-values.ts";
import { type StorageReference, storageBytes, TensorHost } from "./pth-names.ts";
import { ByteCursor, type RandomAccessFile } from "./random-access.ts";
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts";
import { readStoredEntry } from "./zip-entries.ts";

/** A checkpoint whose tensors are still references. */
export interface Container {
  readonly value: PickleValue;
  /** The bytes of a storage, little-endian; a fresh array. */
  readStorage(storage: StorageReference): Uint8Array<ArrayBuffer>;
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** A data.pkl takes about a hundred bytes per tensor. */
const LARGEST_PICKLE = 2 ** 28;

/**
 * Opens either container.
 * @throws UserError when the file is neither, is damaged, or asks for what is refused.
 */
export function openContainer(file: RandomAccessFile): Container {
  const start = Buffer.from(file.read(0, Math.min(512, file.size)).buffer);
  if (start.length >= 4 && start.readUInt32LE(0) === 0x04034b50) return openArchive(file);
  if (start[0] === 0x80) return openStream(file);
  if (start.toString("latin1", 257, 262) === "ustar") {
    throw new UserError(`${file.path}: the tar form of PyTorch before 0.1.10 is not supported; save it again`);
  }
  throw new UserError(
    `${file.path}: not a PyTorch checkpoint (${file.size} bytes, neither a zip archive nor a pickle)`,
  );
}

function openArchive(file: RandomAccessFile): Container {
  const entries = readZipDirectory(file);
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new UserError(
      `${file.path}: not a PyTorch checkpoint: the zip archive has ${pickles.length} entries <name>/data.pkl; one is expected`,
    );
  }
  const root = pickles[0]!.slice(0, -"data.pkl".length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new UserError(`${file.path}: a TorchScript program, not a state dict; save \`module.state_dict()\` of it`);
  }
  const order = entries.get(`${root}byteorder`);
  if (order !== undefined) {
    const text = Buffer.from(stored(file, order, 100))
      .toString("latin1")
      .trim();
    if (text !== "little") {
      throw new UserError(`${file.path}: byte order ${quoted(text)} is not supported; accepted: little`);
    }
  }
  const pickle = stored(file, entries.get(pickles[0]!)!, LARGEST_PICKLE);
  const source = { read: (position: number, length: number) => pickle.subarray(position, position + length) };
  const host = new TensorHost(file.path);
  const cursor = new ByteCursor(source, 0, pickle.length, `${file.path}: ${quoted(pickles[0]!)}`);
  const value = unpickle(cursor, host);
  // Checked before any is read: a storage that is missing or lies about its length spoils the whole file.
  for (const storage of host.storages.values()) dataEntry(file, entries, root, storage);
  return {
    value,
    readStorage: (storage) => stored(file, dataEntry(file, entries, root, storage), Number.POSITIVE_INFINITY),
  };
}

/** The bytes of an entry, which PyTorch never compresses. */
function stored(file: RandomAccessFile, entry: ZipEntry, limit: number): Uint8Array<ArrayBuffer> {
  const where = `${file.path}: zip entry ${quoted(entry.name)}`;
  if (entry.method !== "stored") {
    throw new UserError(`${where} is compressed, which torch.save never does; pack the archive again with \`zip -0\``);
  }
  if (entry.size > limit) throw new UserError(`${where} claims ${entry.size} bytes; at most ${limit} are accepted`);
  return readStoredEntry(file, entry);
}

function dataEntry(
  file: RandomAccessFile,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  storage: StorageReference,
): ZipEntry {
  const entry = entries.get(`${root}data/${storage.key}`);
  if (entry === undefined) throw new UserError(`${file.path}: damaged: storage ${quoted(storage.key)} is missing`);
  checkLength(file, storage, entry.size);
  return entry;
}

function checkLength(file: RandomAccessFile, storage: StorageReference, bytes: number): void {
  if (bytes === storageBytes(storage)) return;
  throw new UserError(
    `${file.path}: damaged: storage ${quoted(storage.key)} is said to be ${storage.count} elements of ${storage.dtype}, ` +
      `${storageBytes(storage)} bytes; it has ${bytes}`,
  );
}

function openStream(file: RandomAccessFile): Container {
  const cursor = new ByteCursor(file, 0, file.size, file.path);
  // The pickles around the value hold numbers and text only; names are refused there as everywhere.
  const plain = (): PickleValue => unpickle(cursor, new TensorHost(file.path));
  const magic = plain();
  if (magic !== MAGIC) {
    throw new UserError(`${file.path}: a pickle, but not one of torch.save: it starts with ${describePickled(magic)}`);
  }
  const protocol = plain();
  if (protocol !== PROTOCOL) {
    throw new UserError(`${file.path}: protocol ${describePickled(protocol)} is not known; accepted: ${PROTOCOL}`);
  }
  const machine = plain();
  if (machine instanceof Map && machine.get("little_endian") === false) {
    throw new UserError(`${file.path}: byte order \`big\` is not supported; accepted: little`);
  }
  const host = new TensorHost(file.path);
  const value = unpickle(cursor, host);
  const places = placeStorages(file, cursor, plain(), host);
  return {
    value,
    readStorage: (storage) => file.read(places.get(storage)!, storageBytes(storage)),
  };
}

/** Walks over the storages, which lie one behind the other up to the end of the file. */
function placeStorages(
  file: RandomAccessFile,
  cursor: ByteCursor,
  keys: PickleValue,
  host: TensorHost,
): Map<StorageReference, number> {
  if (!Array.isArray(keys))
    throw new UserError(`${file.path}: damaged: no list of storages, but ${describePickled(keys)}`);
  const places = new Map<StorageReference, number>();
  let position = cursor.position;
  for (const key of keys as readonly PickleValue[]) {
    const storage = typeof key === "string" ? host.storages.get(key) : undefined;
    if (storage === undefined || places.has(storage)) {
      throw new UserError(
        `${file.path}: damaged: its list of storages names ${describePickled(key)}, which is unknown or named before`,
      );
    }
    const count = Buffer.from(file.read(position, 8).buffer).readBigInt64LE(0);
    position += 8;
    if (count !== BigInt(storage.count)) {
      throw new UserError(
        `${file.path}: damaged: storage ${quoted(storage.key)} is said to be ${storage.count} elements; ${count} are written`,
      );
    }
    const bytes = storageBytes(storage);
    if (position + bytes > file.size) {
      throw new UserError(
        `${file.path}: truncated: storage ${quoted(storage.key)} needs ${bytes} bytes, ${file.size - position} are left`,
      );
    }
    places.set(storage, position);
    position += bytes;
  }
  for (const storage of host.storages.values()) {
    if (!places.has(storage)) throw new UserError(`${file.path}: damaged: storage ${quoted(storage.key)} is missing`);
  }
  if (position < file.size) {
    throw new UserError(`${file.path}: damaged: ${file.size - position} bytes follow the last storage`);
  }
  return places;
}
