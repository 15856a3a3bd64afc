/** Samples as single files: a folder of PNGs, a zip of them, or the arrays of an .npz. Written group by group. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import {
  encodePng,
  enlarge,
  imagesOf,
  interleaved,
  NpzWriter,
  quantise,
  requireSpace,
  requireWritable,
  tile,
  UnfinishedFolder,
  ZipWriter,
} from "../../formats/index.ts";
import { sampleShape } from "../../models/index.ts";
import type { Samplable } from "../trainable.ts";
import { drawSeeds, type SeededGroup, type SeedsOptions, type Watching } from "./groups.ts";

/** The forms of single files. */
export const FILE_FORMS = ["folder", "npz", "zip"] as const;
/** A form of single files: a folder of PNG, an .npz file of all images, or a zip archive of PNG. */
export type FileForm = (typeof FILE_FORMS)[number];

/** What {@link writeSamples} writes. */
export interface SampleFilesOptions extends SeedsOptions {
  readonly to: FileForm;
  /** The folder or file. */
  readonly path: string;
  /** PNG files: each pixel becomes scale x scale. Default 1. */
  readonly scale?: number | undefined;
}

/** Files are encoded and written this many at a time. */
const AT_ONCE = 32;
/** A small file takes a block of the disk. */
const BLOCK = 4096;

/** A destination that takes groups in order. */
interface Sink {
  add(group: SeededGroup): Promise<void>;
  finish(): void;
  abandon(): void;
}

/**
 * Writes samples of seeds `seed`, `seed` + 1, ... as single files, whole or not at all:
 *
 * - `folder`, `zip`: a PNG each, without a margin, named by its seed and the name of its class: `seed00012-class3.png`
 * - `npz`: `arr_0`, uint8 [N, H, W, C] (vectors: float32 [N, features]), `arr_1`, the labels, int64 [N] (conditions:
 *   float32 [N, D], scaled), where the generator takes them, and `latents`, float32 [N, latent]
 *
 * A sample's seed draws it again, whatever the others are.
 *
 * @throws UserError when the disk has no room, the path is taken by a folder that is not empty, the samples do not fit
 * the form; and the reason of `stop`.
 *
 * @example
 * await writeSamples(gan, { to: "npz", path: "samples.npz", count: 50_000, seed: 0, averaged: true });
 */
export async function writeSamples(
  gan: Samplable,
  options: SampleFilesOptions,
  watching: Watching = {},
): Promise<void> {
  const { to, path, count, seed } = options;
  if (!Number.isSafeInteger(seed + count))
    throw new UserError(`seed (=${seed}) and the ${count} after it are too large`);
  requireWritable(path, to === "folder" ? "folder" : "file");
  refuseWithoutRoom(gan, options);
  const sink = to === "npz" ? npzSink(gan, path, count) : pngSink(gan, options);
  try {
    for await (const group of drawSeeds(gan, options, watching)) await sink.add(group);
    sink.finish();
  } catch (error) {
    sink.abandon();
    throw error;
  }
}

/**
 * Refuses what cannot be written, before anything is drawn.
 * @throws UserError for more samples than the disk can hold, and for vectors as images.
 */
function refuseWithoutRoom({ shape: { sample } }: Samplable, { to, path, count, scale = 1 }: SampleFilesOptions): void {
  const values = sampleShape({ image: sample }).reduce((product, size) => product * size, 1);
  const vectors = "features" in sample;
  if (vectors && to !== "npz") {
    throw new UserError(
      `this run makes vectors of ${sample.features} numbers, which are no images: write them to an npz`,
    );
  }
  // PNG files are seldom larger than their pixels.
  const bytes = vectors ? 4 * values : values * scale ** 2;
  const each = to === "folder" ? Math.max(BLOCK, bytes) : bytes;
  requireSpace(path, count * each, `${count} ${vectors ? "vectors" : "images"}`);
}

/** The labels that the generator takes. */
function labelsOf({ generator, shape }: Samplable): "none" | "classes" | "conditions" {
  if (generator.takesLabels === "none") return "none";
  return shape.conditions !== undefined ? "conditions" : shape.classes.length > 0 ? "classes" : "none";
}

