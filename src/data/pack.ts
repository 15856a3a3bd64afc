/**
 * Packs: a dataset decoded and resized once, stored as plain bytes that training maps into memory.
 *
 * A pack is a folder named by the hash of everything that its bytes depend on: the source's fingerprint, the target
 * form, the selection and the resizer with its versions. It holds `images.u8` (row-major [count, channels, height,
 * width]), `labels.i64` (little-endian), with conditions `conditions.f32` (row-major [count, conditions]) and `pack.json`. It is built under another name and renamed when whole, so
 * several processes can build the same pack at once: the first rename wins, and the others use its result.
 */
import { existsSync, renameSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { counted, noneOf } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { areaOf } from "../base/image-size.ts";
import { checkedJson, flushFolder, makeFolder, temporaryName, writeFileAtomic } from "../formats/index.ts";
import { likeNote } from "./class-names.ts";
import { rowsOf, scaleConditions } from "./conditions.ts";
import { DARKEST_RESIZED } from "./dark.ts";
import { type Chunk, decodeChunk } from "./decode.ts";
import { decodeAll } from "./decode-pool.ts";
import { itemOf, nameOf } from "./headers.ts";
import type { Choice, Target } from "./options.ts";
import { contentsOfPack, isIntact, rememberChecked } from "./pack-check.ts";
import { openPack, PACK_VERSION, type Pack, type PackHeader } from "./pack-header.ts";
import { packsFolder } from "./paths.ts";
import { isCopy, resizer } from "./resize.ts";
import {
  type BrokenFile,
  type ImageSource,
  type OpenSource,
  type RawImages,
  type Selection,
  type StreamedImages,
  select,
  sha256,
  sha256OfFile,
} from "./source.ts";
import { type Failure, removeStale, UnfinishedPack } from "./unfinished-pack.ts";

/** Most images per message: enough to hide the cost of a message, few enough for a smooth progress line. */
const CHUNK = 256;

/** About how many bytes of pixels a message has, so that messages stay small with large images. */
const CHUNK_BYTES = 2 ** 23;

/** Progress of the preparation. */
export interface PackProgress {
  readonly name: string;
  /** Images done so far, including those of an earlier process. */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

/** Options of a run for building a dataset. */
export interface DataContext {
  /** Cache folder; default `gantry` in the cache folder of the user. */
  readonly cache?: string | undefined;
  /** Decoding threads; 0 decodes in this thread. Default: one per core, at most 8; none if pixels are only copied. */
  readonly workers?: number | undefined;
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
  /**
   * Looks at an opened source before anything is decoded, and throws to refuse it. Not called where the pack is there
   * already.
   */
  readonly examine?: ((source: OpenSource) => void | Promise<void>) | undefined;
  /** Told what a user should know: that prepared images were damaged. Default: a line on stderr. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Raise it to stop. The finished part is kept, and the next time continues from there. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * The pack of a source in the wanted form: the cached one when it fits, is whole and gives its checksum, else a new one. One
 * that an earlier process began is continued, to the same bytes.
 *
 * Broken images are skipped and listed in the header.
 *
 * @throws UserError when every image is broken, the selection is empty, or the disk refuses, and the reason of `stop`
 * once that is raised.
 */
export async function preparePack(
  source: ImageSource,
  target: Target,
  choice: Pick<Choice, "classes" | "first">,
  context: DataContext = {},
): Promise<Pack> {
  const { classes, first } = choice;
  const key = sha256(
    JSON.stringify([PACK_VERSION, source.fingerprint, target, classes ?? null, first ?? null, resizer]),
  );
  const packs = packsFolder(context.cache);
  const folder = join(packs, key.slice(0, 32));
  const cached = openPack(folder);
  if (cached !== undefined && (await isIntact(cached))) return cached;
  if (existsSync(join(folder, "pack.json"))) removeDamaged(folder, source.name, context);

  const opened = await source.open();
  const selection = select(opened, source.name, classes, first);
  for (const { name, file, reason } of opened.lost ?? []) {
    if (!selection.classes.includes(name)) continue;
    throw new UserError(`${source.name}: class ${name} has no image that can be read; ${file}: ${reason}`);
  }
  await context.examine?.(opened);
  let unfinished: UnfinishedPack;
  try {
    makeFolder(packs);
    removeStale(packs);
    const bytes = target.channels * areaOf(target.size);
    refuseFullDisk(source.name, packs, selection.indices.length * bytes);
    unfinished = new UnfinishedPack(folder, bytes);
  } catch (error) {
    throw fileError(error, "write", packs);
  }
  try {
    const chosen = [...(classes ? [`classes ${classes.join(", ")}`] : []), ...(first ? [`the first ${first}`] : [])];
    const note = [opened.note, ...chosen].join("; ");
    await writePack(unfinished, source, { ...opened, note }, selection, target, context);
    const pack = putInPlace(unfinished.folder, folder);
    unfinished.worthKeeping = false;
    rememberChecked(pack);
    return pack;
  } catch (error) {
    throw fileError(error, "write", folder);
  } finally {
    unfinished.close();
  }
}

/** @throws UserError when a pack of this many bytes cannot fit on the disk. */
function refuseFullDisk(name: string, packs: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(packs);
  if (bytes <= bavail * bsize) return;
  const gigabytes = (count: number): string => `${Number((count / 1e9).toPrecision(3))} GB`;
  throw new UserError(
    `${name}: its prepared images would take ${gigabytes(bytes)}, and ${packs} has ${gigabytes(bavail * bsize)} left; take a ` +
      "smaller `size`, fewer images (`first`), or another cache folder (GANTRY_CACHE)",
  );
}

/** Takes a damaged pack away, so that it is prepared again. Whoever has it open keeps it. */
function removeDamaged(folder: string, name: string, { warn }: DataContext): void {
  const message = `${name}: the prepared images in ${folder} are damaged and are prepared again`;
  if (warn === undefined) process.stderr.write(`note: ${message}\n`);
  else warn(message);
  const aside = temporaryName(folder);
  try {
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, "write", folder);
  }
}

async function writePack(
  unfinished: UnfinishedPack,
  { name, hashed = "every byte" }: ImageSource,
  opened: OpenSource,
  selection: Selection,
  target: Target,
  context: DataContext,
): Promise<void> {
  const fileName = nameOf(opened);
  const total = selection.indices.length;
  const { folder, failures } = unfinished;
  const tell = (): void => {
    context.onProgress?.({
      name,
      done: unfinished.done,
      total,
      failed: (opened.broken?.length ?? 0) + failures.length,
    });
  };
  // Reported at once, so that a continued packing shows its progress from the start.
  if (unfinished.done > 0) tell();
  const workers = context.workers ?? workersFor(opened, target, total);
  const chunks = chunksOf(opened, selection, target, workers, unfinished.done);
  await decodeAll(chunks, workers, (decoded) => {
    // Nothing is left out for good because a disk or a network failed for a moment.
    const unread = decoded.failures.find((failure) => failure.unread);
    if (unread !== undefined) {
      const file = fileName(selection.indices[unfinished.done + unread.position]!);
      throw new UserError(
        `${name}: ${file} cannot be read (${unread.reason}); run the command again when it can (what is prepared is kept), or ` +
          "take the file away",
      );
    }
    unfinished.add(decoded);
    tell();
    context.stop?.throwIfAborted();
  });
  unfinished.finish();
  const reasons = await reasonsOf(failures, opened, selection, target);
  const broken = [
    ...(opened.broken ?? []),
    ...failures.map(({ position, reason }, i) => ({
      file: fileName(selection.indices[position]!),
      reason: reasons.get(i) ?? reason,
    })),
  ];
  if (unfinished.good === 0) {
    unfinished.worthKeeping = false;
    const [example] = broken;
    throw new UserError(`${name}: ${noneOf(total, "image")} be read; ${example?.file}: ${example?.reason}`);
  }
  const failed = new Set(failures.map(({ position }) => position));
  refuseLostClass(name, selection, failures, broken);
  const labels = BigInt64Array.from(
    selection.labels.filter((_, position) => !failed.has(position)),
    BigInt,
  );
  writeFileAtomic(join(folder, "labels.i64"), [new Uint8Array(labels.buffer)]);
  const used = new Set(labels);
  const empty = selection.classes.filter((_, number) => !used.has(BigInt(number)));
  const rows = selection.indices.filter((_, position) => !failed.has(position));
  const scaled = opened.conditions && scaleConditions(rowsOf(opened.conditions, rows));
  if (scaled !== undefined) {
    writeFileAtomic(join(folder, "conditions.f32"), [new Uint8Array(scaled.values.buffer)]);
  }
  const like = likeNote(selection.classes);
  const remarks = [...(opened.remarks ?? []), ...(like === undefined ? [] : [like])];
  const form = {
    count: unfinished.good,
    channels: target.channels,
    size: target.size,
    classes: [...selection.classes],
    ...(scaled === undefined ? {} : { conditions: [...scaled.conditions] }),
  };
  const pixels = await sha256OfFile(join(folder, "images.u8"));
  const [ofLabels, ofConditions] = [labels, scaled?.values].map((values) => values && sha256(bytesOf(values)));
  const header: PackHeader = {
    version: PACK_VERSION,
    name,
    note: [opened.note, ...jpegNote(unfinished), ...transparencyNote(unfinished, target)].join("; "),
    hashed,
    contents: contentsOfPack(form, pixels, ofLabels!, ofConditions),
    ...form,
    ...(opened.table === undefined ? {} : { table: { ...opened.table, columns: [...opened.table.columns] } }),
    ...(opened.unreadTable === undefined ? {} : { unreadTable: opened.unreadTable }),
    ...(remarks.length === 0 ? {} : { remarks }),
    fit: target.fit,
    resizer,
    originals: { width: unfinished.width, height: unfinished.height },
    transparent: unfinished.transparent,
    ...(unfinished.most > DARKEST_RESIZED ? {} : { darkest: unfinished.most }),
    broken,
    ignored: { ...opened.ignored },
    ...(opened.total === undefined ? {} : { total: opened.total }),
    ...(opened.isContainer === undefined ? {} : { isContainer: opened.isContainer }),
    ...(empty.length === 0 ? {} : { emptyClasses: empty }),
  };
  writeFileAtomic(join(folder, "pack.json"), [checkedJson(header)]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: BigInt64Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * The reasons of failures in their order, of images decoded once more when no thread decodes: libvips keeps one error text for
 * the process, which threads take from each other, and an interrupted packing would take other ones.
 */
async function reasonsOf(
  failures: readonly Failure[],
  opened: OpenSource,
  selection: Selection,
  target: Target,
): Promise<Map<number, string>> {
  const indices = Uint32Array.from(failures, ({ position }) => selection.indices[position]!);
  const reasons = new Map<number, string>();
  let first = 0;
  if (indices.length === 0) return reasons;
  for await (const chunk of chunksOf(opened, { ...selection, indices }, target, 0, 0)) {
    const decoded = await decodeChunk(chunk);
    for (const { position, reason, unread } of decoded.failures) if (!unread) reasons.set(first + position, reason);
    first += decoded.good.length + decoded.failures.length;
  }
  return reasons;
}

/** By the contents of files, not by their endings: JPEG's artefacts are what scores see. */
function jpegNote({ jpeg, good }: UnfinishedPack): string[] {
  if (jpeg === 0) return [];
  const which = jpeg === good ? "all" : `${jpeg} of them`;
  return [`${which} JPEG: pixels differ from a lossless original, and so do scores`];
}

function transparencyNote({ transparent }: UnfinishedPack, { background, channels }: Target): string[] {
  if (transparent === 0) return [];
  const images = counted(transparent, "image");
  if (channels === 4) return [`${images} with transparency, kept as the fourth channel`];
  const behind = typeof background === "number" ? `gray level ${background}` : `the colour ${background.join(", ")}`;
  return [`${images} with transparency laid over ${behind}`];
}

/** @throws UserError when all images of a class failed: it would be there by its name alone. */
function refuseLostClass(
  name: string,
  { labels, classes }: Selection,
  failures: readonly Failure[],
  broken: readonly BrokenFile[],
): void {
  if (classes.length === 0 || failures.length === 0) return;
  const left = new Int32Array(classes.length);
  for (const label of labels) left[label]!++;
  for (const { position } of failures) {
    const label = labels[position]!;
    if (--left[label]! > 0) continue;
    const example =
      broken[broken.length - failures.length + failures.findIndex((one) => labels[one.position] === label)]!;
    throw new UserError(
      `${name}: class ${classes[label]} has no image that can be read; ${example.file}: ${example.reason}`,
    );
  }
}

/** One thread per core, at most 8, fewer for few images; none if the pixels are only copied. */
function workersFor(opened: OpenSource, target: Target, total: number): number {
  const { images } = opened;
  const planar = images.form === "streamed" ? images.planar : images.form === "raw" ? images : undefined;
  if (planar !== undefined && isCopy(planar, target)) return 0;
  return Math.min(availableParallelism(), 8, Math.ceil(total / CHUNK));
}

async function* chunksOf(
  opened: OpenSource,
  selection: Selection,
  target: Target,
  workers: number,
  from: number,
): AsyncGenerator<Chunk> {
  const { images } = opened;
  const shared = images.form === "raw" && workers > 0 ? share(images) : images;
  const length = Math.max(1, Math.min(CHUNK, Math.floor(CHUNK_BYTES / (target.channels * areaOf(target.size)))));
  if (shared.form === "streamed") {
    yield* streamedChunks(shared, selection.indices.subarray(from), target, length);
    return;
  }
  for (let begin = from; begin < selection.indices.length; begin += length) {
    const indices = selection.indices.slice(begin, begin + length);
    if (shared.form === "raw") yield { form: "raw", target, images: shared, indices };
    else yield { form: "encoded", target, items: Array.from(indices, itemOf(shared)) };
  }
}

/** A message of streamed images holds at most about this many bytes, unless one image has more. */
const STREAMED_BYTES = 2 ** 25;

/** The images of a container, gathered into messages as they are read. */
async function* streamedChunks(
  { planar, read }: StreamedImages,
  indices: Uint32Array,
  target: Target,
  length: number,
): AsyncGenerator<Chunk> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const gathered = (): Chunk => {
    const taken = pieces;
    pieces = [];
    bytes = 0;
    if (planar === undefined)
      return { form: "encoded", target, items: taken.map((one) => ({ kind: "bytes", bytes: one })) };
    const stride = planar.channels * planar.height * planar.width;
    const images: RawImages = { form: "raw", pixels: Buffer.concat(taken), start: 0, stride, ...planar };
    return { form: "raw", target, images, indices: Uint32Array.from(taken.keys()) };
  };
  for await (const piece of read(indices)) {
    // A copy: a message would carry the whole memory that a view lies in.
    pieces.push(planar === undefined ? new Uint8Array(piece) : piece);
    bytes += piece.byteLength;
    if (pieces.length === length || bytes >= STREAMED_BYTES) yield gathered();
  }
  if (pieces.length > 0) yield gathered();
}

/** Raw pixels in memory shared with the workers: a message then has a reference, not the whole dataset. */
function share(images: RawImages): RawImages {
  let { pixels, planes } = images;
  if (typeof pixels !== "string") {
    const bytes = new Uint8Array(new SharedArrayBuffer(pixels.byteLength));
    bytes.set(pixels);
    pixels = bytes;
  }
  if (planes !== undefined) {
    const numbers = new Uint32Array(new SharedArrayBuffer(planes.byteLength));
    numbers.set(planes);
    planes = numbers;
  }
  return { ...images, pixels, ...(planes ? { planes } : {}) };
}

/** Renames a whole pack to its final name; one that another process put there meanwhile is used instead. */
function putInPlace(temporary: string, folder: string): Pack {
  if (existsSync(folder) && openPack(folder) === undefined) {
    // A damaged pack is moved aside first: a folder cannot be renamed onto one that holds something.
    const aside = temporaryName(folder);
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true });
  }
  flushFolder(temporary);
  try {
    renameSync(temporary, folder);
    flushFolder(join(folder, ".."));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
  const pack = openPack(folder);
  if (pack === undefined)
    throw new UserError(`${folder}: the pack was damaged while it was written; delete the folder`);
  return pack;
}
