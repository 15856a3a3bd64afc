/**
 * Data module: the data of a run, images or vectors, behind one interface. The rest of training does not depend on the
 * kind.
 */

import { fromPlain, type PlainDescriptor } from "../../base/descriptor.ts";
import { sidesOf } from "../../base/image-size.ts";
import { seedOf } from "../../base/seed.ts";
import {
  type AnyDataDescriptor,
  ARRAYS,
  type DataContext,
  type DataLoader,
  type Dataset,
  type Mixture,
  type VectorData,
} from "../../data/index.ts";
import { scatter, writePng } from "../../figures/index.ts";
import { type GridOptions, gridSize, writePngGrid } from "../../formats/index.ts";
import { scope, type Tensor } from "../../tensor/index.ts";
import type { Evaluator } from "../evaluation/evaluator.ts";
import { imageEvaluator } from "../evaluation/image-evaluation.ts";
import { vectorEvaluator } from "../evaluation/vector-evaluation.ts";
import type { RunDescription } from "../run/run-directory.ts";
import type { DataShape } from "../step/gan.ts";
import type { RunSettings } from "../trainable.ts";
import { imageLoader, shapeOf } from "./image-loader.ts";

/** The data of a run. */
export interface DataModule {
  /** Name for people. */
  readonly name: string;
  /** Samples that count as an epoch; undefined where the data knows no epochs. */
  readonly samplesPerEpoch: number | undefined;
  /** A note on every score. */
  readonly note: string | undefined;
  /** How many files of the data are used, and what the others are; undefined when there is nothing to say. */
  readonly usage: string | undefined;
  readonly conversion: string | undefined;
  /** Changes whenever the samples may change. Undefined where they are drawn. */
  readonly fingerprint: string | undefined;
  /** The same wherever the files are, as long as training sees the same. Undefined where there are no files. */
  readonly contents: string | undefined;
  readonly shape: DataShape;
  /** Batches without end. Their order follows from the seed. */
  loader(): DataLoader;
  /**
   * Opens the recipe's `evaluate`; undefined where it has none.
   * @throws UserError when a part of it is missing, and the reason of `stop` when that is raised while its images are
   * prepared.
   */
  openEvaluator(context?: Pick<DataContext, "onProgress" | "stop" | "warn">): Promise<Evaluator | undefined>;
  /** Writes generated samples as a PNG file. They are read before the first `await`: the caller may free them then. */
  writeImage(path: string, samples: Tensor, options: GridOptions): Promise<ImageSize>;
}

/** Size of a written image file in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Opens the data.
 * @throws UserError when they are not there, and the reason of `stop` when that is raised meanwhile.
 */
export async function openDataModule(
  settings: RunSettings,
  context: Pick<DataContext, "onProgress" | "stop" | "warn"> = {},
): Promise<DataModule> {
  const data = await (settings.data as AnyDataDescriptor).build(context);
  return "images" in data ? imageDataModule(data, settings) : vectorDataModule(data, settings);
}

function imageDataModule(dataset: Dataset, settings: RunSettings): DataModule {
  const { count, columns } = settings.samples;
  // Before the first step, not when samples are first due.
  gridSize({ count, ...sidesOf(dataset.size) }, { columns });
  return {
    name: dataset.name,
    samplesPerEpoch: dataset.count,
    note: dataset.protocolNote,
    usage: dataset.usage,
    conversion: dataset.conversion,
    fingerprint: dataset.fingerprint,
    contents: dataset.contents,
    shape: shapeOf(dataset),
    loader: () => imageLoader(dataset, settings),
    openEvaluator: (context) => imageEvaluator(settings, dataset, context),
    writeImage: writePngGrid,
  };
}

function vectorDataModule(data: VectorData, settings: RunSettings): DataModule {
  const { batchSize, device, seed } = settings;
  let drawn: number[][] | undefined;
  const real = (): number[][] => {
    drawn ??= realPoints(data);
    return drawn;
  };
  return {
    name: data.name,
    samplesPerEpoch: data.samplesPerEpoch,
    note: undefined,
    usage: undefined,
    conversion: undefined,
    fingerprint: undefined,
    contents: undefined,
    shape: {
      sample: { features: data.features },
      classes: data.classes ?? [],
      ...(data.classCounts === undefined ? {} : { classCounts: data.classCounts }),
      ...(data.conditions === undefined ? {} : { conditions: data.conditions }),
    },
    loader: () => data.loader({ batchSize, device, seed: seedOf(seed, "data") }),
    openEvaluator: async () => vectorEvaluator(settings, data),
    writeImage: (path, samples) => writeScatter(path, samples, { mixture: data.mixture, real: real() }),
  };
}

/** Real vectors in a scatter plot. */
const REAL_POINTS = 1000;

/** Vectors of the data, the same for every picture. */
function realPoints(data: VectorData): number[][] {
  return scope(() => {
    const { images } = data.loader({ batchSize: REAL_POINTS, seed: seedOf(0, "pictures") }).next();
    return images.tolist() as number[][];
  });
}

/** Vectors as points by their first two numbers; one number alone is its own x. */
function writeScatter(
  path: string,
  samples: Tensor,
  given: { readonly mixture: Mixture | undefined; readonly real: readonly (readonly number[])[] },
): Promise<ImageSize> {
  const { mixture, real } = given;
  const features = samples.shape[1]!;
  const plane = (rows: readonly (readonly number[])[]): number[][] => rows.map(([x, y = 0]) => [x!, y]);
  const axes = features === 1 ? (["x1", ""] as const) : ([axisName(1, features), axisName(2, features)] as const);
  const generated = plane(samples.tolist() as number[][]);
  return writePng(path, scatter({ generated, real: plane(real), mixture, axes }));
}

const axisName = (number: number, features: number): string =>
  features > 2 ? `x${number} (of ${features} numbers)` : `x${number}`;

/**
 * Writes samples of a run as a PNG file: images in a grid, vectors as a scatter plot over real vectors and the data's
 * modes. Images need no data for it.
 *
 * @throws UserError when the run has not been trained yet or the file cannot be written.
 */
export async function writeRunImage(
  { recipe, data }: RunDescription,
  path: string,
  samples: Tensor,
  options: GridOptions = {},
): Promise<ImageSize> {
  if (data === undefined || !("features" in data.sample)) return writePngGrid(path, samples, options);
  const described = await vectorsOf(recipe.data as PlainDescriptor);
  return writeScatter(path, samples, {
    mixture: described?.mixture,
    real: described === undefined ? [] : realPoints(described),
  });
}

/** The mixture of described vectors. Arrays in memory are of none, and need not be there. */
export async function mixtureOf(data: PlainDescriptor): Promise<Mixture | undefined> {
  return (await vectorsOf(data))?.mixture;
}

/** Described vectors. Arrays in memory need not be there. */
async function vectorsOf(data: PlainDescriptor): Promise<VectorData | undefined> {
  if (data.kind === ARRAYS) return undefined;
  return (await fromPlain(data).build({} as never)) as VectorData;
}
