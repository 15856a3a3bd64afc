/** The subject of an evaluation and the real images: runs, folders and zips of images, .npz files, named datasets. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromPlain } from "../../base/descriptor.ts";
import { suggestion, UserError } from "../../base/errors.ts";
import { type ImageSize, longerSide, sidesOf, sizeInWords, sizeOf } from "../../base/image-size.ts";
import {
  type DataDescriptor,
  type Dataset,
  imageFolder,
  imageSizes,
  isPacked,
  npzHasSplits,
  type OpenSource,
  openDataset,
  type PackProgress,
  packOf,
} from "../../data/index.ts";
import { BYTES, datasetImages, type FakeImages, folderImages, type ImageSet, npzImages } from "../../metrics/index.ts";
import { importModules } from "../../recipe/index.ts";
import { generatedImages, openCheckpoint, RunDirectory } from "../../training/index.ts";
import { UsageError } from "../errors.ts";
import { datasetNames, describeDataset, isDatasetName } from "../named-dataset.ts";

/** An open resource, and the function that closes it. */
interface Opened<T> {
  readonly value: T;
  close(): void | Promise<void>;
}

/** The values of the flags. */
export interface SubjectOptions {
  readonly what: string;
  /** Split of a named dataset or of a folder with splits. */
  readonly split?: string | undefined;
  /** Size of a named dataset's images: a side, or a text such as "64x48". */
  readonly size?: unknown;
  readonly checkpoint: string;
  readonly averaged: boolean;
  readonly mode: "eval" | "train";
  readonly truncation?: number | undefined;
  readonly preparing: Preparing;
}

/** What the preparation of images tells, and what ends it. */
export interface Preparing {
  onProgress?(progress: PackProgress): void;
  /** Called with what a user should know of the images: how many files are used, or enlarged. */
  note?(message: string): void;
  readonly stop?: AbortSignal | undefined;
}

/** What is evaluated. */
export interface Subject {
  /** For display: the run with its step, the folder, the file. */
  readonly title: string;
  /** The step of a run's checkpoint. */
  readonly step?: number;
  /** Whether another seed draws other images. */
  readonly drawn: boolean;
  /** The images to score: `count` drawn from that seed, or all of a fixed set. */
  images(count: number, seed: number): FakeImages;
  /** The default real images: a run's own data. */
  readonly data?: DataDescriptor | undefined;
  readonly shape: Pick<ImageSet, "channels" | "height" | "width">;
  /** A caveat about the images. */
  readonly warning?: string | undefined;
}

/** The accepted subjects, in words. */
const KINDS = {
  run: "a run",
  dataset: "a dataset's name",
  npz: "an .npz file",
  folder: "a folder or zip of images",
} as const;

/** The kinds of subject that each flag applies to. */
const BELONGS: Readonly<Record<string, readonly (keyof typeof KINDS)[]>> = {
  split: ["dataset", "folder"],
  size: ["dataset"],
  checkpoint: ["run"],
  averaged: ["run"],
  "no-averaged": ["run"],
  mode: ["run"],
  truncation: ["run"],
};

function kindOf(what: string): keyof typeof KINDS {
  if (existsSync(join(what, "recipe.json"))) return "run";
  if (isDatasetName(what)) return "dataset";
  return isSamples(what) ? "npz" : "folder";
}

/** Whether this is an .npz file of samples; one with splits is a dataset, which is read as a folder of images is. */
const isSamples = (what: string): boolean => what.endsWith(".npz") && !(existsSync(what) && npzHasSplits(what));

/**
 * @param given - names of the flags on the command line
 * @throws UsageError when a flag does not apply to what is evaluated.
 */
export function refuseForeignFlags(what: string, given: readonly string[]): void {
  const kind = kindOf(what);
  const foreign = given.find((flag) => BELONGS[flag] !== undefined && !BELONGS[flag].includes(kind));
  if (foreign === undefined) return;
  const known = BELONGS[foreign]!.map((one) => KINDS[one]).join(" or ");
  const instead = foreign === "split" && kind === "run" ? "; the split of the real images is --real-split" : "";
  throw new UsageError(`--${foreign} goes with ${known}, and ${what} is ${KINDS[kind]}${instead}`);
}

/** Imports the files that define a run's own parts, metrics of its own among them. Does nothing for other subjects. */
export async function importModulesOf(what: string): Promise<void> {
  if (kindOf(what) === "run") await importModules(new RunDirectory(what).description().modules, `the run ${what}`);
}

const noClose = (): void => {};

/**
 * Opens the subject of an evaluation.
 * @throws UserError when it is nothing that can be.
 */
export async function openSubject(options: SubjectOptions): Promise<Opened<Subject>> {
  const { what, split, size, preparing } = options;
  const kind = kindOf(what);
  if (kind === "run") return openRunSubject(options);
  if (kind === "dataset") {
    const dataset = await buildData(describeDataset(what, given({ split, size })), preparing);
    return {
      value: fixed(dataset.name, datasetImages(dataset), describeDataset(what, given({ size }))),
      close: noClose,
    };
  }
  if (!existsSync(what)) {
    throw new UserError(
      `\`${what}\` is neither a run, a folder or zip of images, an .npz file, nor a dataset's name${suggestion(what, datasetNames)}`,
    );
  }
  if (kind === "npz") {
    const { images, close } = await npzImages(what);
    return { value: fixed(what, images), close };
  }
  const { images, quantiser, jpeg, usage } = await folderImages({
    path: resolve(what),
    split,
    channels: 3,
    ...preparing,
  });
  if (usage !== undefined) preparing.note?.(usage);
  if (quantiser !== BYTES) preparing.note?.(`${what}: ${quantiser}`);
  const warning = jpeg
    ? `${what} holds JPEG files: scores see JPEG's artefacts; keep samples as PNG or .npz to score the generator alone`
    : undefined;
  const subject = fixed(what, { ...images, name: what }, undefined, quantiser);
  return { value: { ...subject, warning }, close: noClose };
}