function npzSink(gan: Samplable, path: string, count: number): Sink {
  const { sample } = gan.shape;
  const vectors = "features" in sample;
  const [channels, ...sides] = sampleShape({ image: sample });
  const shape = vectors ? [count, channels!] : [count, ...sides, channels!];
  const labelled = labelsOf(gan);
  const conditions = gan.shape.conditions?.columns.length ?? 0;
  const npz = new NpzWriter(path, {
    arr_0: { dtype: vectors ? "float32" : "uint8", shape },
    ...(labelled === "classes" ? { arr_1: { dtype: "int64", shape: [count] } } : {}),
    ...(labelled === "conditions" ? { arr_1: { dtype: "float32", shape: [count, conditions] } } : {}),
    latents: { dtype: "float32", shape: [count, gan.generator.latent] },
  });
  return {
    async add({ samples, inputs: { latents, labels } }) {
      npz.append("arr_0", vectors ? samples.toArray() : interleaved(quantise(samples)));
      if (labelled !== "none") npz.append("arr_1", labels!.toArray());
      npz.append("latents", latents.toArray());
    },
    finish: () => npz.finish(),
    abandon: () => npz.abandon(),
  };
}

function pngSink(gan: Samplable, { to, path, seed, count, scale = 1 }: SampleFilesOptions): Sink {
  const names = labelsOf(gan) === "classes" ? classFileNames(gan.shape.classes) : undefined;
  const digits = Math.max(5, String(seed + count - 1).length);
  const nameOf = (number: number, label: number): string =>
    `seed${String(seed + number).padStart(digits, "0")}${names === undefined ? "" : `-class${names[label]}`}.png`;
  const target = to === "zip" ? zipTarget(path) : folderTarget(path);
  return {
    ...target,
    async add({ first, count: own, samples, inputs }) {
      const images = enlarge(quantise(samples), scale);
      const labels = names === undefined ? [] : Array.from(inputs.labels!.toArray(), Number);
      for (let start = 0; start < own; start += AT_ONCE) {
        const rows = Array.from({ length: Math.min(AT_ONCE, own - start) }, (_, i) => start + i);
        const files = rows.map((i) => encodePng(tile(imagesOf(images, i), { padding: 0 })));
        for (const [at, png] of (await Promise.all(files)).entries()) {
          const i = rows[at]!;
          await target.put(nameOf(first + i, labels[i]!), png);
        }
      }
    },
  };
}

/** Where PNG files go. */
interface PngTarget extends Pick<Sink, "finish" | "abandon"> {
  put(name: string, png: Uint8Array): Promise<void>;
}

function zipTarget(path: string): PngTarget {
  const zip = new ZipWriter(path);
  return { put: async (name, png) => zip.add(name, png), finish: () => zip.finish(), abandon: () => zip.abandon() };
}

function folderTarget(path: string): PngTarget {
  const folder = new UnfinishedFolder(path);
  const put = async (name: string, png: Uint8Array): Promise<void> => {
    try {
      await writeFile(join(folder.temporary, name), png);
    } catch (error) {
      throw fileError(error, "write", path);
    }
  };
  return { put, finish: () => folder.finish(), abandon: () => folder.abandon() };
}

/** Letters of a file name that need no care anywhere. */
const UNSAFE = /[^\p{L}\p{M}\p{N}._-]/gu;
const LONGEST_NAME = 64;

/**
 * The names of classes as parts of file names: other characters than letters, digits, points and dashes become `_`. Names
 * that would be one then (also where capitals do not count) get their place: `_#3`.
 */
export function classFileNames(classes: readonly string[]): string[] {
  const safe = classes.map((name) => name.normalize("NFC").replace(UNSAFE, "_").slice(0, LONGEST_NAME));
  const counts = new Map<string, number>();
  for (const name of safe) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return safe.map((name, i) => (counts.get(name.toLowerCase())! > 1 ? `${name}_#${i}` : name));
}
