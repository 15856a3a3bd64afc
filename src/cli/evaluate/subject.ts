/** The subject of an evaluation and the real images: runs, folders and zips of images, .npz files, named datasets. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { canonicalJson } from "../../base/canonical-json.ts";
import { fromPlain } from "../../base/descriptor.ts";
import { suggestion, UserError } from "../../base/errors.ts";
import { type ImageSize, longerSide, sidesOf, sizeInWords, sizeOf } from "../../base/image-size.ts";
import { refuseWindowsPath } from "../../base/windows-path.ts";
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
import {
  BYTES,
  datasetImages,
  type FakeImages,
  folderImages,
  type ImageSet,
  isStatisticsFile,
  type Metric,
  type MetricDescriptor,
  npzImages,
  readStatistics,
  type Score,
  type StatisticsFile,
} from "../../metrics/index.ts";
import { importModule, importModules } from "../../recipe/index.ts";
import {
  changedData,
  generatedImages,
  type OwnEvaluation,
  openCheckpoint,
  openClassification,
  ownEvaluation,
  RunDirectory,
  scoreVectors,
  trialImages,
  vectorMetrics,
} from "../../training/index.ts";
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
  /** Size of the images of a named dataset or a folder: a side, or a text such as "64x48". */
  readonly size?: unknown;
  readonly checkpoint: string;
  readonly averaged: boolean;
  readonly mode: "eval" | "train";
  readonly truncation?: number | undefined;
  /** How many samples the user wants of a run. */
  readonly count?: number | undefined;
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
interface SubjectBase {
  /** For display: the run with its step, the folder, the file. */
  readonly title: string;
  /** The step of a run's checkpoint. */
  readonly step?: number;
  /** How a run scores itself while it trains. */
  readonly own?: OwnEvaluation | undefined;
  /** Whether another seed draws other samples. */
  readonly drawn: boolean;
}

/** A run whose samples are vectors. */
export interface VectorSubject extends SubjectBase {
  /** Scores of `count` vectors drawn from that seed. */
  vectorScores(metrics: readonly MetricDescriptor[], count: number, seed: number): Promise<Score[]>;
}

