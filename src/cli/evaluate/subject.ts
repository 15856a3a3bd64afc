/** The subject of an evaluation and the real images: runs, folders and zips of images, .npz files, named datasets. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromPlain } from "../../base/descriptor.ts";
import { suggestion, UserError } from "../../base/errors.ts";
import { type DataDescriptor, type Dataset, imageFolder, type PackProgress } from "../../data/index.ts";
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
  /** Side of a named dataset's images. */
  readonly size?: number | undefined;
  readonly checkpoint: string;
  readonly averaged: boolean;
  readonly mode: "eval" | "train";
  readonly truncation?: number | undefined;
  onProgress?(progress: PackProgress): void;
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
  return what.endsWith(".npz") ? "npz" : "folder";
}

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
  if (kindOf(what) === "run") await importModules(new RunDirectory(what).description().modules);
}

const noClose = (): void => {};

/**
 * Opens the subject of an evaluation.
 * @throws UserError when it is nothing that can be.
 */
export async function openSubject(options: SubjectOptions): Promise<Opened<Subject>> {
  const { what, split, size, onProgress } = options;
  const kind = kindOf(what);
  if (kind === "run") return openRunSubject(options);
  if (kind === "dataset") {
    const dataset = await buildData(describeDataset(what, given({ split, size })), onProgress);
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
  const { images, jpeg } = await folderImages({ path: resolve(what), split, channels: 3, ...progressOf(onProgress) });
  const warning = jpeg
    ? `${what} holds JPEG files: scores see JPEG's artefacts; keep samples as PNG or .npz to score the generator alone`
    : undefined;
  return { value: { ...fixed(what, { ...images, name: what }), warning }, close: noClose };
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
    shape: { channels: sample.channels, height: sample.size, width: sample.size },
  };
  return { value: subject, close: () => trained.dispose() };
}

/** A fixed set of images. */
function fixed(title: string, images: ImageSet, data?: DataDescriptor): Subject {
  const fake: FakeImages = { images, drawing: null, quantiser: BYTES };
  return { title, drawn: false, images: () => fake, data, shape: images };
}

/** What {@link openReal} chooses from. */
export interface RealOptions {
  /** A dataset's name, a folder, zip or .npz file; default: the subject's own data. */
  readonly real?: string | undefined;
  readonly split?: string | undefined;
  /** At most this many images. */
  readonly most?: number | undefined;
  onProgress?(progress: PackProgress): void;
}

/**
 * Opens the real images that a subject is compared with, prepared at its size; undefined where there is nothing to
 * choose.
 *
 * @throws UserError when they are not there.
 */
export async function openReal(subject: Subject, options: RealOptions): Promise<Opened<ImageSet> | undefined> {
  const { real, split, most, onProgress } = options;
  const size = subject.shape.height;
  if (real?.endsWith(".npz")) {
    if (!existsSync(real)) throw new UserError(`--real ${real} does not exist`);
    const { images, close } = await npzImages(real);
    return { value: images, close };
  }
  const channels = subject.shape.channels as 1 | 3;
  let descriptor = subject.data;
  if (real !== undefined && isDatasetName(real)) descriptor = describeDataset(real, given({ split, size, channels }));
  else if (real !== undefined) {
    if (!existsSync(real)) {
      throw new UserError(
        `--real ${real} is neither a folder or zip of images, an .npz file, nor a dataset's name${suggestion(real, datasetNames)}`,
      );
    }
    descriptor = imageFolder({ path: resolve(real), size, channels, ...given({ split }) });
  } else if (descriptor !== undefined && split !== undefined) {
    descriptor = withSplit(descriptor, split);
  }
  if (descriptor === undefined) return undefined;
  return { value: datasetImages(await buildData(descriptor, onProgress), most), close: noClose };
}

/** The same data from another split. */
function withSplit(data: DataDescriptor, split: string): DataDescriptor {
  return fromPlain({ role: "data", kind: data.kind, options: { ...data.options, split } }) as DataDescriptor;
}

function buildData(descriptor: DataDescriptor, onProgress?: (progress: PackProgress) => void): Promise<Dataset> {
  return descriptor.build({ onProgress });
}

/** The options that were given. */
function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

const progressOf = (onProgress: SubjectOptions["onProgress"]) => (onProgress ? { onProgress } : {});
