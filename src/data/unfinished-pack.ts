/**
 * A pack that is being written. What is done survives the process, so that packing continues where it was killed.
 *
 * Pixels are appended to `images.u8`. From time to time they are flushed and a line is added to `marks.jsonl` that says
 * how far they reach: the pixels that a mark counts are on the disk. Continuing means cutting the pixels back to
 * the last mark. The folder is locked; a second process that wants the same pack meanwhile writes one of its own.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { makeFolder, removeIfPossible, takeLock, temporaryName, writeFully } from "../formats/index.ts";
import type { Decoded } from "./decode.ts";

/** Flushing may take one twentieth of the time. */
const MARK_SHARE = 20;

/** When leftovers are deleted: those that no process can continue after a day, those that one could after a week. */
const STALE_AFTER_MS = { ".tmp": 24 * 3600 * 1000, ".unfinished": 7 * 24 * 3600 * 1000 } as const;

const range = z.tuple([z.number(), z.number()]);

const markSchema = z.object({
  done: z.int().min(1),
  good: z.int().min(0),
  transparent: z.int().min(0),
  jpeg: z.int().min(0),
  most: z.int().min(0),
  width: range,
  height: range,
  /** Since the mark before. */
  failures: z.array(z.object({ position: z.int().min(0), reason: z.string() })),
});

type Mark = z.output<typeof markSchema>;

/** An image that could not be used: its position among those that were wanted, and why. */
export type Failure = Mark["failures"][number];

/** The pixels of a pack, as far as they are written. */
export class UnfinishedPack {
  readonly folder: string;
  /** How many of the wanted images are done. */
  done = 0;
  /** How many of them were written. */
  good = 0;
  /** How many of these had pixels that are not opaque. */
  transparent = 0;
  /** How many of these were JPEG files. */
  jpeg = 0;
  /** The highest level of their colours or gray. */
  most = 0;
  readonly failures: Failure[] = [];
  /** Smallest and largest width and height of the originals so far. */
  readonly width: [number, number] = [Number.MAX_SAFE_INTEGER, 0];
  readonly height: [number, number] = [Number.MAX_SAFE_INTEGER, 0];
  /** Whether {@link close} leaves the folder, for a later process to continue. */
  worthKeeping = false;

  readonly #unlock: (() => void) | undefined;
  #file: number | undefined;
  #marked = 0;
  #nextMark = 0;

  /**
   * Opens what an earlier process left of the pack, or begins a new one.
   *
   * @param pack - the folder that the finished pack will have
   * @param bytes - the bytes of one image
   *
   * @throws what the file system throws.
   */
  constructor(pack: string, bytes: number) {
    const shared = join(dirname(pack), `.${basename(pack)}.unfinished`);
    makeFolder(dirname(pack));
    const lock = takeLock(`${shared}.lock`);
    this.#unlock = typeof lock === "function" ? lock : undefined;
    this.folder = this.#unlock === undefined ? temporaryName(pack) : shared;
    try {
      makeFolder(this.folder);
      const images = join(this.folder, "images.u8");
      if (existsSync(images)) this.#goOn(statSync(images).size, bytes);
      this.#file = openSync(images, "a");
      ftruncateSync(this.#open, this.good * bytes);
    } catch (error) {
      this.#unlock?.();
      throw error;
    }
  }

  /** Appends a chunk of images. */
  add({ pixels, good, sizes, transparent, jpeg, most, failures }: Decoded): void {
    writeFully(this.#open, pixels);
    for (let i = 0; i < sizes.length; i += 2) {
      widen(this.width, sizes[i]!);
      widen(this.height, sizes[i + 1]!);
    }
    for (const { position, reason } of failures) this.failures.push({ position: this.done + position, reason });
    this.done += good.length + failures.length;
    this.good += good.length;
    this.transparent += transparent;
    this.jpeg += jpeg;
    this.most = Math.max(this.most, most);
    if (this.#unlock !== undefined && performance.now() >= this.#nextMark) this.#mark();
  }

  /** Ends the pixels: they are on the disk, and nothing else is in the folder. */
  finish(): void {
    fsyncSync(this.#open);
    this.#closeFile();
    rmSync(this.#marks, { force: true });
  }

  /** Closes the file and gives up the lock; the folder goes unless it is {@link worthKeeping}. */
  close(): void {
    this.#closeFile();
    if (!this.worthKeeping) removeIfPossible(this.folder);
    this.#unlock?.();
  }

  get #open(): number {
    if (this.#file === undefined) throw new Error(`${this.folder}: its pixels are finished`);
    return this.#file;
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  get #marks(): string {
    return join(this.folder, "marks.jsonl");
  }

  #mark(): void {
    const begun = performance.now();
    const { done, good, transparent, jpeg, most, width, height } = this;
    fsyncSync(this.#open);
    const mark: Mark = {
      done,
      good,
      transparent,
      jpeg,
      most,
      width,
      height,
      failures: this.failures.slice(this.#marked),
    };
    appendFileSync(this.#marks, `${JSON.stringify(mark)}\n`);
    this.#marked = this.failures.length;
    this.worthKeeping = true;
    const ended = performance.now();
    this.#nextMark = ended + MARK_SHARE * (ended - begun);
  }

  /** Reads the marks of an earlier process, as far as their pixels exist. */
  #goOn(size: number, bytes: number): void {
    const text = existsSync(this.#marks) ? readFileSync(this.#marks) : Buffer.alloc(0);
    let kept = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", kept)) {
      const mark = parseMark(text.toString("utf8", kept, end));
      if (mark === undefined || mark.good * bytes > size) break;
      const { done, good, transparent, jpeg, most } = mark;
      Object.assign(this, { done, good, transparent, jpeg, most });
      Object.assign(this.width, mark.width);
      Object.assign(this.height, mark.height);
      for (const failure of mark.failures) this.failures.push(failure);
      kept = end + 1;
    }
    this.#marked = this.failures.length;
    this.worthKeeping = this.done > 0;
    // A line that was cut short would spoil the one that is written after it.
    if (kept < text.length) truncateSync(this.#marks, kept);
  }
}

function parseMark(line: string): Mark | undefined {
  try {
    return markSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function widen(range: [number, number], value: number): void {
  range[0] = Math.min(range[0], value);
  range[1] = Math.max(range[1], value);
}

/** Removes what dead processes left in the folder of packs, if none continued it. */
export function removeStale(packs: string): void {
  for (const entry of readdirSync(packs)) {
    const path = join(packs, entry);
    for (const [ending, after] of Object.entries(STALE_AFTER_MS)) {
      if (entry.endsWith(ending) && Date.now() - lastTouched(path) > after) {
        rmSync(path, { recursive: true, force: true });
        rmSync(`${path}.lock`, { force: true });
      }
    }
  }
}

/** When something was last written to a folder: a file that grows does not touch the folder itself. */
function lastTouched(path: string): number {
  const times = [path, join(path, "images.u8")].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(...times) || Date.now();
}