/** Images. */
export interface Subject extends SubjectBase {
  /** A few images like those of a run, to measure how long they take. */
  trial?(count: number, seed: number): ImageSet;
  /** Scores of a run's discriminator as a classifier. */
  classify?(metrics: readonly Metric[]): Promise<Score[]>;
  /** The images to score: `count` drawn from that seed, or all of a fixed set. */
  images(count: number, seed: number): FakeImages;
  /** The default real images: a run's own data. */
  readonly data?: DataDescriptor | undefined;
  /** The key of what a run's own data were, where it was stored. */
  readonly contents?: string | undefined;
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
  size: ["dataset", "folder"],
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

/** Imports the files that define a run's own parts, metrics of its own among them, and a file that the user names. */
export async function importModulesOf(what: string, file: string | undefined): Promise<void> {
  if (kindOf(what) === "run") await importModules(new RunDirectory(what).description().modules, `the run ${what}`);
  if (file !== undefined) await importModule(file);
}

const noClose = (): void => {};

/**
 * Opens the subject of an evaluation.
 * @throws UserError when it is nothing that can be.
 */
export async function openSubject(options: SubjectOptions): Promise<Opened<Subject | VectorSubject>> {
  const { what, split, size, preparing } = options;
  const kind = kindOf(what);
  if (kind === "run") return openRunSubject(options);
  if (options.count !== undefined && (kind === "dataset" || existsSync(what))) {
    throw new UserError(`--count ${options.count}: ${what} is a fixed set of images, and all of them are scored`);
  }
  if (kind === "dataset") {
    const dataset = await buildData(describeDataset(what, given({ split, size })), preparing);
    return {
      value: fixed(dataset.name, datasetImages(dataset), describeDataset(what, given({ size }))),
      close: noClose,
    };
  }
  if (!existsSync(what)) {
    refuseWindowsPath(what, "what to evaluate");
    throw new UserError(
      `\`${what}\` is neither a run, a folder or zip of images, an .npz file, nor a dataset's name${suggestion(what, datasetNames)}`,
    );
  }
  if (kind === "npz") {
    if (await isStatisticsFile(what)) {
      throw new UserError(
        `${what} holds statistics of features, and no images: give it as --real, to compare images with`,
      );
    }
    const { images, quantiser, close } = await npzImages(what);
    if (quantiser !== BYTES) preparing.note?.(`${what}: ${quantiser}`);
    return { value: fixed(what, images, undefined, quantiser), close };
  }
  const { images, quantiser, jpeg, usage, dark } = await folderImages({
    path: resolve(what),
    split,
    channels: 3,
    // The schema of folders says what is accepted.
    size: size as ImageSize | undefined,
    ...preparing,
  });
  if (usage !== undefined) preparing.note?.(usage);
  if (dark !== undefined) preparing.note?.(`${what}: ${dark}`);
  if (quantiser !== BYTES) preparing.note?.(`${what}: ${quantiser}`);
  const warning = jpeg
    ? `${what} holds JPEG files: scores see JPEG's artefacts; keep samples as PNG or .npz to score the generator alone`
    : undefined;
  const subject = fixed(what, { ...images, name: what }, undefined, quantiser);
  return { value: { ...subject, warning }, close: noClose };
}

async function openRunSubject(options: SubjectOptions): Promise<Opened<Subject | VectorSubject>> {
  const { what, checkpoint, averaged, mode, truncation, preparing } = options;
  const { trained, step } = await openCheckpoint(what, checkpoint);
  const { sample } = trained.shape;
  const settings = trained.recipe;
  const base = { title: `${what}, step ${step}`, step, drawn: true, own: ownEvaluation(settings) };
  const close = (): void => trained.dispose();
  if ("features" in sample) {
    const value: VectorSubject = {
      ...base,
      async vectorScores(metrics, count, seed) {
        const data = await settings.data.build(preparing);
        if ("images" in data) throw new UserError(`${what} makes vectors, and its data are images now`);
        return scoreVectors(trained, vectorMetrics(metrics, data), { count, seed, averaged });
      },
    };
    return { value, close };
  }
  const draw = { averaged, mode, truncation };
  const value: Subject = {
    ...base,
    images: (count, seed) => generatedImages(trained, what, { ...draw, count, seed }),
    trial: (count, seed) => trialImages(trained, what, { ...draw, count, seed }),
    async classify(metrics) {
      const classification = await openClassification(settings, trained.shape.classes, metrics, preparing);
      try {
        return await classification.scores(trained, {}, preparing.stop);
      } finally {
        classification.dispose();
      }
    },
    // Its generator makes images, so its data are images.
    data: settings.data as DataDescriptor,
    contents: new RunDirectory(what).description().data?.contents,
    shape: { channels: sample.channels, ...sidesOf(sample.size) },
  };
  return { value, close };
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
  /** The split of the protocol, for data that have splits. */
  readonly usualSplit?: string | undefined;
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
export async function openReal(
  subject: Subject,
  options: RealOptions,
): Promise<Opened<ImageSet | StatisticsFile> | undefined> {
  const { real, split, usualSplit, most, preparing } = options;
  const size = sizeOf(subject.shape);
  if (real !== undefined && (await isStatisticsFile(real))) return openStatistics(real, options);
  if (real !== undefined && isSamples(real)) {
    refuseWindowsPath(real, "--real");
    if (!existsSync(real)) throw new UserError(`--real ${real} does not exist`);
    if (split !== undefined) {
      throw new UserError(
        `--real-split ${split}: ${real} has no splits; its arrays would be called train_images, test_images and so on`,
      );
    }
    const { images, quantiser, close } = await npzImages(real);
    if (most !== undefined && most < images.count) {
      await close();
      throw new UserError(
        `--real ${real} holds ${images.count} images, and the scores compare with ${most} (--real-count, or the preset's); give a file of ${most} images, or a folder, of which ${most} are drawn`,
      );
    }
    if (quantiser !== BYTES) preparing.note?.(`${real}: ${quantiser}`);
    return { value: images, close };
  }
  const channels = subject.shape.channels as 1 | 3 | 4;
  if (real !== undefined && channels === 1) {
    preparing.note?.(`${real}: its images are taken as gray, because those of ${subject.title} are`);
  }
  let descriptor = subject.data;
  if (real !== undefined && isDatasetName(real)) {
    descriptor = describeDataset(real, given({ split, size, channels }));
    if (split === undefined && usualSplit !== undefined) descriptor = withUsualSplit(descriptor, usualSplit);
  } else if (real !== undefined) {
    if (!existsSync(real)) {
      refuseWindowsPath(real, "--real");
      throw new UserError(
        `--real ${real} is neither a folder or zip of images, an .npz file (of images, or of statistics), nor a dataset's name${suggestion(real, datasetNames)}`,
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
  } else if (descriptor !== undefined && usualSplit !== undefined) {
    descriptor = withUsualSplit(descriptor, usualSplit);
  }
  if (descriptor === undefined) return undefined;
  const own = real === undefined;
  const dataset = await buildData(descriptor, preparing, own ? undefined : (source) => refuseBlur(real, source, size));
  const changed = isSame(descriptor, subject.data) ? changedData(subject.title, subject, dataset) : undefined;
  if (changed !== undefined) preparing.note?.(`${changed}: scores are of the images that are there now`);
  return { value: datasetImages(dataset, most), close: noClose };
}

async function openStatistics(real: string, { split, preparing }: RealOptions): Promise<Opened<StatisticsFile>> {
  if (split !== undefined) {
    throw new UserError(
      `--real-split ${split}: ${real} holds statistics, which are of all the images that they were made of`,
    );
  }
  const value = await readStatistics(real);
  if (value.origin === undefined) preparing.note?.(`${real}: ${value.side.statistics}`);
  const { mean, covariance } = value.moments;
  return {
    value,
    close: () => {
      mean.dispose();
      covariance.dispose();
    },
  };
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

/** Whether data are described in the same words. */
const isSame = (a: DataDescriptor, b: DataDescriptor | undefined): boolean =>
  b !== undefined && a.kind === b.kind && canonicalJson(a.options) === canonicalJson(b.options);

/** The same data from another split. */
function withSplit(data: DataDescriptor, split: string): DataDescriptor {
  return fromPlain({ role: "data", kind: data.kind, options: { ...data.options, split } }) as DataDescriptor;
}

/**
 * The same data from the protocol's split.
 * @throws UserError when the data have none of that name.
 */
function withUsualSplit(data: DataDescriptor, split: string): DataDescriptor {
  try {
    return withSplit(data, split);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `the protocol compares with the split \`${split}\`, and ${data.kind} has none of that name: give --real, or --real-split where there are others`,
      { cause: error },
    );
  }
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
  for (const told of [dataset.usage, dataset.conversion]) if (told !== undefined) note?.(told);
  return dataset;
}

/** The options that were given. */
function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