async function openRunSubject(options: SubjectOptions): Promise<Opened<Subject>> {
  const { what, checkpoint, averaged, mode, truncation } = options;
  const { trained, step } = await openCheckpoint(what, checkpoint);
  const { sample } = trained.shape;
  if ("features" in sample) {
    trained.dispose();
    throw new UserError(
      `${what} makes vectors of ${sample.features} numbers, and only images can be evaluated; its own scores are in ${join(what, "report.md")}`,
    );
  }
  const subject: Subject = {
    title: `${what}, step ${step}`,
    step,
    drawn: true,
    images: (count, seed) => generatedImages(trained, what, { count, seed, averaged, mode, truncation }),
    // Its generator makes images, so its data are images.
    data: trained.recipe.data as DataDescriptor,
    shape: { channels: sample.channels, ...sidesOf(sample.size) },
  };
  return { value: subject, close: () => trained.dispose() };
}

/** A fixed set of images. */
function fixed(title: string, images: ImageSet, data?: DataDescriptor, quantiser: string = BYTES): Subject {
  const fake: FakeImages = { images, drawing: null, quantiser };
  return { title, drawn: false, images: () => fake, data, shape: images };
}

/** What {@link openReal} chooses from. */
export interface RealOptions {
  /** A dataset's name, a folder, zip or .npz file; default: the subject's own data. */
  readonly real?: string | undefined;
  readonly split?: string | undefined;
  /** At most this many images. */
  readonly most?: number | undefined;
  readonly preparing: Preparing;
}

/** Real images may be enlarged this many times at most to the size of the samples. */
const MOST_ENLARGED = 4;

/**
 * Opens the real images that a subject is compared with, prepared at its size; undefined where there is nothing to
 * choose.
 *
 * @throws UserError when they are not there, are a run, or are so much smaller than the samples that a score would compare
 * with blur.
 */
export async function openReal(subject: Subject, options: RealOptions): Promise<Opened<ImageSet> | undefined> {
  const { real, split, most, preparing } = options;
  const size = sizeOf(subject.shape);
  if (real !== undefined && isSamples(real)) {
    if (!existsSync(real)) throw new UserError(`--real ${real} does not exist`);
    const { images, close } = await npzImages(real);
    return { value: images, close };
  }
  const channels = subject.shape.channels as 1 | 3 | 4;
  let descriptor = subject.data;
  if (real !== undefined && isDatasetName(real)) descriptor = describeDataset(real, given({ split, size, channels }));
  else if (real !== undefined) {
    if (!existsSync(real)) {
      throw new UserError(
        `--real ${real} is neither a folder or zip of images, an .npz file, nor a dataset's name${suggestion(real, datasetNames)}`,
      );
    }
    if (existsSync(join(real, "recipe.json"))) {
      throw new UserError(
        `--real ${real} is a run, whose folder holds sheets of samples; give real images: a dataset's name, a folder, a zip or ` +
          "an .npz file. Without --real a run is compared with its own data",
      );
    }
    descriptor = imageFolder({ path: resolve(real), size, channels, labels: false, ...given({ split }) });
  } else if (descriptor !== undefined && split !== undefined) {
    descriptor = withSplit(descriptor, split);
  }
  if (descriptor === undefined) return undefined;
  const own = real === undefined;
  const dataset = await buildData(descriptor, preparing, own ? undefined : (source) => refuseBlur(real, source, size));
  return { value: datasetImages(dataset, most), close: noClose };
}

/** @throws UserError when real images would be enlarged too much. */
async function refuseBlur(real: string, source: OpenSource, size: ImageSize): Promise<void> {
  for await (const original of imageSizes(source)) {
    const side = longerSide(original);
    if (side * MOST_ENLARGED >= longerSide(size)) return;
    throw new UserError(
      `--real ${real}: its images are ${sizeInWords(sizeOf(original))} and the samples ${sizeInWords(size)}; enlarged ${Math.floor(longerSide(size) / side)} times ` +
        "they would be blur: give real images of the samples' size, or reduce the samples",
    );
  }
}

/** The same data from another split. */
function withSplit(data: DataDescriptor, split: string): DataDescriptor {
  return fromPlain({ role: "data", kind: data.kind, options: { ...data.options, split } }) as DataDescriptor;
}

/** Opens data, and tells how many of their files are used and whether they are enlarged. */
async function buildData(
  descriptor: DataDescriptor,
  { onProgress, note, stop }: Preparing,
  examine?: (source: OpenSource) => Promise<void>,
): Promise<Dataset> {
  const context = { onProgress, stop, examine };
  // Arrays in memory and data of a user's own have no pack.
  if (!isPacked(descriptor)) return descriptor.build(context);
  const pack = await packOf(descriptor, context);
  const { name, originals, size, fit } = pack.header;
  const side = Math.max(originals.width[1], originals.height[1]);
  if (side < longerSide(size) && fit !== "pad") {
    note?.(`${name}: images of ${side} pixels are enlarged to ${typeof size === "number" ? size : sizeInWords(size)}`);
  }
  const dataset = openDataset(pack, descriptor.options as { flip: boolean; labels: boolean });
  if (dataset.usage !== undefined) note?.(dataset.usage);
  return dataset;
}

/** The options that were given. */
function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
